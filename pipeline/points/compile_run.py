"""A finished run's model as a points table, for tools that can only add, judged on the test period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from features.catalog.feature import Feature
from features.errors import InputError
from features.labelling.time_split import KNOWN_AT_TEST
from features.source_spec import SourceSpec
from models.arrays import Bools
from models.bands import PerBand, passes, rows_that_may_enter
from models.calibration.points_to_probability import ScoreCalibration, fit_score_calibration
from models.compiled_points.gain_kept import COMPILED, MODEL, TODAY, gain_kept
from models.compiled_points.table import MAX_RULES, CompiledPoints, compile_points, compile_steps
from models.cutoffs.cutoffs import Cutoffs
from models.cutoffs.thresholds import choose_thresholds
from models.evaluation.promoted_precision import precision_difference, promoted_precision
from models.forecast.fit_forecast import labelled_rows
from models.forecast.forecast import Forecast
from models.measures.bootstrap import Comparison, Interval, compare
from models.measures.metrics import Scored
from models.measures.observed_outcomes import observed_rows
from models.rules.baseline import Baseline
from pipeline.outputs.baseline import read_baseline
from pipeline.outputs.cutoffs_file import read_cutoffs
from pipeline.outputs.feature_rows import judged_rows, read_features, source_features
from pipeline.outputs.labels_file import read_labels
from pipeline.outputs.looks_file import Looks
from pipeline.outputs.model_files import read_final, read_forward
from pipeline.replay.nightly_looks import calibration_looks, looks_in_test
from pipeline.runner.progress import progress
from pipeline.runner.stages import StageContext


@dataclass(frozen=True)
class JudgedPoints:
    """A compiled table and what it is worth.

    Attributes
    ----------
    compiled : CompiledPoints
        With the cut-offs and probabilities that the calibration period gives.
    spec, features, baseline
        Of the run.
    cutoffs : Cutoffs
        The run's own, whose volumes the table's cut-offs aim at.
    volumes : mapping of str to (float, float)
        By band, leads a week asked for and got on the calibration period.
    leads, outcomes : int
        Leads of the test period, and how many of them had the outcome.
    comparison : Comparison
        Of ``model``, ``today`` and ``compiled`` on the test rows.
    kept : Interval or None
        See `models.compiled_points.gain_kept.gain_kept`.
    promoted : mapping of (scorer, band) to dict
        As from `models.evaluation.promoted_precision.promoted_precision`, on the looks of the test period.
    promoted_gaps : mapping of (scorer, band) to Interval
        Precision of the compiled points less that of the other scorer, paired.
    max_rules : int
        How many rules were allowed.
    """

    compiled: CompiledPoints
    spec: SourceSpec
    features: tuple[Feature, ...]
    baseline: Baseline
    cutoffs: Cutoffs
    volumes: Mapping[str, tuple[float, float]]
    leads: int
    outcomes: int
    comparison: Comparison
    kept: Interval | None
    promoted: Mapping[tuple[str, str], dict[str, float]]
    promoted_gaps: Mapping[tuple[str, str], Interval]
    max_rules: int


def compile_run(context: StageContext, *, max_rules: int = MAX_RULES, highest: int | None = None) -> JudgedPoints:
    """Compile the model of a finished run and judge the table.

    Parameters
    ----------
    context : StageContext
        Of a run that has come to its cut-offs.
    max_rules : int
        Most rules of the table.
    highest : int, optional
        Most points any lead before the test may have, where the tool's score ends.

    Returns
    -------
    JudgedPoints
        Rules, cut-offs and probabilities come from rows before the test period; that is looked at once, to judge.

    Raises
    ------
    InputError
        If the run is not finished, or its model gives every lead the base rate.
    """
    cutoffs, (spec, features) = read_cutoffs(context), source_features(context)
    target = cutoffs.target
    forecast = read_final(context)
    if forecast.levels[target] == "rate":
        raise InputError(
            expected=f"a model of {target} to compile",
            found="the base rate for every lead",
            hint="There were too few outcomes to learn from; points can say no more than the model",
        )
    baseline, history = read_baseline(context), read_features(context, "history")
    with progress("points", total=compile_steps(max_rules) + 3) as steps:
        known = _known_rows(context, history, target)
        compiled = compile_points(
            known,
            forecast.predict(known)[f"p_{target}"].to_numpy(dtype="float64"),
            features,
            spec=spec,
            like=baseline.rules,
            max_rules=max_rules,
            highest=highest,
            seed=context.settings.seed,
            on_step=steps.advance,
        )
        compiled = replace(compiled, to_probability=_to_probability(context, history, target, compiled))
        compiled, volumes = _with_cutoffs(context, history, compiled, baseline, cutoffs)
        steps.advance()
        judged = _judge(context, history, forecast, compiled, baseline, cutoffs)
        steps.advance()
    return replace(judged, volumes=volumes, max_rules=max_rules)


def _known_rows(context: StageContext, history: pd.DataFrame, target: str) -> pd.DataFrame:
    """Return the rows whose outcome was known when the test began; the rules look at none of their outcomes."""
    labels = read_labels(context)
    return labelled_rows(history, labels, target, KNOWN_AT_TEST)


def _to_probability(
    context: StageContext, history: pd.DataFrame, target: str, compiled: CompiledPoints
) -> ScoreCalibration:
    """Fit points to outcomes of the calibration period, as is done for today's points."""
    rows, weights = observed_rows(judged_rows(context, history, target=target, part="calibration"))
    seed = context.settings.seed
    return fit_score_calibration(compiled.score(rows), rows["y"], lead_ids=rows["lead_id"], seed=seed, weights=weights)


def _with_cutoffs(
    context: StageContext, history: pd.DataFrame, compiled: CompiledPoints, baseline: Baseline, cutoffs: Cutoffs
) -> tuple[CompiledPoints, dict[str, tuple[float, float]]]:
    """Set cut-offs that promote as many leads a week as the run's own were asked to."""
    forward = read_forward(context)
    scorer = replace(baseline, rules=compiled.rules)
    looks = calibration_looks(context, history, scorer, forward, target=cutoffs.target)
    asked, weeks = cutoffs.volumes.map(lambda volume: volume.leads_per_week), looks.counting.weeks
    chosen = choose_thresholds(
        looks.rows["lead_id"],
        looks.rows["points"],
        may=rows_that_may_enter(looks.rows),
        leads=asked.map(lambda a_week: a_week * weeks),
        counted=looks.counted,
    )
    volumes: dict[str, tuple[float, float]] = {
        band: (asked.of(band), leads / weeks) for band, leads in chosen.leads.items()
    }
    return compiled.with_cutoffs(chosen.at), volumes


def _judge(
    context: StageContext,
    history: pd.DataFrame,
    forecast: Forecast,
    compiled: CompiledPoints,
    baseline: Baseline,
    cutoffs: Cutoffs,
) -> JudgedPoints:
    target, options, seed = cutoffs.target, context.settings.evaluate, context.settings.seed
    all_test = judged_rows(context, history, target=target, part="test")
    test, weights = observed_rows(all_test)
    comparison = compare(
        test["y"],
        {
            MODEL: Scored.from_probability(test["p"]),
            TODAY: _scored_today(context, history, baseline, target, test),
            COMPILED: Scored(compiled.score(test), compiled.probability(test)),
        },
        lead_ids=test["lead_id"],
        draws=options.bootstrap,
        seed=seed,
        weights=weights,
    )
    own = replace(baseline, rules=compiled.rules)
    looks = looks_in_test(context, all_test, baseline, forecast, target, others={COMPILED: own})
    passing = _passing(looks, compiled, cutoffs)
    return JudgedPoints(
        compiled=compiled,
        spec=forecast.spec,
        features=forecast.features,
        baseline=baseline,
        cutoffs=cutoffs,
        volumes={},
        leads=int(test["lead_id"].nunique()),
        outcomes=int(test.loc[test["y"] == 1, "lead_id"].nunique()),
        comparison=comparison,
        kept=gain_kept(comparison),
        promoted={
            (scorer, band): promoted_precision(looks.rows, rule, counting=looks.counting)
            for scorer, both in passing.items()
            for band, rule in both.items()
        },
        promoted_gaps={
            (other, band): precision_difference(
                looks.rows, rule, passing[other].of(band), draws=options.bootstrap, seed=seed
            )
            for other in (MODEL, TODAY)
            for band, rule in passing[COMPILED].items()
        },
        max_rules=len(compiled.table),
    )


def _scored_today(
    context: StageContext, history: pd.DataFrame, baseline: Baseline, target: str, test: pd.DataFrame
) -> Scored:
    """Score the test rows by today's points, and as probabilities fitted on the calibration period."""
    rows, weights = observed_rows(judged_rows(context, history, target=target, part="calibration"))
    curve = fit_score_calibration(
        baseline.score(rows, target),
        rows["y"],
        lead_ids=rows["lead_id"],
        seed=context.settings.seed,
        weights=weights,
    )
    points = baseline.score(test, target)
    return Scored(points, curve.probability(points))


def _passing(looks: Looks, compiled: CompiledPoints, cutoffs: Cutoffs) -> dict[str, PerBand[Bools]]:
    """Return which looks each scorer promotes."""
    scorers = {
        MODEL: ("p", cutoffs.at),
        TODAY: ("points", cutoffs.baseline.at),
        COMPILED: (COMPILED, compiled.rules.cutoffs.at),
    }
    may = rows_that_may_enter(looks.rows)
    return {scorer: passes(looks.rows[column], may, at) for scorer, (column, at) in scorers.items()}
