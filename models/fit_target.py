"""Training one target: calibrate on the newest known outcomes, then learn from all that is known, young leads too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from features.feature import Feature
from models.boosters import OnStep
from models.by_lead import lead_folds, lead_weights
from models.calibration import Calibration, fit_calibration
from models.estimator import Estimator
from models.estimator_options import EstimatorOptions
from models.fit_estimator import fit_estimator, training_steps
from models.log_odds import Floats
from models.target_model import TargetModel
from models.timing import Timing, fit_timing
from models.young import fit_trust, waiting_evidence

FIT_PARTS = ("train", "between", "calibration", "young")
"""Parts of the split that fitting may see, see `features.split.split_by_time`."""
TIMING_FOLDS = 5


@dataclass(frozen=True)
class FittedTarget:
    """One target, fitted twice.

    Attributes
    ----------
    forward : TargetModel
        Trained on part ``train`` alone and calibrated on ``calibration``: its forecasts of the calibration period are
        honest, so cut-offs are counted with it.
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
    *,
    features: Sequence[Feature],
    options: EstimatorOptions,
    seed: int,
    horizon_us: int | None = None,
    on_step: OnStep = lambda steps: None,
) -> FittedTarget:
    """Train, calibrate and train again.

    A young row, whose window is still open, counts as an outcome by its probability given what was seen of it so far
    (`models.young`), the forecast being the forward model's: one EM step. The final model learns from these fractions.
    It takes over the calibration's slope, turned about the mean of its own log-odds; its level is its own, since it has
    learned from the newest rows, which the calibration's intercept was to make up for.

    Parameters
    ----------
    rows : DataFrame
        One row a snapshot, sorted by lead and time: ``lead_id``, ``as_of_us``, ``y`` (1, 0; missing for a young row
        without the outcome so far), ``part`` (`FIT_PARTS`), the columns of ``features``; and, where there are such,
        ``seen_us`` and ``evidence`` (see `features.evidence.seen_so_far`), ``weight`` (1 by default), ``delay_us``
        (from as-of time to outcome).
    horizon_us : int, optional
        The target's; without it no timing is learned.

    Raises
    ------
    InputError
        If no training row has the outcome.
    """
    fitting = _Fitting(tuple(features), options, seed, on_step)
    first = fitting.estimator(rows[rows["part"] == "train"])
    timing = _timing(rows, first, horizon_us, seed)
    newest = rows[rows["part"].isin(["calibration", "young"])]
    calibration, settled = _calibrate(newest, TargetModel(first, Calibration(), timing))
    forward = TargetModel(first, calibration, timing)
    known = rows.assign(y=rows["y"].astype("float64"))
    known.loc[newest.index, "y"] = settled
    final = fitting.estimator(known)
    slope = calibration.slope if final.level == first.level else 1.0  # else the base rate was calibrated
    centre = _mean(final.log_odds(known), known)
    calibration = replace(calibration, intercept=(1.0 - slope) * centre, slope=slope)
    return FittedTarget(forward, TargetModel(final, calibration, _timing(known, final, horizon_us, seed)))


@dataclass(frozen=True)
class _Fitting:
    features: tuple[Feature, ...]
    options: EstimatorOptions
    seed: int
    on_step: OnStep

    def estimator(self, rows: pd.DataFrame) -> Estimator:
        return fit_estimator(
            rows,
            rows["y"].to_numpy(dtype=np.float64),
            weights=row_weights(rows),
            lead_ids=rows["lead_id"],
            as_of_us=rows["as_of_us"],
            features=self.features,
            options=self.options,
            seed=self.seed,
            on_step=self.on_step,
        )


def row_weights(rows: pd.DataFrame) -> Floats:
    """Return one weight a row: those of a lead sum to 1, times ``weight`` where the rows have one."""
    weights = lead_weights(rows["lead_id"])
    return weights * rows["weight"].to_numpy(dtype=np.float64) if "weight" in rows else weights


def _calibrate(rows: pd.DataFrame, model: TargetModel) -> tuple[Calibration, Floats]:
    """Return the calibration, and each row's outcome: known, or its probability given what was seen so far."""
    y, weights = rows["y"].to_numpy(dtype=np.float64, na_value=np.nan), row_weights(rows)
    log_odds, times = model.log_odds(rows), rows["as_of_us"].to_numpy(dtype=np.int64)
    known = (rows["part"] == "calibration").to_numpy()
    calibration = fit_calibration(log_odds[known], y[known], weights[known], as_of_us=times[known])
    if known.all():
        return calibration, y
    forecast, evidence = calibration.apply(log_odds), waiting_evidence(rows, model)
    rehearsed = known & ~np.isnan(evidence)
    trust = fit_trust(forecast[rehearsed], evidence[rehearsed], y[rehearsed], weights[rehearsed])
    return calibration, np.where(np.isnan(y), trust.probability(forecast, evidence), y)


def _timing(rows: pd.DataFrame, estimator: Estimator, horizon_us: int | None, seed: int) -> Timing | None:
    """Learn when outcomes come, from rows whose whole window was observed."""
    if horizon_us is None or "delay_us" not in rows:
        return None
    came = rows[(rows["part"] != "young") & rows["delay_us"].notna()]
    return fit_timing(
        estimator.encoding.matrix(came),
        came["delay_us"].to_numpy(dtype=np.float64),
        row_weights(came),
        lead_folds(came["lead_id"], np.ones(len(came)), folds=TIMING_FOLDS, seed=seed),
        horizon_us=horizon_us,
        seed=seed,
    )


def _mean(values: Floats, rows: pd.DataFrame) -> float:
    weights = row_weights(rows)
    return float(weights @ values / max(weights.sum(), 1e-12))
