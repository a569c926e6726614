"""Stage ``score``: every open lead's probabilities, band, points and reasons, into every sink that is asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from models.cutoffs.cutoffs import Cutoffs
from models.forecast.forecast import Forecast
from models.forecast.saved_form import from_files
from models.rules.points import PointsRules
from models.scoring.score_rows import model_version, score_rows
from models.scoring.wording import ScoreWording
from pipeline.outputs.cutoffs_file import read_cutoffs
from pipeline.outputs.evaluation_file import read_evaluation
from pipeline.outputs.feature_rows import KEYS, open_rows_digest, read_features
from pipeline.outputs.ingested_tables import read_observed_until
from pipeline.outputs.model_files import model_folder, read_texts
from pipeline.outputs.rules_file import read_rules, rules_identity
from pipeline.outputs.score_file import SCORE_SUMMARY_FILE, read_score_summary
from pipeline.runner.progress import progress, say
from pipeline.runner.stages import StageContext
from pipeline.score.describe_run import describe, verdict_of
from pipeline.score.handed_over import describe_lane, with_handovers
from pipeline.score.scores_file import write_scores
from pipeline.score.sinks.registry import make_sinks
from pipeline.score.sinks.sink import ScoreRun, Sink


def run(context: StageContext, out: Path) -> None:
    """Write the scores into the sinks, and ``scores.parquet`` and ``score.json``."""
    sinks = _sinks(context)
    files = read_texts(model_folder(context))
    forecast, cutoffs = from_files(files), read_cutoffs(context)
    rows = read_features(context, "open").sort_values(KEYS, ignore_index=True)
    rules = read_rules(context, forecast.features)
    scores = _scored(rows, forecast, cutoffs, rules, context)
    scores = with_handovers(scores, context)
    evaluation = read_evaluation(context)
    scoring_run = ScoreRun(
        run_id=_run_id(context, model=files, cutoffs=cutoffs),
        model_version=model_version(files),
        cutoff_version=cutoffs.version,
        about=describe(
            scores,
            forecast.spec,
            cutoffs,
            observed_until_us=read_observed_until(context),
            top_reasons=context.settings.score.reasons,
            verdict=verdict_of(evaluation),
            lane=describe_lane(scores, context),
        ),
        wording=ScoreWording.of(forecast, rules),
    )
    changed = {name: _write(scores, scoring_run, sink) for name, sink in sinks.items()}
    write_scores(scores, scoring_run, out / "scores.parquet")
    summary = scoring_run.summary() | _places(sinks, context)
    (out / SCORE_SUMMARY_FILE).write_text(json.dumps(summary, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    counts = ", ".join(f"{rows} of them new or changed in the {name}" for name, rows in changed.items())
    say(f"score: {len(scores)} open leads scored, {counts}")


def is_stored(context: StageContext) -> bool:
    """Whether every sink still holds the finished run of which ``score.json`` speaks, where it says so."""
    summary = read_score_summary(context)
    sinks = _sinks(context)
    if any(summary.get(name) != place for name, place in _places(sinks, context).items()):
        return False
    finished = ScoreRun.of_summary(summary)
    return all(sink.holds(finished) for sink in sinks.values())


def _sinks(context: StageContext) -> dict[str, Sink]:
    return make_sinks(context.settings.score, context.workspace.root)


def _places(sinks: Mapping[str, Sink], context: StageContext) -> dict[str, Mapping[str, object]]:
    return {name: sink.place(context.workspace.root) for name, sink in sinks.items()}


def _scored(
    rows: pd.DataFrame, forecast: Forecast, cutoffs: Cutoffs, rules: PointsRules | None, context: StageContext
) -> pd.DataFrame:
    options = context.settings.score
    parts = []
    with progress("score", total=len(rows)) as steps:
        for start in range(0, max(len(rows), 1), options.chunk_rows):
            chunk = rows.iloc[start : start + options.chunk_rows]
            part = score_rows(
                chunk, chunk, forecast=forecast, cutoffs=cutoffs, rules=rules, top_reasons=options.reasons
            )
            parts.append(part)
            steps.advance(len(chunk))
    return parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)


def _write(scores: pd.DataFrame, scoring_run: ScoreRun, sink: Sink) -> int:
    with progress("write scores", total=len(scores)) as steps:
        return sink.write(scores, scoring_run, now=datetime.now(UTC), on_rows=steps.advance)


def _run_id(context: StageContext, *, model: dict[str, str], cutoffs: Cutoffs) -> str:
    """Return a name that equal inputs share."""
    reasons = str(context.settings.score.reasons)
    parts = [model_version(model), cutoffs.version, rules_identity(context), open_rows_digest(context), reasons]
    share = context.settings.score.explore_share
    if share > 0:
        parts.append(f"{share!r} {context.settings.seed}")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
