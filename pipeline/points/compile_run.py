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
    run = _Run(context, read_features(context, "history"), forecast, read_baseline(context), cutoffs)
    with progress("points", total=compile_steps(max_rules) + 3) as steps:
        rows = run.known_rows()
        compiled = compile_points(
            rows,
            forecast.predict(rows)[f"p_{target}"].to_numpy(dtype="float64"),
            features,
            spec=spec,
            like=run.baseline.rules,
            max_rules=max_rules,
            highest=highest,
            seed=run.seed,
            on_step=steps.advance,
        )
        curve, today = run.probability_curves(compiled)
        compiled, volumes = _with_cutoffs(run, replace(compiled, to_probability=curve))
        steps.advance()
        judged = _judge(run, compiled, today, volumes=volumes, max_rules=max_rules)
        steps.advance()
    return judged


@dataclass(frozen=True)
class _Run:
    """What a table is compiled from and judged against."""

    context: StageContext
    history: pd.DataFrame
    forecast: Forecast
    baseline: Baseline
    cutoffs: Cutoffs

    @property
    def seed(self) -> int:
        return self.context.settings.seed

    def known_rows(self) -> pd.DataFrame:
        """Return the rows whose outcome was known when the test began; the rules look at none of their outcomes."""
        return labelled_rows(self.history, read_labels(self.context), self.cutoffs.target, KNOWN_AT_TEST)

    def judged(self, part: str) -> pd.DataFrame:
        """Return the rows of one part of the split, with features and the model's forecast."""
        return judged_rows(self.context, self.history, target=self.cutoffs.target, part=part)

    def probability_curves(self, compiled: CompiledPoints) -> tuple[ScoreCalibration, ScoreCalibration]:
        """Fit the compiled points, and today's, to the outcomes of the calibration period."""
        rows, weights = observed_rows(self.judged("calibration"))
        scores = (compiled.score(rows), self.baseline.score(rows, self.cutoffs.target))
        mine, today = (
            fit_score_calibration(score, rows["y"], lead_ids=rows["lead_id"], seed=self.seed, weights=weights)
            for score in scores
        )
        return mine, today


def _with_cutoffs(run: _Run, compiled: CompiledPoints) -> tuple[CompiledPoints, dict[str, tuple[float, float]]]:
    """Set cut-offs that promote as many leads a week as the run's own were asked to."""
    forward = read_forward(run.context)
    scorer = replace(run.baseline, rules=compiled.rules)
    looks = calibration_looks(run.context, run.history, scorer, forward, target=run.cutoffs.target)
    leads_a_week, weeks = run.cutoffs.volumes.map(lambda volume: volume.leads_per_week), looks.counting.weeks
    chosen = choose_thresholds(
        looks.rows["lead_id"],
        looks.rows["points"],
        may=rows_that_may_enter(looks.rows),
        leads=leads_a_week.map(lambda a_week: a_week * weeks),
        counted=looks.counted,
    )
    volumes: dict[str, tuple[float, float]] = {
        band: (leads_a_week.of(band), leads / weeks) for band, leads in chosen.leads.items()
    }
    return compiled.with_cutoffs(chosen.at), volumes


def _judge(
    run: _Run,
    compiled: CompiledPoints,
    today: ScoreCalibration,
    *,
    volumes: Mapping[str, tuple[float, float]],
    max_rules: int,
) -> JudgedPoints:
    """Judge a table on the test period; ``today`` turns today's points into probabilities."""
    target, draws = run.cutoffs.target, run.context.settings.evaluate.bootstrap
    all_test = run.judged("test")
    test, weights = observed_rows(all_test)
    points = run.baseline.score(test, target)
    comparison = compare(
        test["y"],
        {
            MODEL: Scored.from_probability(test["p"]),
            TODAY: Scored(points, today.probability(points)),
            COMPILED: Scored(compiled.score(test), compiled.probability(test)),
        },
        lead_ids=test["lead_id"],
        draws=draws,
        seed=run.seed,
        weights=weights,
    )
    compiled_scorer = replace(run.baseline, rules=compiled.rules)
    looks = looks_in_test(run.context, all_test, run.baseline, run.forecast, target, others={COMPILED: compiled_scorer})
    passing = _passing(looks, compiled, run.cutoffs)
    return JudgedPoints(
        compiled=compiled,
        spec=run.forecast.spec,
        features=run.forecast.features,
        baseline=run.baseline,
        cutoffs=run.cutoffs,
        volumes=volumes,
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
            (other, band): precision_difference(looks.rows, rule, passing[other].of(band), draws=draws, seed=run.seed)
            for other in (MODEL, TODAY)
            for band, rule in passing[COMPILED].items()
        },
        max_rules=max_rules,
    )


def _passing(looks: Looks, compiled: CompiledPoints, cutoffs: Cutoffs) -> dict[str, PerBand[Bools]]:
    """Return which looks each scorer promotes."""
    scorers = {
        MODEL: ("p", cutoffs.at),
        TODAY: ("points", cutoffs.baseline.at),
        COMPILED: (COMPILED, compiled.rules.cutoffs.at),
    }
    may = rows_that_may_enter(looks.rows)
    return {scorer: passes(looks.rows[column], may, at) for scorer, (column, at) in scorers.items()}
