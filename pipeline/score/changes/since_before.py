"""The scores of a run beside those of the run before: what moved each, and who is new."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from features.errors import InputError
from features.time_units import parse_time
from models.decision.decision_files import ScoringParts
from models.log_odds import probability_to_log_odds
from models.scoring.changes import PathPoint, unsplit_changes
from models.scoring.groups import joined
from models.scoring.run_about import BeforeAbout
from pipeline.history.decisions import read_kept_decision
from pipeline.history.folder import HistoryFolder
from pipeline.outputs.feature_rows import stored_features
from pipeline.outputs.ingested_tables import table_files
from pipeline.runner.job_log import say
from pipeline.runner.stages import StageContext
from pipeline.score.changes.path import ChangePath, Parts, common_leads
from pipeline.score.changes.side import Side
from pipeline.score.scores_file import filled_batches
from pipeline.score.sinks.scores_before import ScoresBefore, read_scores_before
from pipeline.score.sinks.sink import ScoreRun

BLOCK_ROWS = 5_000
"""Leads whose change is split at a time."""
_ENCODED = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
"""One for all leads: ``json.dumps`` would make one for each."""


def compare_with_before(context: StageContext, file: Path, run: ScoreRun, parts: ScoringParts) -> ScoreRun:
    """Fill in what ``scores.parquet`` says beside the run before, and return the run, which names that run.

    Parameters
    ----------
    context : StageContext
        What was scored from, and where the store is. The run is kept in ``OUT/history`` already.
    file : Path
        ``scores.parquet``; it is written anew, a block at a time.
    run : ScoreRun
    parts : ScoringParts
        What scored.
    """
    before = read_scores_before(context.settings.score.store, context.workspace.home, run)
    if before is None:
        return run
    with _path(context, before, run, parts) as path:

        def compared(batch: pa.RecordBatch) -> pa.RecordBatch:
            return _compared(batch, before, run, path)

        filled_batches(file, BLOCK_ROWS, compared)
    about = BeforeAbout(run_id=before.run_id, observed_until=before.about.observed_until)
    return replace(run, about=run.about.model_copy(update={"before": about}))


class _Split(NamedTuple):
    """The path between two runs, and whose changes it splits."""

    path: ChangePath
    leads: pd.Index[Any]


@contextmanager
def _path(context: StageContext, before: ScoresBefore, run: ScoreRun, parts: ScoringParts) -> Iterator[_Split | None]:
    """Give the path from the run before and the leads that it splits; None where that run is not kept."""
    history = HistoryFolder(context.workspace.home)
    earlier, later = history.run(before.run_id), history.run(run.run_id)
    if earlier is None or later is None:
        yield None
        return
    try:
        decided_by = (
            parts if earlier.run.decision == later.run.decision
            else read_kept_decision(history.decisions, earlier.run.decision)
        )  # fmt: skip
    except InputError as error:
        say(f"score: why scores changed since run {before.run_id} is not said: {error}")
        yield None
        return
    first = Side(decided_by, earlier.features, earlier.run.observed_until_us)
    last = Side(parts, stored_features(context, "open"), parse_time(run.about.observed_until))
    leads = common_leads(first, last)
    if not len(leads):
        yield None
        return
    facts = history.changed_facts(earlier, later)
    with context.workspace.scratch("changes") as scratch:
        path = ChangePath(
            first, last, tables=table_files(context), facts=facts, leads=leads, scratch=scratch, rows=BLOCK_ROWS
        )
        yield _Split(path, pd.Index(leads.to_pylist(), dtype=object))


def _compared(batch: pa.RecordBatch, before: ScoresBefore, run: ScoreRun, split: _Split | None) -> pa.RecordBatch:
    lead_ids = batch["lead_id"]
    ids = pd.Index(lead_ids.to_pylist(), dtype=object)
    at = before.scores.index.get_indexer(ids)
    was_there = at >= 0
    then = before.scores.iloc[at]  # of who was not there, of somebody: nobody looks
    now = pd.DataFrame({"p": batch[run.about.probability].to_numpy(zero_copy_only=False),
                        "band": batch["band"].to_pylist()})  # fmt: skip
    groups = then["counted_as"].to_numpy(dtype=object)
    groups[~was_there] = None
    changes = np.full(len(ids), None, dtype=object)
    if before.about.cutoffs.target == run.about.cutoffs.target:
        can_split = was_there if split is None else was_there & (split.leads.get_indexer(ids) >= 0)
        rest = was_there if split is None else was_there & ~can_split
        if split is not None and can_split.any():
            rows = split.path.rows_of(lead_ids.filter(pa.array(can_split)))
            _put(changes, can_split, split.path.changes(rows, _points(then[can_split]), _points(now[can_split])))
        if rest.any():
            _put(changes, rest, unsplit_changes(_points(then[rest]), _points(now[rest])))
    else:
        _put(changes, was_there, [[] for _ in range(int(was_there.sum()))])
    news = joined(batch["counted_as"].to_pylist(), groups.tolist())
    return _with_columns(batch, {"change": [_json(change) for change in changes], "joined": news.tolist()})


def _points(rows: pd.DataFrame) -> PathPoint:
    p = rows["p"].to_numpy(dtype=np.float64)
    return PathPoint(probability_to_log_odds(p), rows["band"].astype(object).tolist())


def _put(changes: Any, rows: Any, parts: list[Parts]) -> None:
    for row, change in zip(np.flatnonzero(rows).tolist(), parts, strict=True):
        changes[row] = change


def _with_columns(batch: pa.RecordBatch, columns: dict[str, list[str | None]]) -> pa.RecordBatch:
    for name, values in columns.items():
        place = batch.schema.get_field_index(name)
        batch = batch.set_column(place, batch.schema.field(place), pa.array(values, pa.string()))
    return batch


def _json(change: Parts | None) -> str | None:
    if change is None:
        return None
    bands = [part["band"] for part in change]
    said = [part for part, band in zip(change[1:], bands, strict=False) if part["log_odds"] or part["band"] != band]
    return _ENCODED([*change[:1], *said])
