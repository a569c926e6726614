"""What is killed in `kill_writes`, and what must hold of it: runs into the score store, and into a tool's table."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from models.scoring.run_about import RunAbout
from pipeline.score.scores_file import SCHEMA
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.sink import ScoreRun
from pipeline.score.sinks.store_url import read_url
from pipeline.score.sinks.write_back_sink import WriteBackSink
from serve.reading.open_leads import LeadsWanted
from serve.reading.score_store import ScoreReader

BATCH = 5_000
CHUNK = 1_000
"""Records of the tool that are written in one transaction."""
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ABOUT = {
    "source": "demo", "title": {"de": "Demo", "en": "Demo"}, "observed_until": "2026-06-01T12:00:00Z",
    "targets": {"sql": {"stage": "SQL", "horizon_days": 30.0, "words": None}},
    "cutoffs": {"target": "sql", "mql": 0.2, "sal": 0.5}, "points_cutoffs": None, "averages": {"p_sql": 0.1},
    "leads": 0, "bands": {"SAL": 0, "MQL": 0, "none": 0}, "excluded": 0, "reached": 0,
}  # fmt: skip
REASON = json.dumps(
    [
        {
            "family": "fit",
            "subject": "size",
            "feature": "fit_size",
            "log_odds": 0.25,
            "percentage_points": 4.5,
            "value": 3,
        }
    ]
)
Look = Callable[[], str | None]
"""Looks once as a reader does; says what did not belong together, or None."""


class Job(Protocol):
    """A job that writes the run of a night, and what must hold of what it writes."""

    def write(self, night: int) -> None:
        """Write the run, in a process that may be killed."""

    def look(self) -> Look:
        """Return what looks as a reader does."""

    def is_exact(self, night: int) -> bool:
        """Whether every lead of the run is there once with its own value, and nothing is left half-way."""

    def forget_before(self, night: int) -> None:
        """Take away what nobody needs any more, so that nothing grows."""


def run_of(night: int, leads: int) -> ScoreRun:
    """Return the run of a night."""
    at = (NOON + timedelta(days=night)).isoformat()
    return ScoreRun(
        f"night-{night:03d}", "m1", "c1", RunAbout.model_validate(ABOUT | {"leads": leads, "observed_until": at})
    )


def scores_of(night: int, leads: int, values: Callable[[np.ndarray], np.ndarray]) -> Iterator[pa.RecordBatch]:
    """Return the scores of a night."""
    run = run_of(night, leads)
    for start in range(0, leads, BATCH):
        numbers = np.arange(start, min(start + BATCH, leads))
        same = {
            "as_of": NOON + timedelta(days=night), "run_id": run.run_id, "model_version": "m1", "cutoff_version": "c1",
            "band": "none", "counted_as": "none", "reached": False, "excluded": False, "reasons": REASON,
            **dict.fromkeys(("exclusions", "gates_missing", "points_reasons"), "[]"),
        }  # fmt: skip
        own = {"lead_id": lead_ids(numbers), "p_sql": values(numbers)}
        columns = [
            pa.array(own[f.name], f.type)
            if f.name in own
            else pa.repeat(pa.scalar(same.get(f.name), f.type), len(numbers))
            for f in SCHEMA
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def lead_ids(numbers: np.ndarray) -> list[str]:
    """Return the ids of leads by number."""
    return [f"lead-{number:07d}" for number in numbers]


@contextmanager
def connected(url: str | sa.URL) -> Iterator[sa.Connection]:
    """Give a connection of its own; what is done there is committed at the end."""
    engine = sa.create_engine(read_url(url), poolclass=sa.NullPool)
    with engine.begin() as connection:
        yield connection


def rows_of(connection: sa.Connection, text: str, **given: Any) -> list[tuple[Any, ...]]:
    """Return what a query answers."""
    return [tuple(row) for row in connection.execute(sa.text(text), given)]


def vacuum(url: str, tables: str) -> None:
    """Give room back on PostgreSQL."""
    engine = sa.create_engine(read_url(url), poolclass=sa.NullPool)
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"VACUUM {tables}")


class StoreJob:
    """Runs into the score store, read as the server reads it.

    Parameters
    ----------
    url : str
    leads : int
    """

    def __init__(self, url: str, leads: int) -> None:
        self._url, self._leads = url, leads

    def _values(self, night: int, numbers: np.ndarray) -> np.ndarray:
        """Return probabilities that no other night has."""
        return (numbers + night / 1_000) / (self._leads + 1)

    def write(self, night: int) -> None:
        """Write the run, as the job does."""
        scores = scores_of(night, self._leads, lambda numbers: self._values(night, numbers))
        ScoreStore(self._url).write(scores, run_of(night, self._leads), now=NOON)

    def look(self) -> Look:
        """Return what asks for run, list, page, lead and counts in one state of the store."""
        reader = ScoreReader(self._url)
        return lambda: self._look(reader)

    def _look(self, reader: ScoreReader) -> str | None:
        with reader.state() as state:
            run, page = state.run, state.open_leads(LeadsWanted(limit=20, offset=self._leads // 2))
            lead = None if run is None else state.current("lead-0000007")
            listed = rows_of(state._connection, "SELECT run_id, count(*) FROM open_leads GROUP BY run_id")
        if run is None or listed != [(run.run_id, self._leads)] or page.total != self._leads:
            return f"{run and run.run_id}, {listed}, {page.total}"
        runs = {row["run_id"] for row in page.rows} | {lead["run_id"] if lead else None}
        return None if runs == {run.run_id} else f"{run.run_id} lists {runs}"

    def is_exact(self, night: int) -> bool:
        """Whether table and list hold every lead of the run once with its own value, and no run is unfinished."""
        run_id, numbers = run_of(night, self._leads).run_id, np.arange(self._leads)
        with connected(self._url) as connection:
            table = "SELECT lead_id, p_sql FROM scores WHERE run_id = :run ORDER BY lead_id"
            rows = [
                rows_of(connection, table, run=run_id),
                rows_of(connection, "SELECT lead_id, p_sql FROM current_scores ORDER BY lead_id"),
            ]
            unfinished = rows_of(connection, "SELECT run_id FROM score_runs WHERE sequence IS NULL")
        expected = list(zip(lead_ids(numbers), self._values(night, numbers).tolist(), strict=True))
        return rows == [expected, expected] and not unfinished

    def forget_before(self, night: int) -> None:
        """Delete the scores of earlier nights."""
        with connected(self._url) as connection:
            connection.execute(sa.text("DELETE FROM scores WHERE run_id < :run"), {"run": run_of(night, 1).run_id})
        vacuum(self._url, "scores, open_leads")


class ToolJob:
    """Runs into a tool's table, with the ledger of what was sent in the score store.

    Every record changes every night. A record is whole if score and run belong together. Records of two runs stand
    beside each other while one is sent: whole chunks of it, and never once the ledger says that it is finished.

    Parameters
    ----------
    url : str
        The score store.
    tool : str
        The tool's database.
    leads : int
    """

    _SCORE = "(7 * CAST(substr(lead_id, 6) AS INTEGER) + 13 * CAST(substr(run_id, 7) AS INTEGER)) % 100"
    """What the record of a lead says in a night: never what it said the night before."""

    def __init__(self, url: str, tool: str, leads: int) -> None:
        self._url, self._tool, self._leads = url, tool, leads
        ScoreStore(url).migrate()

    def write(self, night: int) -> None:
        """Write the run back, as the job does."""
        settings = {"kind": "sql", "url": self._tool, "table": "lead_scores", "create": True, "chunk": CHUNK}
        sink = WriteBackSink.from_settings({"name": "crm", "store": self._url, **settings}, Path())
        scores = scores_of(night, self._leads, lambda numbers: (7 * numbers + 13 * night) % 100 / 100)
        sink.write(scores, run_of(night, self._leads), now=NOON)

    def look(self) -> Look:
        """Return what asks the ledger, and then the tool."""
        return self._look

    def _look(self) -> str | None:
        with connected(self._url) as connection:
            ledger = "SELECT max(run_id) FROM write_backs WHERE finished_at IS NOT NULL"
            finished = rows_of(connection, ledger)[0][0]
        wrong = f"SUM(CASE WHEN score = {self._SCORE} THEN 0 ELSE 1 END)"
        counted = f"SELECT run_id, count(*), {wrong} FROM lead_scores GROUP BY run_id ORDER BY run_id"
        with connected(self._tool) as connection:
            runs = rows_of(connection, counted)
        belongs = (
            sum(count for _, count, _ in runs) == self._leads
            and not any(wrong for *_, wrong in runs)
            and len(runs) <= 2
            and runs[0][0] >= finished
            and (len(runs) == 1 or runs[1][1] % CHUNK == 0)
        )
        return None if belongs else f"{runs}, the ledger has {finished}"

    def is_exact(self, night: int) -> bool:
        """Whether the table holds every lead once as the run says, and the ledger each with what stood there before."""
        leads, run_id = lead_ids(np.arange(self._leads)), run_of(night, self._leads).run_id
        with connected(self._tool) as connection:
            rows = rows_of(connection, f"SELECT lead_id, run_id, score - {self._SCORE} FROM lead_scores ORDER BY 1")
        with connected(self._url) as connection:
            backs = "SELECT count(*), count(finished_at), max(position), max(run_id) FROM write_backs"
            [(count, finished, position, newest)] = rows_of(connection, backs)
            records = sa.text("SELECT lead_id, before, sent FROM sent_records WHERE position = :position ORDER BY 1")
            typed = records.columns(before=sa.JSON, sent=sa.JSON)
            ledger = [tuple(row) for row in connection.execute(typed, {"position": position})]
        before = [0 if old is None else (new["score"] - old["score"]) % 100 for _, old, new in ledger]
        return (
            rows == [(lead, run_id, 0) for lead in leads]
            and (count, finished, position, newest) == (night + 1, night + 1, night + 1, run_id)
            and [lead for lead, *_ in ledger] == leads
            and set(before) == {13 if night else 0}
        )

    def forget_before(self, night: int) -> None:
        """Delete what earlier nights sent."""
        with connected(self._url) as connection:
            connection.execute(sa.text("DELETE FROM sent_records WHERE position <= :night"), {"night": night})
        vacuum(self._url, "sent_records")
        vacuum(self._tool, "lead_scores")
