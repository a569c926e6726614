"""The score store as the server reads it: the one run in force, by reflection, never writing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, ValidationError

from features.errors import InputError
from models.scoring.run_about import RunAbout
from models.scoring.wording import ScoreWording
from serve.reading.open_leads import LeadPage, LeadsWanted
from serve.reading.store_connection import WORDING, StoreConnection, StoreTables

Row = Mapping[str, Any]


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
    sequence : int or None
        Its number: the highest that was not undone is in force. None until it is complete.
    source, out : str or None
        Whose scores they are, and which output folder they were made in; None in runs that do not say.
    undone_at : datetime or None
        When it was taken back.
    """

    model_config = ConfigDict(frozen=True)

    run_id: str
    model_version: str
    cutoff_version: str
    leads: int
    about: RunAbout
    started_at: datetime
    finished_at: datetime | None
    sequence: int | None
    source: str | None
    out: str | None
    undone_at: datetime | None


class StoreState:
    """One state of the store: whatever is asked of it is answered from the same run in force.

    Parameters
    ----------
    connection : Connection
        Whose questions are all answered from one state.
    tables : StoreTables
    """

    def __init__(self, connection: sa.Connection, tables: StoreTables) -> None:
        self._connection, self._tables = connection, tables

    @cached_property
    def run(self) -> StoredRun | None:
        """The run in force, or None."""
        return None if self._row_in_force is None else _read_run(self._row_in_force)

    @cached_property
    def _row_in_force(self) -> Row | None:
        runs = self._tables.runs
        return self._first(sa.select(runs).where(self._is_visible).order_by(runs.c.sequence.desc()))

    @property
    def _is_visible(self) -> sa.ColumnElement[bool]:
        runs = self._tables.runs
        return sa.and_(runs.c.sequence.is_not(None), runs.c.undone_at.is_(None))

    def is_running(self) -> bool:
        """Whether a run was begun and is not complete."""
        runs = self._tables.runs
        return self._first(sa.select(runs.c.run_id).where(runs.c.sequence.is_(None))) is not None

    def run_of(self, row: Row) -> StoredRun | None:
        """Return the run that wrote a score."""
        runs = self._tables.runs
        found = self._first(sa.select(runs).where(runs.c.run_id == row["run_id"]))
        return None if found is None else _read_run(found)

    def current(self, lead_id: str) -> Row | None:
        """Return a lead's score in the run in force, or in the last one before that had the lead; or None."""
        rows = self.history(lead_id, limit=1)
        return rows[0] if rows else None

    def history(self, lead_id: str, *, limit: int = 500) -> list[Row]:
        """Return a lead's scores with the ``sequence`` of their runs, the run in force first, without undone ones."""
        if "\0" in lead_id:  # PostgreSQL cannot even be asked
            return []
        scores, runs = self._tables.scores, self._tables.runs
        joined = scores.join(runs, runs.c.run_id == scores.c.run_id)
        statement = (
            sa.select(scores, runs.c.sequence)
            .select_from(joined)
            .where(scores.c.lead_id == lead_id, self._is_visible)
            .order_by(runs.c.sequence.desc(), scores.c.as_of.desc())
        )
        return self._all(statement.limit(limit))

    def open_leads(self, wanted: LeadsWanted) -> LeadPage:
        """Return open leads of the run in force by priority: group, then the probability that cut-offs work on."""
        run = self._row_in_force
        page = self._tables.open_leads.page(
            self._connection, wanted, (run["counts"] if run is not None else None) or []
        )
        sequence = None if run is None else run["sequence"]
        return replace(page, rows=[_row_in_utc(row) | {"sequence": sequence} for row in page.rows])

    def wording(self, run_id: str) -> ScoreWording | None:
        """Return what a run's scores are worded by; None where the run does not say, as older ones."""
        wordings = self._tables.wordings
        row = self._first(sa.select(wordings.c[WORDING]).where(wordings.c.run_id == run_id))
        return None if row is None or row[WORDING] is None else ScoreWording.model_validate(row[WORDING])

    def _first(self, statement: sa.Select[Any]) -> Row | None:
        rows = self._all(statement.limit(1))
        return rows[0] if rows else None

    def _all(self, statement: sa.Select[Any]) -> list[Row]:
        return [_row_in_utc(row) for row in self._connection.execute(statement).mappings()]


class ScoreReader:
    """Reads ``scores``, ``score_runs`` and ``open_leads``.

    Parameters
    ----------
    url : str or sqlalchemy.URL
        Of the score store. Nothing is opened before the first question.
    """

    def __init__(self, url: str | sa.URL) -> None:
        self._store = StoreConnection(url)

    @property
    def place(self) -> str:
        """Where the store is, without user and password."""
        return self._store.place

    def close(self) -> None:
        """Give the connections back."""
        self._store.close()

    @contextmanager
    def state(self) -> Iterator[StoreState]:
        """Give one state of the store, in which all that a request says hangs together.

        Raises
        ------
        InputError
            If there is no store of this version that can be read.
        """
        with self._store.one_state() as (connection, tables):
            yield StoreState(connection, tables)

    def latest_run(self) -> StoredRun | None:
        """Return the run in force, or None."""
        with self.state() as state:
            return state.run

    def open_leads(self, wanted: LeadsWanted) -> LeadPage:
        """Return a page of the list (`StoreState.open_leads`), where nothing else is asked with it."""
        with self.state() as state:
            return state.open_leads(wanted)

    def wording(self, run_id: str) -> ScoreWording | None:
        """Return what a run's scores are worded by (`StoreState.wording`)."""
        with self.state() as state:
            return state.wording(run_id)


def _read_run(row: Row) -> StoredRun:
    try:
        return StoredRun.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(
            expected="a run that says of itself what leadscore wrote", found=first["msg"], table="score_runs",
            column=".".join(str(part) for part in first["loc"]), row=str(row["run_id"]),
            hint="Run 'leadscore score' again, with the version that serves",
        ) from None  # fmt: skip


def _row_in_utc(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {name: _in_utc(value) for name, value in row.items()}


def _in_utc(value: Any) -> Any:
    """SQLite keeps times without zone: they are UTC."""
    if not isinstance(value, datetime):
        return value
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
