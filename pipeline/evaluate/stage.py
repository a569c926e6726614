"""Stage ``evaluate``: model and baseline on the untouched test period, for machines and for people."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from models.arrays import Bools, Floats
from models.bands import PerBand, passes, rows_that_may_enter
from models.cutoffs.cutoffs import Cutoffs
from models.cutoffs.first_promotions import first_promotions
from models.evaluation.importance import family_importance, subject_importance
from models.evaluation.learning_curve import LearningCurve
from models.evaluation.promoted_precision import precision_against_volume, precision_difference, promoted_precision
from models.evaluation.stage_conversion import Conversion, conversion_steps, convert
from models.evaluation.target_evaluation import BASELINE, MODEL
from models.evaluation.who_enters_and_leaves import compare_policies
from models.forecast.answering_level import answering_level
from models.forecast.forecast import Forecast
from models.measures.bootstrap import Interval
from models.measures.observed_outcomes import WEIGHT
from models.rules.baseline import Baseline
from models.scoring.reasons import reasons
from models.scoring.wording import ScoreWording, WordedReason
from pipeline.evaluate.data_notes import data_notes
from pipeline.evaluate.evaluation import (
    Entering,
    Evaluation,
    Importance,
    JudgedTarget,
    OpenLeads,
    Promotions,
    VolumeCurve,
    evaluation_tree,
)
from pipeline.evaluate.grades_of_test_leads import graded_test_leads
from pipeline.evaluate.group_tables import group_tables
from pipeline.evaluate.judged_target import judge_target
from pipeline.evaluate.learning import curve_of
from pipeline.evaluate.open_leads import (
    about_open,
    open_decisions,
    read_waiting,
    shown_with,
)
from pipeline.evaluate.report.page import write_report
from pipeline.outputs.baseline import read_baseline
from pipeline.outputs.cutoffs_file import read_cutoffs
from pipeline.outputs.evaluation_file import EVALUATION_FILE, OPEN_ABOUT_FILE, OPEN_FILE
from pipeline.outputs.feature_rows import KEYS, judged_rows, read_features
from pipeline.outputs.ingested_tables import read_observed_until, read_stages
from pipeline.outputs.looks_file import Looks, write_looks
from pipeline.outputs.model_files import model_folder, model_hash, read_final
from pipeline.outputs.test_looks import note_test_look
from pipeline.replay.nightly_looks import looks_in_test
from pipeline.runner.progress import progress
from pipeline.runner.stages import StageContext

ENTERING_SHOWN = 10
REASONS_SHOWN = 3
STEPS = 5
"""Of progress: targets, promotions, open leads, learning curve, and the files."""


def run(context: StageContext, out: Path) -> None:
    """Write ``evaluation.json``, ``report.html`` and ``plots/``; looks, open leads and forecasts for who asks on."""
    with progress("evaluate", total=STEPS) as steps:
        evaluation = evaluate_run(context, on_step=steps.advance)
        _write(evaluation, out)
        write_report(evaluation, out)
        note_test_look(context, model_hash(model_folder(context)))
        steps.advance()


def evaluate_run(context: StageContext, *, on_step: Callable[[], None] = lambda: None) -> Evaluation:
    """Evaluate a run that has come to its cut-offs.

    Parameters
    ----------
    context : StageContext
        Nothing is written into its folders.
    on_step : callable
        Told of every step, ``STEPS - 1`` in sum, for progress.
    """
    history, forecast, target = read_features(context, "history"), read_final(context), read_cutoffs(context).target
    # The curve's models are trained beside the rest; BLAS on one thread sums in the same order whatever else runs.
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(1) as beside:
        learning = beside.submit(curve_of, context, history, forecast, target)
        return _judged(context, history, forecast, learning, on_step)


def _judged(
    context: StageContext,
    history: pd.DataFrame,
    forecast: Forecast,
    learning: Future[LearningCurve | None],
    on_step: Callable[[], None],
) -> Evaluation:
    """Judge the forecast while its learning curve is made."""
    spec, baseline, cutoffs = context.spec(), read_baseline(context), read_cutoffs(context)
    # The target of the cut-offs first, as everywhere in the report.
    targets: list[str] = sorted(spec.targets, key=lambda name: (name != cutoffs.target, name))
    judged = {
        target: judge_target(context, partial(_rows_of, context, history, target), baseline, target)
        for target in targets
    }
    tests = {target: test for target, (test, _) in judged.items()}
    primary = tests[cutoffs.target]
    on_step()
    looks = looks_in_test(context, primary, baseline, forecast, cutoffs.target)
    promotions = _promotions(context, looks, cutoffs)
    on_step()
    importance = _importance(forecast, _evenly(primary, context.settings.evaluate.shap_rows), cutoffs.target)
    open_leads = _open_leads(context, forecast, baseline, cutoffs)
    on_step()
    groups = group_tables(tests, forecast, baseline, cutoffs, importance.subjects)
    curve = learning.result()
    on_step()
    return Evaluation(
        spec=spec,
        features=forecast.features,
        baseline_name=baseline.name,
        cutoffs=cutoffs,
        targets={
            name: JudgedTarget(
                rows=test,
                result=result,
                level=forecast.levels[name],
                answer=answering_level(forecast.targets[name]),
                groups=groups[name],
            )
            for name, (test, result) in judged.items()
        },
        promotions=promotions,
        importance=importance,
        open_leads=open_leads,
        learning=curve,
        grades=graded_test_leads(primary, forecast, baseline, cutoffs, seed=context.settings.seed),
        data=data_notes(context),
    )


def _rows_of(context: StageContext, history: pd.DataFrame, target: str, part: str) -> pd.DataFrame:
    return judged_rows(context, history, target=target, part=part)


def _importance(forecast: Forecast, rows: pd.DataFrame, target: str) -> Importance:
    contributions = forecast.explain(rows, target).contributions
    return Importance(
        subject_importance(contributions, forecast.features), family_importance(contributions, forecast.features)
    )


def _promotions(context: StageContext, looks: Looks, cutoffs: Cutoffs) -> Promotions:
    """Follow what either policy would have promoted in the test period."""
    rows, counting, may = looks.rows, looks.counting, rows_that_may_enter(looks.rows)
    scores = {scorer: rows[column].to_numpy(dtype="float64") for scorer, column in ((MODEL, "p"), (BASELINE, "points"))}
    at = {MODEL: cutoffs.at, BASELINE: cutoffs.baseline.at}
    passing = {scorer: passes(score, may, at[scorer]) for scorer, score in scores.items()}
    options, seed = context.settings.evaluate, context.settings.seed
    volumes = {
        scorer: VolumeCurve(
            precision_against_volume(rows, score, may=may.mql, counting=counting),
            {band: promoted_precision(rows, rule, counting=counting) for band, rule in passing[scorer].items()},
        )
        for scorer, score in scores.items()
    }
    gaps: dict[str, Interval] = {
        band: precision_difference(rows, rule, passing[BASELINE].of(band), draws=options.bootstrap, seed=seed)
        for band, rule in passing[MODEL].items()
    }
    return Promotions(volumes, gaps, _conversions(context, rows, passing), looks)


def _conversions(
    context: StageContext, rows: pd.DataFrame, passing: dict[str, PerBand[Bools]]
) -> dict[tuple[str, str], list[Conversion]]:
    steps, stages, until = conversion_steps(context.spec()), read_stages(context), read_observed_until(context)
    keys = ["lead_id", "as_of_us"]
    weighted = rows[[*keys, *rows.columns.intersection([WEIGHT])]]
    return {
        (scorer, band): convert(
            first_promotions(rows["lead_id"], rows["as_of_us"], rule).merge(weighted, on=keys, how="left"),
            stages,
            steps,
            observed_until_us=until,
            draws=context.settings.evaluate.bootstrap,
            seed=context.settings.seed,
        )
        for scorer, both in passing.items()
        for band, rule in both.items()
    }


def _open_leads(context: StageContext, forecast: Forecast, baseline: Baseline, cutoffs: Cutoffs) -> OpenLeads:
    """Compare both policies on the open leads that sales may still get, and keep what decided on them."""
    X = read_waiting(context, forecast, target=cutoffs.target)
    rows = open_decisions(X, forecast, baseline, cutoffs)
    until = read_observed_until(context)
    change = compare_policies(rows, X, forecast.features)
    first = change.entering[:ENTERING_SHOWN]
    why: list[tuple[WordedReason, ...]] = []
    if len(first):
        explanation = forecast.explain(X.loc[first], cutoffs.target)
        sentences = ScoreWording.of(forecast, None).sentences
        found = reasons(explanation, X.loc[first], forecast.features, spec=forecast.spec, top=REASONS_SHOWN)
        why = [sentences.worded_reasons(row, until) for row in found]
    columns = ["lead_id", "p", "points", "model_band"]
    entering = (
        Entering(lead_id, p_of_lead, points_of_lead, its_band, its_reasons)
        for (lead_id, p_of_lead, points_of_lead, its_band), its_reasons in zip(
            rows.loc[first, columns].to_numpy(), why, strict=True
        )
    )
    return OpenLeads(
        change=change,
        entering=tuple(entering),
        decisions=shown_with(rows, X, forecast, cutoffs.target),
        about=about_open(context.spec(), forecast, cutoffs.target, observed_until_us=until),
    )


def _evenly(rows: pd.DataFrame, count: int) -> pd.DataFrame:
    """Take rows at equal distances; they stand sorted by lead, so that is as good as chance and always the same."""
    if len(rows) <= count:
        return rows
    at: Floats = np.linspace(0, len(rows) - 1, count)
    return rows.iloc[np.unique(at.round().astype(int))]


def _write(evaluation: Evaluation, out: Path) -> None:
    """Write what machines read."""
    columns = ["lead_id", "as_of", "target", "y", "p", "points"]
    tables = [judged.rows.assign(target=name)[columns] for name, judged in sorted(evaluation.targets.items())]
    predictions = pd.concat(tables, ignore_index=True)
    predictions["y"] = predictions["y"].astype("int8")
    predictions.sort_values(["target", *KEYS], ignore_index=True).to_parquet(
        out / "test_predictions.parquet", index=False
    )
    write_looks(evaluation.promotions.looks, out)
    evaluation.open_leads.decisions.to_parquet(out / OPEN_FILE, index=False)
    about = json.dumps(evaluation.open_leads.about.model_dump(mode="json"), indent=1, ensure_ascii=False)
    (out / OPEN_ABOUT_FILE).write_text(about + "\n", encoding="utf-8")
    text = json.dumps(evaluation_tree(evaluation), indent=1, ensure_ascii=False, allow_nan=False)
    (out / EVALUATION_FILE).write_text(text + "\n", encoding="utf-8")
