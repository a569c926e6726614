"""The score store as the server reads it: by reflection, never writing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, ValidationError

from features.errors import InputError
from models.scoring.run_about import RunAbout
from models.scoring.wording import ScoreWording
from serve.reading.open_leads import SEARCH, LeadList, LeadPage, LeadsWanted
from serve.reading.store_url import for_reading, read_url, shown

WORDING = "wording"
Row = Mapping[str, Any]


class _Tables(NamedTuple):
    scores: sa.Table
    runs: sa.Table
    open_leads: LeadList
    wordings: sa.Table
    """The runs with what their scores are worded by, which is long and seldom needed."""


class StoredRun(BaseModel):
    """One run that wrote scores, as its row of ``score_runs`` says.

    Attributes
    ----------
    run_id, model_version, cutoff_version : str
    leads : int
        That it scored.
    about : RunAbout
        What it says of its scores.
    started_at : datetime
    finished_at : datetime or None
        None while it runs and after a crash.
    """

    model_config = ConfigDict(frozen=True)

    run_id: str
    model_version: str
    cutoff_version: str
    leads: int
    about: RunAbout
    started_at: datetime
    finished_at: datetime | None


class ScoreReader:
    """Reads ``scores``, ``score_runs`` and ``open_leads``.

    Parameters
    ----------
    url : str or sqlalchemy.URL
        Of the score store. Nothing is opened before the first question.
    """

    def __init__(self, url: str | sa.URL) -> None:
        parsed = read_url(url)
        self.place = shown(parsed)
        """Where the store is, without user and password."""
        one_state = {} if parsed.get_backend_name() == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        self._engine = sa.create_engine(for_reading(parsed), pool_pre_ping=True, **one_state)
        self._tables: _Tables | None = None

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _reflected(self) -> _Tables:
        if self._tables is None:
            metadata = sa.MetaData()
            try:
                metadata.reflect(self._engine, only=["scores", "score_runs"])
            except (sa.exc.InvalidRequestError, sa.exc.DatabaseError):
                raise InputError(
                    expected="a score store with scores in it",
                    found=f"none that can be read in {self.place}",
                    hint="Run 'leadscore score' first, or set LEADSCORE_STORE to where the scores are",
                ) from None
            try:
                metadata.reflect(self._engine, only=["open_leads"])
                listed = metadata.tables["open_leads"]
                with self._engine.connect() as connection:
                    connection.execute(sa.select(listed).where(sa.false()))
                    inspected = sa.inspect(connection)
                    has_search = connection.dialect.name == "postgresql" or inspected.has_table(SEARCH)
            except (sa.exc.InvalidRequestError, sa.exc.DatabaseError):
                raise InputError(
                    expected="a score store with the table open_leads, and the right to read it",
                    found=f"none that can be read in {self.place}",
                    hint="Run 'leadscore score' again: it brings the store of an earlier version up to date. "
                    "On PostgreSQL the server's role needs SELECT on open_leads too",
                ) from None
            scores, wordings = metadata.tables["scores"], metadata.tables["score_runs"]
            runs = sa.Table(
                "score_runs", sa.MetaData(), *(sa.Column(c.name, c.type) for c in wordings.c if c.name != WORDING)
            )
            self._tables = _Tables(scores, runs, LeadList(scores, listed, has_search=has_search), wordings)
        return self._tables

    def latest_run(self) -> StoredRun | None:
        """Return the run that was completed last, or None."""
        return self._run(self._completed())

    def _completed(self) -> sa.Select[Any]:
        """Return the runs that were completed, the last one first."""
        runs = self._reflected().runs
        completed = sa.select(runs).where(runs.c.finished_at.is_not(None))
        return completed.order_by(runs.c.started_at.desc(), runs.c.run_id)

    def is_running(self) -> bool:
        """Whether a run was begun after the last completed one and is not completed itself."""
        runs = self._reflected().runs
        newest = self._first(sa.select(runs).order_by(runs.c.started_at.desc(), runs.c.run_id))
        return newest is not None and newest["finished_at"] is None

    def run(self, run_id: str) -> StoredRun | None:
        """Return one run."""
        runs = self._reflected().runs
        return self._run(sa.select(runs).where(runs.c.run_id == run_id))

    def wording(self, run_id: str) -> ScoreWording | None:
        """Return what a run's scores are worded by; None where the run does not say, as older ones."""
        wordings = self._reflected().wordings
        if WORDING not in wordings.c:
            return None
        row = self._first(sa.select(wordings.c[WORDING]).where(wordings.c.run_id == run_id))
        return None if row is None or row[WORDING] is None else ScoreWording.model_validate(row[WORDING])

    def current(self, lead_id: str) -> Row | None:
        """Return a lead's newest score (latest as-of time; of several models the one that ran last), or None."""
        rows = self._scores_of(lead_id, limit=1)
        return rows[0] if rows else None

    def history(self, lead_id: str, *, limit: int = 500) -> list[Row]:
        """Return a lead's scores, newest first."""
        return self._scores_of(lead_id, limit=limit)

    def _scores_of(self, lead_id: str, *, limit: int) -> list[Row]:
        if "\0" in lead_id:  # PostgreSQL cannot even be asked
            return []
        tables = self._reflected()
        scores, runs = tables.scores, tables.runs
        joined = scores.outerjoin(runs, runs.c.run_id == scores.c.run_id)
        newest = (scores.c.as_of.desc(), runs.c.started_at.desc(), scores.c.model_version)
        statement = sa.select(scores).select_from(joined).where(scores.c.lead_id == lead_id).order_by(*newest)
        return self._all(statement.limit(limit))

    def open_leads(self, wanted: LeadsWanted) -> LeadPage:
        """Return open leads of the last run by priority: group, then the probability that cut-offs work on."""
        listed = self._reflected().open_leads
        with self._engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")  # or every question would be answered from a state of its own
            run = connection.execute(self._completed().limit(1)).mappings().first()
            page = listed.page(connection, wanted, (run["counts"] if run is not None else None) or [])
            return replace(page, rows=[_row_in_utc(row) for row in page.rows])

    def _first(self, statement: sa.Select[Any]) -> Row | None:
        rows = self._all(statement.limit(1))
        return rows[0] if rows else None

    def _run(self, statement: sa.Select[Any]) -> StoredRun | None:
        rows = self._all(statement.limit(1))
        try:
            return StoredRun.model_validate(rows[0]) if rows else None
        except ValidationError as error:
            first = error.errors()[0]
            raise InputError(
                expected="a run that says of itself what leadscore wrote", found=first["msg"], table="score_runs",
                column=".".join(str(part) for part in first["loc"]), row=str(rows[0]["run_id"]),
                hint="Run 'leadscore score' again, with the version that serves",
            ) from None  # fmt: skip

    def _all(self, statement: sa.Select[Any]) -> list[Row]:
        with self._engine.connect() as connection:
            return [_row_in_utc(row) for row in connection.execute(statement).mappings()]


def _row_in_utc(row: Mapping[Any, Any]) -> Row:
    return {name: _in_utc(value) for name, value in row.items()}


def _in_utc(value: Any) -> Any:
    """SQLite keeps times without zone: they are UTC."""
    if not isinstance(value, datetime):
        return value
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
