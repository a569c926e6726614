"""The score store: a database into which a run is written whole; repeated, it changes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, Self

import pandas as pd
import pyarrow as pa
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from features.errors import InputError
from models.scoring.score_columns import KEY
from pipeline.score.sinks.keepable_rows import keepable
from pipeline.score.sinks.open_leads import list_open_leads
from pipeline.score.sinks.score_rows_in import insert_or, upsert
from pipeline.score.sinks.sink import ScoreRun
from pipeline.score.sinks.store_tables import METADATA, SCORE_RUNS, SCORES
from pipeline.score.sinks.store_url import address, read_url, shown, sqlite_url

STORE_VARIABLE = "LEADSCORE_STORE"
"""Environment variable with the store's URL, where ``score.store`` is not set; the server reads the same."""
_MIGRATION_LOCK = 7_253_101_846
"""PostgreSQL advisory lock: two runs that start at once migrate one after the other."""
_WRITE_LOCK = 7_253_101_847
"""PostgreSQL advisory lock: two runs that write at once write one after the other. On SQLite, the file is the lock."""
_PATIENCE_S = 600
"""How long a run waits on SQLite for another one that writes."""


class ScoreStore:
    """The tables ``scores``, ``score_runs`` and ``open_leads`` in SQLite or PostgreSQL: a sink (`sink.Sink`).

    Parameters
    ----------
    url : str or sqlalchemy.URL
        ``sqlite:///FILE`` or ``postgresql://…``. Nothing is opened before the first question, and only `write` creates
        or migrates tables.

    Raises
    ------
    InputError
        If the URL cannot be used. Whatever opens the store raises it too: if nothing answers there, or a newer
        leadscore wrote the store.
    """

    def __init__(self, url: str | sa.URL) -> None:
        self._url = read_url(url)

    @classmethod
    def from_settings(cls, given: Mapping[str, Any], outputs: Path) -> Self:
        """Return the store as set, else as the environment says, else a SQLite file beside the outputs."""
        url = given["url"] or os.environ.get(STORE_VARIABLE) or sqlite_url(outputs / "scores.sqlite")
        return cls(url)

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
        """Write one run's scores and the list of open leads in one transaction.

        Until its end, and where it is broken off, everybody reads what was there before. Rows already there with equal
        content keep their ``scored_at``. The store is created or migrated first.

        Returns
        -------
        int
            Rows that are new or differ from what was there.

        Raises
        ------
        InputError
            If a lead id cannot be kept in a database, or a lead stands twice at one as-of time.
        """
        began = monotonic()
        with self._engine() as engine:
            self._migrate(engine)
            with _read_meanwhile(engine):
                _record_begin(engine, run, started_at=now)
                with engine.begin() as connection:
                    if engine.dialect.name == "postgresql":
                        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITE_LOCK})
                    changed = upsert(connection, keepable(scores), now=now, on_rows=on_rows or (lambda _: None))
                    _record_end(connection, run, started_at=now, took_s=monotonic() - began)
                    list_open_leads(connection)
        return changed

    def holds(self, run: ScoreRun) -> bool:
        """Whether a finished run is here with all its scores; a store that is not there holds none and stays away."""
        if not self._is_there():
            return False
        finished = sa.select(SCORE_RUNS.c.run_id).where(
            SCORE_RUNS.c.run_id == run.run_id, SCORE_RUNS.c.finished_at.is_not(None)
        )
        with self._engine() as engine, self._answering(), engine.connect() as connection:
            if not all(sa.inspect(connection).has_table(table.name) for table in METADATA.tables.values()):
                return False
            return connection.execute(finished).first() is not None and _rows_of(connection, run) == run.about.leads

    def read(self) -> pd.DataFrame:
        """Return the whole history: one row a score, ordered by lead, as-of time and model version."""
        statement = sa.select(SCORES).order_by(*(SCORES.c[name] for name in KEY))
        with self._engine() as engine, engine.connect() as connection:
            rows = [row._asdict() for row in connection.execute(statement)]
        return pd.DataFrame(rows, columns=[c.name for c in SCORES.columns])

    def runs(self) -> list[dict[str, Any]]:
        """Return the runs that wrote here, oldest first."""
        statement = sa.select(SCORE_RUNS).order_by(SCORE_RUNS.c.started_at, SCORE_RUNS.c.run_id)
        with self._engine() as engine, engine.connect() as connection:
            return [row._asdict() for row in connection.execute(statement)]

    def migrate(self) -> None:
        """Create the tables, or bring those of an older version up to date.

        Raises
        ------
        InputError
            If nothing answers, or a newer leadscore wrote the store.
        """
        with self._engine() as engine:
            self._migrate(engine)

    def _migrate(self, engine: sa.Engine) -> None:
        config = Config()
        # The path is data: a percent sign in it must not be read as interpolation.
        folder = str(Path(__file__).resolve().parent / "migrations").replace("%", "%%")
        config.set_main_option("script_location", folder)
        _make_folder(self._url)
        with self._answering(), engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def _is_there(self) -> bool:
        """Whether there is something to ask: opening a SQLite file that is missing would create it."""
        return self._url.get_backend_name() != "sqlite" or Path(self._url.database or "").is_file()

    @contextmanager
    def _engine(self) -> Iterator[sa.Engine]:
        engine = _create_engine(self._url)
        try:
            yield engine
        finally:
            engine.dispose()

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Turn what the driver or Alembic says at the first question into a message."""
        is_file = self._url.get_backend_name() == "sqlite"
        try:
            yield
        except sa.exc.DatabaseError as error:
            raise InputError(
                expected="a file that can hold the scores" if is_file else "a database that answers",
                found=_first_line(error),
                table=shown(self._url),
                hint="Check score.store"
                + (" and who may write there" if is_file else " and that the server is running"),
            ) from None
        except CommandError as error:
            raise InputError(
                expected="a score store of this version or older",
                found=_first_line(error),
                table=shown(self._url),
                hint="Update leadscore, or give another score.store",
            ) from None


def _record_begin(engine: sa.Engine, run: ScoreRun, *, started_at: datetime) -> None:
    """Say that a run is at work; one that was completed before counts as completed until it is so again."""
    values = _of_run(run, started_at) | {"finished_at": None}
    with engine.begin() as connection:
        insert = insert_or(connection, SCORE_RUNS).values(values)
        update = {name: insert.excluded[name] for name in values if name != "run_id"}
        running = SCORE_RUNS.c.finished_at.is_(None)
        connection.execute(insert.on_conflict_do_update(index_elements=["run_id"], set_=update, where=running))


def _record_end(connection: sa.Connection, run: ScoreRun, *, started_at: datetime, took_s: float) -> None:
    values = _of_run(run, started_at) | {"finished_at": started_at + timedelta(seconds=took_s)}
    connection.execute(sa.update(SCORE_RUNS).where(SCORE_RUNS.c.run_id == run.run_id).values(values))


def _of_run(run: ScoreRun, started_at: datetime) -> dict[str, Any]:
    return {
        "run_id": run.run_id, "model_version": run.model_version, "cutoff_version": run.cutoff_version,
        "leads": run.about.leads, "about": run.about.model_dump(mode="json"), "started_at": started_at,
        "wording": None if run.wording is None else run.wording.model_dump(mode="json"),
    }  # fmt: skip


@contextmanager
def _read_meanwhile(engine: sa.Engine) -> Iterator[None]:
    """Let others read a SQLite file while it is written; then it is one file again, unless somebody has it open."""
    if engine.dialect.name != "sqlite":
        yield
        return
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    try:
        yield
    finally:
        with engine.connect() as connection, suppress(sa.exc.OperationalError):
            connection.exec_driver_sql("PRAGMA busy_timeout = 0")
            connection.exec_driver_sql("PRAGMA journal_mode = DELETE")


def _rows_of(connection: sa.Connection, run: ScoreRun) -> int:
    counted = sa.select(sa.func.count()).select_from(SCORES).where(SCORES.c.run_id == run.run_id)
    return int(connection.execute(counted).scalar_one())


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


def _create_engine(url: sa.URL) -> sa.Engine:
    try:
        waiting = {"timeout": _PATIENCE_S} if url.get_backend_name() == "sqlite" else {}
        return sa.create_engine(url, connect_args=waiting)
    except ModuleNotFoundError as error:
        hint = "Install it: pip install 'leadscore[postgres]'"
        raise InputError(
            expected="a database driver", found=f"no module {error.name}", table="score.store", hint=hint
        ) from None
    except sa.exc.NoSuchModuleError:
        raise InputError(
            expected="sqlite:///FILE or postgresql://…", found=f"{url.drivername}://…", table="score.store"
        ) from None


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
