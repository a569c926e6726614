"""Which of two models leads: challenger and champion on the same test rows, and whether the challenger is promoted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.errors import InputError
from features.time_units import parse_time, to_micros
from models.decision.current import CurrentDecision
from models.evaluation.target_evaluation import TargetEvaluation
from models.forecast.fit_forecast import labelled_rows
from models.forecast.forecast import Forecast
from models.measures.bootstrap import Comparison, Interval, compare
from models.measures.metrics import METRICS, Scored
from models.measures.observed_outcomes import observed_rows
from pipeline.evaluate.judged_target import judge_target
from pipeline.outputs.baseline import read_baseline
from pipeline.outputs.feature_rows import read_features
from pipeline.outputs.labels_file import read_labels
from pipeline.receipt.seal import Sealed
from pipeline.receipt.signing_state import standing_of
from pipeline.registry.model_registry import CHAMPION, TEST_FROM_TAG, ModelRegistry
from pipeline.runner.stages import StageContext

DECIDING = "log_loss"
"""The measure that decides: it asks for the right probability, not for the right order only."""


def unseen(rows: pd.DataFrame, test_from: str | None) -> pd.DataFrame:
    """Leave out leads that a model may have been fitted on: those first looked at before its own test period.

    Parameters
    ----------
    rows : DataFrame
        Test rows of another model: ``lead_id``, ``as_of`` (UTC), ``y``.
    test_from : str or None
        Where the model's own test period began, ISO 8601; None if nobody knows.

    Raises
    ------
    InputError
        If that is unknown, or too few rows remain to tell (both outcomes must occur).
    """
    if test_from is None:
        raise InputError(expected=f"a tag {TEST_FROM_TAG} on the model", found="none")
    first = rows["as_of"].groupby(rows["lead_id"]).transform("min")
    unseen_rows = rows[to_micros(first) >= parse_time(test_from)]
    if set(unseen_rows["y"]) != {0.0, 1.0}:
        raise InputError(
            expected=f"test rows with and without the outcome from {test_from} on, where the model's training ends",
            found=f"{len(unseen_rows)} rows",
            hint="Give a later test period (split.test_from)",
        )
    return unseen_rows


def common_test_rows(registry: ModelRegistry, version: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return those of a challenger's test rows that a registered version was not fitted on; see :func:`unseen`."""
    return unseen(rows, registry.tags_of(version).get(TEST_FROM_TAG))


def compare_forecasts(
    forecasts: Mapping[str, Forecast], rows: pd.DataFrame, *, target: str, draws: int, seed: int
) -> Comparison:
    """Measure forecasts on the same rows, with intervals by lead.

    Parameters
    ----------
    forecasts : mapping of str to Forecast
        By the name they are called in the result.
    rows : DataFrame
        Rows that none of them was fitted on: ``lead_id``, ``y`` (0 or 1) of the target, the features, and ``weight``
        where not every outcome says the same.
    target : str
        The target compared.
    draws, seed : int
        Of the bootstrap.

    Raises
    ------
    InputError
        If a forecast reads a feature that the rows do not have, or does not forecast the target.
    """
    rows, weights = observed_rows(rows)
    scorers = {}
    for name, forecast in forecasts.items():
        absent = sorted({feature.name for feature in forecast.features} - set(rows.columns))
        if absent:
            raise InputError(expected=f"the features that the {name} reads", found=f"no column {absent[0]!r}")
        if target not in forecast.targets:
            raise InputError(expected=f"a {name} that forecasts {target!r}", found=f"{list(forecast.targets)}")
        p = forecast.predict(rows)[f"p_{target}"]
        scorers[name] = Scored.from_probability(np.asarray(p, dtype="float64"))
    y, leads = rows["y"].astype("float64"), rows["lead_id"]
    return compare(y, scorers, lead_ids=leads, draws=draws, seed=seed, weights=weights)


def judge_against_baseline(context: StageContext, forecast: Forecast, *, target: str) -> TargetEvaluation:
    """Judge a forecast against the points (or naive Bayes) on the test rows of a run, as its evaluation does.

    Parameters
    ----------
    context : StageContext
        A run, finished up to its cut-offs.
    forecast : Forecast
        Fitted on that run's training and calibration rows, or on older ones.
    target : str
        The target judged.
    """
    history, labels = read_features(context, "history"), read_labels(context)

    def rows_of(part: str) -> pd.DataFrame:
        rows = labelled_rows(history, labels, target, (part,))
        return rows.assign(y=rows["y"].astype("float64"), p=forecast.predict(rows)[f"p_{target}"])

    return judge_target(context, rows_of, read_baseline(context), target)[1]


def comparison_table(comparison: Comparison, *, of: str, against: str) -> pd.DataFrame:
    """Return one row a measure: both values, and the paired difference with its 95 % interval."""
    rows = {}
    for metric in METRICS:
        gap = comparison.difference(of, against, metric.key)
        rows[metric.name] = {
            of: comparison.values[of][metric.key],
            against: comparison.values[against][metric.key],
            "difference": gap.value,
            "low": gap.low,
            "high": gap.high,
            "more is better": metric.more_is_better,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


@dataclass(frozen=True)
class Decision:
    """Whether a version is to be champion, and why in one sentence."""

    promote: bool
    why: str


def decide(*, beats_baseline: bool, difference: Interval | None, obstacle: str | None = None) -> Decision:
    """Decide whether a challenger becomes champion.

    Parameters
    ----------
    beats_baseline : bool
        Whether it beats the points (or naive Bayes) on the test period.
    difference : Interval or None
        Its log loss less the champion's on the same test rows, smaller is better; None where there is no champion or
        they could not be compared.
    obstacle : str, optional
        Why they could not be compared.

    Returns
    -------
    Decision
        Promoted is who beats the baseline and whose log loss is no higher than the champion's. What could not be
        checked is not passed.

    Examples
    --------
    >>> decide(beats_baseline=True, difference=Interval(0.01, 0.002, 0.02)).promote
    False
    """
    if not beats_baseline:
        return Decision(False, "it does not beat the baseline on the test period")
    if obstacle is not None:
        return Decision(False, f"it could not be compared with the champion: {obstacle}")
    if difference is None:
        return Decision(True, "it beats the baseline, and there is no champion yet")
    gap = f"{difference.value:+.4f} (95 % interval {difference.low:+.4f} to {difference.high:+.4f})"
    if difference.value > 0:
        return Decision(False, f"its log loss is higher than the champion's on the same test rows: {gap}")
    sure = "lower than" if difference.high < 0 else "no higher than"
    return Decision(True, f"it beats the baseline, and its log loss is {sure} the champion's on the same rows: {gap}")


def judge(
    registry: ModelRegistry,
    version: str,
    challenger: Forecast,
    rows: pd.DataFrame,
    *,
    beats_baseline: bool,
    draws: int,
    seed: int,
) -> Decision:
    """Compare a registered version with the champion, if there is one, and decide.

    Parameters
    ----------
    registry : ModelRegistry
        Where both are registered.
    version : str
        The challenger's.
    challenger : Forecast
        Its forecast.
    rows : DataFrame
        The challenger's test rows of the primary target: ``lead_id, as_of, y`` and the features. Those that the
        champion may have been fitted on are left out.
    beats_baseline : bool
        Whether the challenger beats the baseline.
    draws, seed : int
        Of the bootstrap.
    """
    champion = registry.version_of(CHAMPION)
    if champion is None or not beats_baseline:
        return decide(beats_baseline=beats_baseline, difference=None)
    if champion == version:
        return Decision(True, "it is the champion already")
    try:
        common = common_test_rows(registry, champion, rows)
        forecasts = {"champion": registry.load(champion), "challenger": challenger}
        comparison = compare_forecasts(forecasts, common, target=challenger.spec.primary_target, draws=draws, seed=seed)
    except InputError as error:
        return decide(beats_baseline=True, difference=None, obstacle=str(error))
    return decide(beats_baseline=True, difference=comparison.difference("challenger", "champion", DECIDING))


def with_receipt(decision: Decision, sealed: Sealed | None, *, altered: Sequence[str] = ()) -> Decision:
    """Hold a decision against the receipt: `champion` moves only when the model wins at the working depth.

    Parameters
    ----------
    decision : Decision
        From `judge`.
    sealed : Sealed or None
        The receipt with what marketing and sales said; None where the model has none.
    altered : sequence of str
        What of it does not hold.

    Returns
    -------
    Decision
        A refusal, a comparison that was not won, a champion that is better and a missing signature each keep the
        alias where it is, named in this order.
    """
    if sealed is None:
        return Decision(False, "it has no receipt: the stages of a run write one (leadscore run)")
    if altered:
        return Decision(False, f"its receipt does not hold: {altered[0]}")
    standing = standing_of(sealed)
    if standing.state == "refused":
        return Decision(False, f"it was {standing.sentence}")
    if sealed.receipt.verdict.outcome != "won":
        return Decision(False, f"it does not win at the working depth. {sealed.receipt.verdict.sentence}")
    if not decision.promote:
        return decision
    if standing.state != "approved":
        return Decision(False, f"{standing.sentence}; besides, {decision.why}")
    return Decision(True, f"it wins at the working depth, {decision.why}; {standing.sentence}")


def not_taken_back(decision: Decision, sealed: Sealed | None, current: CurrentDecision) -> Decision:
    """Keep a model with cut-offs that somebody went back from out of force, until somebody puts it there again."""
    if sealed is None or not decision.promote:
        return decision
    rests_on = sealed.receipt.rests_on
    step = current.taken_back(rests_on.model_sha256, rests_on.cutoffs_version)
    if step is None:
        return decision
    said = f"{step.name} went back from it on {step.time[:10]}: {step.why}"
    return Decision(False, f"{said}; 'leadscore champion --to VERSION --why \"…\"' puts it in force again")
