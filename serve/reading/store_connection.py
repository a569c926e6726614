"""How the server asks the score store: in one state a request, never writing, with a message where it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import sqlalchemy as sa

from features.errors import InputError
from serve.reading.open_leads import SEARCH, LeadList
from serve.reading.store_url import for_reading, is_file, read_url, shown

WORDING = "wording"
NEEDED = {"open_leads": "run_id", "score_runs": "undone_at"}
"""A column that tables of this version have, and earlier ones had not."""


class StoreTables(NamedTuple):
    """The tables as they lie in the store."""

    scores: sa.Table
    runs: sa.Table
    open_leads: LeadList
    wordings: sa.Table
    """The runs with what their scores are worded by, which is long and seldom needed."""


class StoreConnection:
    """Opens the score store for reading.

    A SQLite file is opened anew by each request: so one that was put in the place of another is noticed. It is opened
    in a way in which SQLite may undo what a killed writer has left half-way, and every statement is refused that would
    write.

    Parameters
    ----------
    url : str or sqlalchemy.URL
        Nothing is opened before the first question.
    """

    def __init__(self, url: str | sa.URL) -> None:
        parsed = read_url(url)
        self.place = shown(parsed)
        """Where the store is, without user and password."""
        self._is_file = is_file(parsed)
        if self._is_file:
            self.engine = sa.create_engine(for_reading(parsed), hide_parameters=True, poolclass=sa.NullPool)
            sa.event.listen(self.engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only = ON"))
        else:
            self.engine = sa.create_engine(
                for_reading(parsed), hide_parameters=True, pool_pre_ping=True, isolation_level="REPEATABLE READ"
            )
        self._tables: StoreTables | None = None

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    @contextmanager
    def one_state(self) -> Iterator[tuple[sa.Connection, StoreTables]]:
        """Give a connection whose questions are all answered from one state of the store, and the store's tables.

        Raises
        ------
        InputError
            If there is no store of this version that can be read.
        """
        tables = self._tables if self._tables is not None else self._reflected()
        try:
            with self.engine.connect() as connection:
                if self._is_file:
                    connection.exec_driver_sql("BEGIN")  # or every question would be answered from a state of its own
                yield connection, tables
        except sa.exc.DBAPIError as error:
            self._tables = None  # whatever lies there now may have other tables
            raise self._unreadable(error) from None

    def _reflected(self) -> StoreTables:
        metadata = sa.MetaData()
        try:
            metadata.reflect(self.engine, only=["scores", "score_runs"])
        except (sa.exc.InvalidRequestError, sa.exc.DBAPIError) as error:
            raise self._missing(error) from None
        try:
            metadata.reflect(self.engine, only=["open_leads"])
            if not all(column in metadata.tables[table].c for table, column in NEEDED.items()):
                raise self._earlier()
            listed = metadata.tables["open_leads"]
            with self.engine.connect() as connection:
                connection.execute(sa.select(listed).where(sa.false()))
                inspected = sa.inspect(connection)
                has_search = connection.dialect.name == "postgresql" or inspected.has_table(SEARCH)
        except (sa.exc.InvalidRequestError, sa.exc.DBAPIError):
            raise self._earlier() from None
        scores, wordings = metadata.tables["scores"], metadata.tables["score_runs"]
        runs = sa.Table(
            "score_runs", sa.MetaData(), *(sa.Column(c.name, c.type) for c in wordings.c if c.name != WORDING)
        )
        self._tables = StoreTables(scores, runs, LeadList(scores, listed, has_search=has_search), wordings)
        return self._tables

    def _missing(self, error: Exception) -> InputError:
        if self._is_file and _needs_a_writer(error):
            return self._unreadable(error)
        return InputError(
            expected="a score store with scores in it",
            found=f"none that can be read in {self.place}{_in_brackets(error)}",
            hint="Run 'leadscore score' first, or set LEADSCORE_STORE to where the scores are",
        )

    def _earlier(self) -> InputError:
        return InputError(
            expected="a score store of this version with the table open_leads, and the right to read it",
            found=f"none that can be read in {self.place}",
            hint="Run 'leadscore score' again: it brings the store of an earlier version up to date. "
            "On PostgreSQL the server's role needs SELECT on open_leads too",
        )

    def _unreadable(self, error: Exception) -> InputError:
        if self._is_file and _needs_a_writer(error):
            return InputError(
                expected="a score store that is whole", found=f"one that a killed job left half-way in {self.place}",
                hint="Nothing is lost. Let the server's user write to the file and its folder, or run "
                "'leadscore score': either one puts it right",
            )  # fmt: skip
        return InputError(
            expected="a score store that answers", found=_said(error), table=self.place,
            hint="Try again; if it stays so, look whether the database runs, and who may read it",
        )  # fmt: skip


def _needs_a_writer(error: Exception) -> bool:
    """Whether SQLite would have to write to undo what is half-way, and may not."""
    name: Any = getattr(getattr(error, "orig", None), "sqlite_errorname", "")
    return str(name).startswith(("SQLITE_READONLY_", "SQLITE_CANTOPEN_", "SQLITE_IOERR"))


def _in_brackets(error: Exception) -> str:
    return f" ({_said(error)})" if isinstance(error, sa.exc.DBAPIError) else ""


def _said(error: Exception) -> str:
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
