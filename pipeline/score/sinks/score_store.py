"""The score store: a database that holds every run whole, and one list of the run in force."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any, Self

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from features.errors import InputError
from pipeline.score.sinks.keepable_rows import keepable, keys_of, without
from pipeline.score.sinks.one_writer import alone, create_engine
from pipeline.score.sinks.open_leads import list_open_leads
from pipeline.score.sinks.runs import (
    begin,
    count_rows,
    discard,
    discard_broken_off,
    in_force,
    make_visible,
    mark_undone,
    refuse_other_owner,
    run_row,
)
from pipeline.score.sinks.score_rows_in import insert, transactions
from pipeline.score.sinks.sink import ScoreRun, Undone, UndoNote
from pipeline.score.sinks.store_errors import AGAIN, answering, is_twice
from pipeline.score.sinks.store_tables import METADATA, SCORE_LOG, SCORE_RUNS, SCORES
from pipeline.score.sinks.store_url import address, read_url, shown, store_url


class ScoreStore:
    """The tables ``scores``, ``score_runs`` and ``open_leads`` in SQLite or PostgreSQL: a sink (`sink.Sink`).

    Parameters
    ----------
    url : str or sqlalchemy.URL
        ``sqlite:///FILE`` or ``postgresql://…``. Nothing is opened before the first question, and only `write` and
        `undo` create or migrate tables.
    takes_over : bool
        Whether a run may take the place of one of another source or another output folder.

    Raises
    ------
    InputError
        If the URL cannot be used. Whatever opens the store raises it too: if nothing answers there, a newer
        leadscore wrote the store, or somebody else is writing.
    """

    def __init__(self, url: str | sa.URL, *, takes_over: bool = False) -> None:
        self._url, self._takes_over = read_url(url), takes_over

    @classmethod
    def from_settings(cls, given: Mapping[str, Any], outputs: Path) -> Self:
        """Return the store as set, else as the environment says, else a SQLite file beside the outputs."""
        return cls(store_url(given["url"], outputs), takes_over=bool(given.get("takes_over")))

    @property
    def url(self) -> sa.URL:
        """Where the store is, password included: not for messages."""
        return self._url

    def place(self, outputs: Path) -> dict[str, Any]:
        """Return where the store is: dialect, host, and the database or the file."""
        return address(self._url, outputs)

    def write(
        self,
        scores: Iterable[pa.RecordBatch],
        run: ScoreRun,
        *,
        now: datetime,
        on_rows: Callable[[int], None] | None = None,
    ) -> int:
        """Write one run's scores, some in each transaction, and put the run in force in the last one.

        Until then everybody reads what was there before. What an earlier try has left is not sent again. The store is
        created or migrated first.

        Returns
        -------
        int
            Rows that were sent.

        Raises
        ------
        InputError
            If a lead id cannot be kept in a database, a lead stands twice at one as-of time, or the store's list is of
            another source or output folder.
        """
        began = monotonic()
        with self._writing(hint=AGAIN) as connection:
            with connection.begin():
                if not self._takes_over:
                    refuse_other_owner(connection, run, place=shown(self._url))
                begin(connection, run, started_at=now)
                there = keys_of(connection, run.run_id)
            given = _Counted(keepable(scores))
            sent = _send(connection, without(given, there), now, on_rows or (lambda _: None))
            with connection.begin():
                whole = count_rows(connection, run.run_id) == given.rows
                if whole:
                    _put_in_force(connection, run, changed=sent > 0, at=now, took_s=monotonic() - began)
                else:
                    discard(connection, run.run_id)
        if not whole:
            raise InputError(
                expected="the rows that this run has begun to write", found="others", table=shown(self._url),
                hint="They were taken away: run the same command again",
            )  # fmt: skip
        return sent

    def holds(self, run: ScoreRun) -> bool:
        """Whether a finished run is here with all its scores, in force or undone, and not hidden by another.

        A store that is not there holds none and stays away.
        """
        if not self._is_there():
            return False
        with self._asking() as connection:
            if not all(sa.inspect(connection).has_table(table.name) for table in METADATA.tables.values()):
                return False
            known, current = run_row(connection, run.run_id), in_force(connection)
            if known is None or known.sequence is None or count_rows(connection, run.run_id) != run.about.leads:
                return False
            return known.undone_at is not None or (current is not None and current.run_id == run.run_id)

    def undo(self, run_id: str, note: UndoNote) -> Undone:
        """Take a finished run back: the list is again that of the run in force before; its scores stay, marked.

        A run that is not in force is marked as well: the list stays, and the run no longer counts when a later one is
        taken back.

        Raises
        ------
        InputError
            If no finished run of that name is here.
        """
        if not self._is_there():
            raise InputError(
                expected="a score store with runs in it", found="none", table=shown(self._url),
                hint="Give the same --out, --params and --set as to 'leadscore score'",
            )  # fmt: skip
        with self._writing(hint="Nothing was taken back: run the same command again") as connection, connection.begin():
            before = in_force(connection)
            mark_undone(connection, run_id, note)
            was_in_force = before is not None and before.run_id == run_id
            if was_in_force:
                discard_broken_off(connection)  # what changed in them was beside the run that is taken back
                list_open_leads(connection)
            now = in_force(connection)
            if now is None:
                return Undone(None, was_in_force, ("There is no run before it: the list is empty.",))
            rows = count_rows(connection, now.run_id)
            lost = (f"Run {now.run_id} has {rows} of its {now.leads} scores left.",) if rows < now.leads else ()
            return Undone(now.run_id, was_in_force, lost)

    def read(self) -> pd.DataFrame:
        """Return the whole history: one row a score, ordered by lead, as-of time and run."""
        statement = sa.select(SCORES).order_by(SCORES.c.lead_id, SCORES.c.as_of, SCORES.c.run_id)
        with self._asking() as connection:
            rows = [row._asdict() for row in connection.execute(statement)]
        return pd.DataFrame(rows, columns=[c.name for c in SCORES.columns])

    def runs(self) -> list[dict[str, Any]]:
        """Return the runs that wrote here, in the order in which they became visible; unfinished ones last."""
        statement = sa.select(SCORE_RUNS).order_by(SCORE_RUNS.c.sequence.nulls_last(), SCORE_RUNS.c.run_id)
        with self._asking() as connection:
            return [row._asdict() for row in connection.execute(statement)]

    def log(self) -> list[dict[str, Any]]:
        """Return what changed the run in force: who, when and why, oldest first."""
        with self._asking() as connection:
            return [row._asdict() for row in connection.execute(sa.select(SCORE_LOG).order_by(SCORE_LOG.c.entry))]

    def migrate(self) -> None:
        """Create the tables, or bring those of an older version up to date.

        Raises
        ------
        InputError
            If nothing answers, or a newer leadscore wrote the store.
        """
        with self._writing():
            pass

    @contextmanager
    def _writing(self, *, hint: str | None = None) -> Iterator[sa.Connection]:
        """Give the connection of the one who writes, to a store that is up to date."""
        _make_folder(self._url)
        with alone(self._url) as connection:
            _migrate(connection)
            with answering(connection.engine, hint=hint):
                yield connection

    def _is_there(self) -> bool:
        """Whether there is something to ask: opening a SQLite file that is missing would create it."""
        return self._url.get_backend_name() != "sqlite" or Path(self._url.database or "").is_file()

    @contextmanager
    def _asking(self) -> Iterator[sa.Connection]:
        engine = create_engine(self._url, writes=False)
        try:
            with answering(engine), engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()


class _Counted:
    """Batches, and how many rows they had as far as they were given on."""

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self._batches, self.rows = batches, 0

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            self.rows += batch.num_rows
            yield batch


def _put_in_force(connection: sa.Connection, run: ScoreRun, *, changed: bool, at: datetime, took_s: float) -> None:
    """Let everybody read a whole run from the end of this transaction on; one in force already stays as it is."""
    current = in_force(connection)
    is_current = current is not None and current.run_id == run.run_id
    if not is_current:
        make_visible(connection, run, at=at, took_s=took_s)
        discard_broken_off(connection)
    if changed or not is_current:
        list_open_leads(connection)


def _send(
    connection: sa.Connection, batches: Iterable[pa.RecordBatch], now: datetime, on_rows: Callable[[int], None]
) -> int:
    """Write rows, each some in a transaction of their own."""
    sent = 0
    for rows in transactions(batches):
        try:
            with connection.begin():
                insert(connection, rows, now)
        except Exception as error:
            if is_twice(error):
                raise InputError(
                    expected="one score for each lead and as-of time", found="two of one lead at one time",
                    table="scores", column="lead_id",
                ) from None  # fmt: skip
            raise
        sent += rows.num_rows
        on_rows(rows.num_rows)
    return sent


def _migrate(connection: sa.Connection) -> None:
    config = Config()
    # The path is data: a percent sign in it must not be read as interpolation.
    folder = str(Path(__file__).resolve().parent / "migrations").replace("%", "%%")
    config.set_main_option("script_location", folder)
    with connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _make_folder(url: sa.URL) -> None:
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return
    try:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        in_the_way = isinstance(error, (FileExistsError, NotADirectoryError))
        raise InputError(
            expected="a folder for the score store",
            found="a file in its place" if in_the_way else error.strerror or type(error).__name__,
            table=shown(url),
            hint="Check score.store and who may write there",
        ) from None
