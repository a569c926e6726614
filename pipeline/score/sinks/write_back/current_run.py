"""The scores in force, read out of the store as the stage hands them to a sink."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from features.errors import InputError
from models.scoring.run_about import RunAbout
from models.scoring.wording import ScoreWording
from pipeline.score.scores_file import table_of
from pipeline.score.sinks.runs import in_force
from pipeline.score.sinks.sink import ScoreRun
from pipeline.score.sinks.store_tables import SCORE_RUNS, SCORES
from pipeline.score.sinks.write_back.databases import answering, opened_engine

_AT_ONCE = 5_000


def current_run(store: sa.URL) -> ScoreRun:
    """Return the run in force, with its words.

    Raises
    ------
    InputError
        If the store does not answer, or no run is in force.
    """
    if store.get_backend_name() == "sqlite" and not Path(store.database or "").is_file():
        raise _nothing()
    with opened_engine(store, "score.store") as engine, answering(store, "score.store"), engine.connect() as connection:
        is_there = sa.inspect(connection).has_table(SCORE_RUNS.name)
        row = in_force(connection) if is_there else None
    if row is None:
        raise _nothing()
    return _run_of(row)


def stored_run(connection: sa.Connection, run_id: str) -> ScoreRun:
    """Return a run that the store has, in force or not, with its words."""
    return _run_of(connection.execute(sa.select(SCORE_RUNS).where(SCORE_RUNS.c.run_id == run_id)).one())


def _run_of(row: sa.Row[Any]) -> ScoreRun:
    wording = None if row.wording is None else ScoreWording.model_validate(row.wording)
    about = RunAbout.model_validate(row.about)
    return ScoreRun(row.run_id, row.model_version, row.cutoff_version, about, wording, row.out)


def _nothing() -> InputError:
    return InputError(
        expected="scores in the store", found="no run in force", table="score.store",
        hint="Run leadscore score first",
    )  # fmt: skip


def current_scores(store: sa.URL, run: ScoreRun) -> Iterator[pa.RecordBatch]:
    """Yield a run's scores, by lead, some at a time; between two pages nothing is held open in the database."""
    key = sa.tuple_(SCORES.c.lead_id, SCORES.c.as_of)
    page = (
        sa.select(SCORES)
        .where(SCORES.c.run_id == run.run_id)
        .order_by(SCORES.c.lead_id, SCORES.c.as_of)
        .limit(_AT_ONCE)
    )
    with opened_engine(store, "score.store") as engine:
        after: tuple[str, datetime] | None = None
        while True:
            chosen = (
                page if after is None else page.where(key > sa.tuple_(*after, types=[sa.Text, SCORES.c.as_of.type]))
            )
            with answering(store, "score.store"), engine.connect() as connection:
                rows = [dict(row) for row in connection.execute(chosen).mappings()]
            if not rows:
                return
            after = rows[-1]["lead_id"], rows[-1]["as_of"]
            yield from table_of(pd.DataFrame(rows), run).to_batches()
