"""Stage ``score``: every open lead's probabilities, band, points and reasons, into every sink that is asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from features.source_spec import TARGETS
from features.tables.handovers import CUTOFF, EXPLORATION
from models.cutoffs.cutoffs import Cutoffs
from models.forecast.forecast import Forecast
from models.forecast.saved_form import from_files
from models.rules.points import PointsRules
from models.scoring.groups import GROUPS
from models.scoring.score_columns import probability_of
from models.scoring.score_rows import model_version, score_rows
from models.scoring.wording import ScoreWording
from pipeline.outputs.cutoffs_file import read_cutoffs
from pipeline.outputs.evaluation_file import read_evaluation
from pipeline.outputs.feature_rows import count_rows, open_rows_digest, read_feature_chunks
from pipeline.outputs.ingested_tables import read_observed_until
from pipeline.outputs.model_files import model_folder, read_texts
from pipeline.outputs.rules_file import read_rules, rules_identity
from pipeline.outputs.score_file import SCORE_SUMMARY_FILE, read_score_summary
from pipeline.runner.progress import progress, say
from pipeline.runner.stages import StageContext
from pipeline.score.describe_run import describe, verdict_of
from pipeline.score.handed_over import describe_lane, handover_rule
from pipeline.score.scores_file import read_batches, writing_scores
from pipeline.score.sinks.registry import make_sinks
from pipeline.score.sinks.sink import RunIdentity, ScoreRun, Sink

_COUNTED = ("reached", *map(probability_of, TARGETS), "handover_probability")
_NAMED = {"counted_as": GROUPS, "handed_over_by": (CUTOFF, EXPLORATION)}
"""What is known of all scores at once: few columns, and of the texts each only once."""
FILE = "scores.parquet"


def run(context: StageContext, out: Path) -> None:
    """Write the scores into the sinks, and ``scores.parquet`` and ``score.json``.

    Open leads are scored chunk by chunk into ``scores.parquet``, and the sinks read that: how much memory it takes
    hardly depends on how many there are.
    """
    sinks = _sinks(context)
    files = read_texts(model_folder(context))
    forecast, cutoffs = from_files(files), read_cutoffs(context)
    rules = read_rules(context, forecast.features)
    identity = RunIdentity(
        run_id=_run_id(context, model=files, cutoffs=cutoffs),
        model_version=model_version(files),
        cutoff_version=cutoffs.version,
    )
    counted = []
    with writing_scores(out / FILE, identity) as file:
        for scores in _with_handovers(context, _scored(context, files, forecast, cutoffs, rules)):
            file.add(scores)
            counted.append(_to_count(scores))
    whole = pd.concat(counted, ignore_index=True)
    about = describe(
        whole,
        forecast.spec,
        cutoffs,
        observed_until_us=read_observed_until(context),
        top_reasons=context.settings.score.reasons,
        verdict=verdict_of(read_evaluation(context)),
        lane=describe_lane(whole, context),
    )
    scoring_run = ScoreRun(
        identity.run_id, identity.model_version, identity.cutoff_version, about, ScoreWording.of(forecast, rules)
    )
    changed = {name: _write(out / FILE, scoring_run, sink, context) for name, sink in sinks.items()}
    summary = scoring_run.summary() | _places(sinks, context)
    (out / SCORE_SUMMARY_FILE).write_text(json.dumps(summary, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    counts = ", ".join(f"{rows} of them new or changed in the {name}" for name, rows in changed.items())
    say(f"score: {about.leads} open leads scored, {counts}")


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
    context: StageContext, files: Mapping[str, str], forecast: Forecast, cutoffs: Cutoffs, rules: PointsRules | None
) -> Iterator[pd.DataFrame]:
    """Yield the scores of the open leads, some at a time, in order."""
    options = context.settings.score
    if context.settings.engine.name == "spark":
        from pipeline.score.on_spark import ScoreTask, scores_on_spark  # an extra

        yield from scores_on_spark(context, ScoreTask(files, cutoffs, rules, options.reasons))
        return
    with progress("score", total=count_rows(context, "open")) as steps:
        for chunk in read_feature_chunks(context, "open", options.chunk_rows):
            yield score_rows(chunk, chunk, forecast=forecast, cutoffs=cutoffs, rules=rules, top_reasons=options.reasons)
            steps.advance(len(chunk))


def _with_handovers(context: StageContext, chunks: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    with_handovers = handover_rule(context)
    for scores in chunks:
        yield with_handovers(scores)


def _to_count(scores: pd.DataFrame) -> pd.DataFrame:
    """Return of scores what the run counts, so small that all rows of it fit into memory."""
    named = {name: pd.Categorical(scores[name], categories=values) for name, values in _NAMED.items()}
    return scores[[*_COUNTED]].assign(**named)


def _write(file: Path, scoring_run: ScoreRun, sink: Sink, context: StageContext) -> int:
    rows = context.settings.score.chunk_rows
    with progress("write scores", total=scoring_run.about.leads) as steps:
        return sink.write(read_batches(file, rows), scoring_run, now=datetime.now(UTC), on_rows=steps.advance)


def _run_id(context: StageContext, *, model: dict[str, str], cutoffs: Cutoffs) -> str:
    """Return a name that equal inputs share."""
    reasons = str(context.settings.score.reasons)
    parts = [model_version(model), cutoffs.version, rules_identity(context), open_rows_digest(context), reasons]
    share = context.settings.score.explore_share
    if share > 0:
        parts.append(f"{share!r} {context.settings.seed}")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
