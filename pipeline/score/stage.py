"""Stage ``score``: every open lead's probabilities, band, points and reasons, into every sink that is asked for."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from features.errors import InputError
from features.source_spec import TARGETS
from features.tables.handovers import CUTOFF, EXPLORATION
from models.decision.decision_files import ScoringParts
from models.scoring.groups import GROUPS
from models.scoring.run_about import DecisionAbout
from models.scoring.score_columns import probability_of
from models.scoring.score_rows import score_rows
from models.scoring.wording import ScoreWording
from pipeline.champion.in_force import scoring_inputs, scoring_parts
from pipeline.history.keep import keep_run
from pipeline.outputs.feature_rows import count_rows, open_rows_digest, read_feature_chunks
from pipeline.outputs.ingested_tables import read_observed_until
from pipeline.outputs.score_file import SCORE_SUMMARY_FILE, read_score_summary
from pipeline.runner.job_log import say
from pipeline.runner.progress import progress
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import SaidAfterwardsError, code_digest
from pipeline.score.changes.since_before import compare_with_before
from pipeline.score.describe_run import describe
from pipeline.score.handed_over import describe_lane, handover_rule
from pipeline.score.scores_file import read_batches, writing_scores
from pipeline.score.sinks.registry import make_sinks
from pipeline.score.sinks.sink import RunIdentity, ScoreRun, Sink

_COUNTED = ("reached", *map(probability_of, TARGETS), "handover_probability")
_NAMED = {"counted_as": GROUPS, "handed_over_by": (CUTOFF, EXPLORATION)}
"""What is known of all scores at once: few columns, and of the texts each only once."""
FILE = "scores.parquet"
BLOCK_ROWS = 5_000
"""Leads that are scored at a time: enough that what a block costs once does not count. A store's chunks are its own."""


def run(context: StageContext, out: Path) -> None:
    """Write the scores into the sinks, and ``scores.parquet`` and ``score.json``.

    Open leads are scored chunk by chunk into ``scores.parquet``, and the sinks read that: how much memory it takes
    hardly depends on how many there are.
    """
    store(context, out, compute(context, out))


def compute(context: StageContext, out: Path) -> ScoreRun:
    """Write ``scores.parquet``, and return the run that it is of; no sink is touched."""
    _sinks(context)  # before anything is computed: settings of a sink that cannot be used
    parts, decision = scoring_parts(context)
    say(f"score: {decision.words().en}")
    identity = RunIdentity(
        run_id=_run_id(context, parts, decision),
        model_version=parts.model_version,
        cutoff_version=parts.cutoffs.version,
    )
    counted = []
    with writing_scores(out / FILE, identity) as file:
        for scores in _with_handovers(context, _scored(context, parts)):
            file.add(scores)
            counted.append(_to_count(scores))
    whole = pd.concat(counted, ignore_index=True)
    about = describe(
        whole,
        parts.forecast.spec,
        parts.cutoffs,
        observed_until_us=read_observed_until(context),
        top_reasons=context.settings.score.reasons,
        verdict=parts.verdict,
        lane=describe_lane(whole, context),
        decision=decision,
    )
    return ScoreRun(
        identity.run_id,
        identity.model_version,
        identity.cutoff_version,
        about,
        ScoreWording.of(parts.forecast, parts.rules),
        context.workspace.identity(),
    )


def store(context: StageContext, out: Path, scoring_run: ScoreRun) -> None:
    """Write a run that was computed into every sink, and ``score.json``.

    Raises
    ------
    SaidAfterwardsError
        If the store has the scores, and so has ``out``, but a tool did not take all that it was to get.
    InputError
        If the store cannot be written.
    """
    sinks = _sinks(context)
    parts, _ = scoring_parts(context)
    keep_run(context, parts, scoring_run)  # before anybody can read the scores, so that each can be shown again
    scoring_run = compare_with_before(context, out / FILE, scoring_run, parts)
    changed, failed = _write_all(out / FILE, scoring_run, sinks, context)
    summary = scoring_run.summary() | _places(sinks, context)
    (out / SCORE_SUMMARY_FILE).write_text(json.dumps(summary, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    counts = ", ".join(f"{rows} of them written to the {name}" for name, rows in changed.items())
    say(f"score: {scoring_run.about.leads} open leads scored, {counts}")
    if failed:
        raise SaidAfterwardsError(
            expected="every place in score.sinks to take the scores",
            found=f"{', '.join(failed)} did not ({len(failed)} of {len(sinks)}); the store has them",
            hint="Run the same command again: it goes on where it stopped",
        )


def is_stored(context: StageContext) -> bool:
    """Whether every sink still holds the finished run of which ``score.json`` speaks, where it says so."""
    summary = read_score_summary(context)
    sinks = _sinks(context)
    if any(summary.get(name) != place for name, place in _places(sinks, context).items()):
        return False
    finished = ScoreRun.of_summary(summary)
    return all(sink.holds(finished) for sink in sinks.values())


def chosen_inputs(context: StageContext) -> dict[str, Any]:
    """Return what scores beside tables and features: the champion, or what the last training left."""
    return scoring_inputs(context)


def _sinks(context: StageContext) -> dict[str, Sink]:
    return make_sinks(context.settings.score, context.workspace.root)


def _places(sinks: Mapping[str, Sink], context: StageContext) -> dict[str, Mapping[str, object]]:
    return {name: sink.place(context.workspace.root) for name, sink in sinks.items()}


def _scored(context: StageContext, parts: ScoringParts) -> Iterator[pd.DataFrame]:
    """Yield the scores of the open leads, some at a time, in order."""
    options = context.settings.score
    if context.settings.engine.name == "spark":
        from pipeline.score.on_spark import ScoreTask, scores_on_spark  # an extra

        task = ScoreTask(parts.model_files, parts.cutoffs, parts.rules, options.reasons)
        yield from scores_on_spark(context, task)
        return
    forecast, cutoffs, rules = parts.forecast, parts.cutoffs, parts.rules
    with progress("score", total=count_rows(context, "open")) as steps:
        for chunk in read_feature_chunks(context, "open", BLOCK_ROWS):
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


def _write_all(
    file: Path, scoring_run: ScoreRun, sinks: Mapping[str, Sink], context: StageContext
) -> tuple[dict[str, int], list[str]]:
    """Write into every sink, the store first: a tool that does not answer keeps no other from its scores."""
    changed, failed = dict[str, int](), list[str]()
    for name, sink in sinks.items():
        leads, done = scoring_run.about.leads, Counter[str]()
        try:
            changed[name] = _write(file, scoring_run, sink, context, done)
        except InputError as error:
            if name == "store":
                raise
            failed.append(name)
            say(f"{name}: {error}")
            say(f"{name}: {leads - done['leads']:,} of {leads:,} leads wait for the next run")
    return changed, failed


def _write(file: Path, scoring_run: ScoreRun, sink: Sink, context: StageContext, done: Counter[str]) -> int:
    rows = context.settings.score.chunk_rows
    with progress("write scores", total=scoring_run.about.leads) as steps:

        def advance(leads: int) -> None:
            done["leads"] += leads
            steps.advance(leads)

        return sink.write(read_batches(file, rows), scoring_run, now=datetime.now(UTC), on_rows=advance)


def _run_id(context: StageContext, parts: ScoringParts, decision: DecisionAbout) -> str:
    """Return a name that equal inputs share: what the rows say, and the run of them, follows from these."""
    reasons = str(context.settings.score.reasons)
    names = [parts.model_version, parts.cutoffs.version, parts.rules_identity, decision.model_dump_json()]
    verdict = "" if parts.verdict is None else parts.verdict.model_dump_json()
    names += [open_rows_digest(context), reasons, verdict, code_digest()]
    share = context.settings.score.explore_share
    if share > 0:
        names.append(f"{share!r} {context.settings.seed}")
    return hashlib.sha256("\0".join(names).encode()).hexdigest()[:12]
