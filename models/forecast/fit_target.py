"""Training one target: calibrate on the newest known outcomes, then learn from all that is known, young leads too."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from models.arrays import Floats
from models.calibration.intercept_and_slope import LEVEL_RIDGE, Calibration, fit_calibration
from models.calibration.level_drift import level_drift
from models.calibration.matching_intercept import matching_intercept
from models.estimator.blend import Blend, Unseen, choose_blend, default_blend
from models.estimator.estimator import Estimator
from models.estimator.fit_estimator import require_outcome, train_estimator, training_steps
from models.estimator.fitting import Fitting
from models.estimator.linear_terms import Ridge
from models.estimator.options import EstimatorOptions
from models.estimator.training_rows import Rows
from models.forecast.target_model import TargetModel
from models.forecast.time_to_outcome import Timing, fit_timing
from models.forecast.young_leads import fit_trust, waiting_evidence
from models.log_odds import log_odds_to_probability
from models.measures.lead_weights import even_weights, lead_folds
from models.measures.observed_outcomes import TRAINING_POWER, WEIGHT, observed_rows

FIT_PARTS = ("train", "between", "calibration", "young")
"""Parts of the split that fitting may see, see `features.labelling.time_split.split_by_time`."""
TIMING_FOLDS = 5
DOUBTED_OUTCOMES = 20.0
"""So many outcomes in training make half of a forecast's differences believed before the folds have spoken."""
FOLDS_CERTAINTY = 20.0
"""How certain that is: a standard deviation of 0.22."""


@dataclass(frozen=True)
class FittedTarget:
    """One target, fitted twice.

    Attributes
    ----------
    forward : TargetModel
        Its parts are trained on part ``train`` alone; how they are combined and how far they spread is learned on
        ``calibration``, the level set to the final model's. It has not learned who converted in the calibration
        period, so cut-offs are counted with it.
    final : TargetModel
        Trained on all that is known when the test begins; what is used from then on.
    """

    forward: TargetModel
    final: TargetModel


def target_steps(options: EstimatorOptions) -> int:
    """Return the steps that ``fit_target`` reports to ``on_step``, in sum."""
    return 2 * training_steps(options)


def fit_target(
    rows: pd.DataFrame,
    fitting: Fitting,
    *,
    horizon_us: int | None = None,
    weight_power: float = TRAINING_POWER,
) -> FittedTarget:
    """Train, calibrate and train again.

    A first model is trained on the older rows. The newer ones say how its parts are best combined, and how much of its
    differences between leads held later. A young row, whose window is still open, counts as an outcome by its
    probability given what was seen of it so far (`models.forecast.young_leads`), the forecast being the first
    model's: one EM step. The final model learns from all rows, from these fractions too.

    What the final model's differences are worth is read from its own folds, for it knows more than the first, and
    from young rows it may have learned the first one's spread already. The first model's newer rows only say by how
    much less, or more, later leads bear out than the folds do; that holds for the final model as well. Its mean
    probability is that of all known rows, moved on where no row is young and the level has been seen to wander.

    Last, the forward model's mean probability over the newest rows is set to the final one's, so that a cut-off
    counted with the one promotes as many with the other.

    Parameters
    ----------
    rows : DataFrame
        One row a snapshot, sorted by lead and time: ``lead_id``, ``as_of_us``, ``y`` (1, 0; missing for a young row
        without the outcome so far), ``part`` (`FIT_PARTS`), the columns of ``features``; and, where there are such,
        ``seen_us`` and ``evidence`` (see `features.labelling.seen_so_far.seen_so_far`), ``weight`` (1 by default),
        ``delay_us`` (from as-of time to outcome).
    fitting : Fitting
        Told of ``target_steps(options)`` steps in sum.
    horizon_us : int, optional
        The target's; without it no timing is learned.
    weight_power : float
        Power of ``weight`` in training (`models.measures.observed_outcomes`); calibration takes the weight itself.

    Raises
    ------
    InputError
        If no row has the outcome for sure.
    """
    certain = rows[rows["y"].notna()]
    require_outcome(certain["y"].to_numpy(np.float64), certain["lead_id"].to_numpy(dtype=str), fitting.options)
    how = _TargetFitting(fitting, weight_power, horizon_us)
    first = _first(rows, how)
    imputed = _imputed(rows, first)
    final = _final(rows, first, imputed, how)
    return FittedTarget(_at_the_level_of(final, first, imputed), final)


@dataclass(frozen=True)
class _Trained:
    """An estimator, its rows without their features, and what its parts say of them without their lead."""

    estimator: Estimator
    rows: pd.DataFrame
    unseen: Unseen
    ridge: Ridge | None

    def slope(self, blend: Blend) -> float:
        """Return the calibration slope on held-out folds, of rows whose outcome is known."""
        if self.estimator.level == "rate":
            return 1.0
        sure = (self.rows["part"] != "young").to_numpy()
        unseen = self.unseen.where(sure)
        expected = unseen.rarer / (unseen.rarer + DOUBTED_OUTCOMES)
        fitted = fit_calibration(
            unseen.mixed(blend), unseen.y, unseen.weights, slope=expected, certainty=FOLDS_CERTAINTY
        )
        return fitted.slope


@dataclass(frozen=True)
class _TargetFitting:
    fitting: Fitting
    weight_power: float
    horizon_us: int | None

    @property
    def options(self) -> EstimatorOptions:
        return self.fitting.options

    def trained(self, rows: pd.DataFrame, *, fewer_will_do: bool = False) -> _Trained:
        labelled, weights = observed_rows(rows, power=self.weight_power)
        fewest = max(self.options.min_outcomes // 4, 1) if fewer_will_do else self.options.min_outcomes
        learned = Rows.of(
            labelled, labelled["y"], weights=weights, lead_ids=labelled["lead_id"], as_of_us=labelled["as_of_us"]
        )
        trained = train_estimator(learned, self.fitting.with_options(min_outcomes=fewest))
        about = labelled[["lead_id", "as_of_us", "part", *labelled.columns.intersection([WEIGHT])]]
        return _Trained(trained.estimator, about.copy(), trained.unseen, trained.ridge)

    def timing(self, rows: pd.DataFrame, estimator: Estimator) -> Timing | None:
        """Learn when outcomes come, from rows whose whole window was observed."""
        if self.horizon_us is None or "delay_us" not in rows:
            return None
        came = rows[(rows["part"] != "young") & rows["delay_us"].notna()]
        arrivals, weights = observed_rows(came, power=self.weight_power)
        return fit_timing(
            estimator.encoding.matrix(arrivals),
            arrivals["delay_us"].to_numpy(dtype=np.float64),
            weights,
            lead_folds(arrivals["lead_id"], np.ones(len(arrivals)), folds=TIMING_FOLDS, seed=self.fitting.seed),
            horizon_us=self.horizon_us,
            seed=self.fitting.seed,
            threads=self.options.threads,
        )


@dataclass(frozen=True)
class _First:
    """The first model: trained on the older rows, its parts combined as the newer ones have it."""

    trained: _Trained
    blend: Blend
    forward: Estimator
    timing: Timing | None

    @property
    def slope(self) -> float:
        return self.trained.slope(self.blend)


@dataclass(frozen=True)
class _Imputed:
    """All rows with an outcome, young ones by their probability; the newest of them calibrated the first model."""

    rows: pd.DataFrame
    newest: pd.DataFrame
    calibration: Calibration


def _first(rows: pd.DataFrame, how: _TargetFitting) -> _First:
    trained = how.trained(rows[rows["part"] == "train"], fewer_will_do=_suffice(rows, how.options))
    blend = _choose_blend(trained, rows, how.options)
    forward = trained.estimator.blended(blend, "newer leads")
    return _First(trained, blend, forward, how.timing(rows, forward))


def _imputed(rows: pd.DataFrame, first: _First) -> _Imputed:
    newest = rows[rows["part"].isin(["calibration", "young"])]
    model = TargetModel(first.forward, Calibration(), first.timing)
    calibration, settled = _calibrate(newest, model, slope=first.slope)
    labelled = rows.assign(y=rows["y"].astype("float64"))
    labelled.loc[newest.index, "y"] = settled
    return _Imputed(labelled, newest, calibration)


def _final(rows: pd.DataFrame, first: _First, imputed: _Imputed, how: _TargetFitting) -> TargetModel:
    """Train on all rows; where that gives the base rate only, it is the rate of the rows known for sure."""
    again = replace(how, fitting=how.fitting.with_ridge(first.trained.ridge))  # it does not hang on the number of leads
    slope_ratio = imputed.calibration.slope / first.slope if first.forward.level == "model" else 1.0
    model = _calibrated_by_its_folds(again.trained(imputed.rows), rows, first.blend, slope_ratio)
    if model.estimator.level == "rate":
        silent = replace(how, fitting=how.fitting.silent())
        model = TargetModel(silent.trained(rows[rows["part"] != "young"]).estimator, Calibration())
    calibration = replace(model.calibration, leads=imputed.calibration.leads)
    return TargetModel(model.estimator, calibration, how.timing(imputed.rows, model.estimator))


def _at_the_level_of(final: TargetModel, first: _First, imputed: _Imputed) -> TargetModel:
    """Return the forward model with the mean probability that the final one gives the newest rows."""
    newest, calibration = imputed.newest, imputed.calibration
    flat, met = calibration.slope * first.forward.log_odds(newest), final.log_odds(newest)
    intercept = matching_intercept(log_odds_to_probability(met), flat, _weights(newest))
    return TargetModel(first.forward, replace(calibration, intercept=intercept), first.timing)


def _weights(rows: pd.DataFrame) -> Floats:
    weights = even_weights(rows["lead_id"])
    return weights * rows[WEIGHT].to_numpy(dtype=np.float64) if WEIGHT in rows else weights


def _suffice(rows: pd.DataFrame, options: EstimatorOptions) -> bool:
    """Say whether all that is known suffices for a model; then the first may make do with the part it sees."""
    labelled = rows[rows["y"].notna()]
    leads, outcomes = labelled["lead_id"].nunique(), labelled.loc[labelled["y"] == 1, "lead_id"].nunique()
    return min(outcomes, leads - outcomes) >= options.min_outcomes


def _choose_blend(first: _Trained, rows: pd.DataFrame, options: EstimatorOptions) -> Blend:
    """Return the share that the folds and the newer rows speak for; its spread is left to the calibration."""
    if first.estimator.level == "rate":
        return default_blend(len(options.shapes), options)
    later, weights = observed_rows(rows[rows["part"] == "calibration"])
    newer = Unseen(first.estimator.parts_log_odds(later), later["y"].to_numpy(dtype=np.float64), weights)
    return Blend(choose_blend(first.unseen, newer if len(later) else None, options=options).shares)


def _calibrated_by_its_folds(trained: _Trained, rows: pd.DataFrame, blend: Blend, slope_ratio: float) -> TargetModel:
    """Return the final model: spread by its own folds times what was seen to hold later, level by all that is known."""
    estimator, training_rows = trained.estimator.blended(blend, "newer leads"), trained.rows
    if estimator.level == "rate":
        return TargetModel(estimator, Calibration())
    unseen, weights = trained.unseen.mixed(blend), _weights(training_rows)
    slope = trained.slope(blend) * slope_ratio
    unseen = unseen + matching_intercept(trained.unseen.y, unseen, weights)  # a left-out fold has the others' rate
    intercept, shift = matching_intercept(log_odds_to_probability(unseen), slope * unseen, weights), 0.0
    if not (rows["part"] == "young").any():  # else the newest rows have had their say already
        y, times = trained.unseen.y, training_rows["as_of_us"]
        calibrated = intercept + slope * unseen
        shift = level_drift(calibrated, y, trained.unseen.weights, times, offset=0.0, ridge=LEVEL_RIDGE).shift
    return TargetModel(estimator, Calibration(intercept + shift, slope, drift=shift))


def _calibrate(rows: pd.DataFrame, model: TargetModel, *, slope: float) -> tuple[Calibration, Floats]:
    """Return the calibration, and each row's outcome: known, or its probability given what was seen so far."""
    y = rows["y"].to_numpy(dtype=np.float64, na_value=np.nan)
    later, weights = observed_rows(rows[rows["part"] == "calibration"])
    outcome = later["y"].to_numpy(dtype=np.float64)
    log_odds = model.log_odds(later)
    calibration = fit_calibration(log_odds, outcome, weights, as_of_us=later["as_of_us"], slope=slope)
    if not np.isnan(y).any():
        return calibration, y
    rehearsal = waiting_evidence(later, model)
    telling = ~np.isnan(rehearsal)
    trust = fit_trust(calibration.apply(log_odds)[telling], rehearsal[telling], outcome[telling], weights[telling])
    imputed = trust.probability(calibration.apply(model.log_odds(rows)), waiting_evidence(rows, model))
    return calibration, np.where(np.isnan(y), imputed, y)
