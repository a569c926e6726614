"""One writer at a time: the connection by which a store is changed, and which nobody else has meanwhile."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from filelock import FileLock, Timeout

from features.errors import InputError
from pipeline.score.sinks.store_errors import answering
from pipeline.score.sinks.store_url import shown

PATIENCE_S = 60.0
"""How long a writer waits for another one, and for whoever else locks what it writes."""
_LOOK_EVERY_S = 0.2
_KEY = 7_253_101_847
"""PostgreSQL advisory lock of who writes."""
_KEEPALIVE_S = 30
"""After so long a writer whose machine is gone loses the lock, instead of after two hours."""


@contextmanager
def alone(url: sa.URL) -> Iterator[sa.Connection]:
    """Give a connection by which nobody else writes; it begins and ends a transaction where it is told to.

    On PostgreSQL the lock is the connection's: who has lost the connection has lost the lock. On SQLite it is a file
    beside the store, free again when a process dies; others go on reading.

    Raises
    ------
    InputError
        If another writer is still at work after `PATIENCE_S`, or the database does not answer.
    """
    engine = create_engine(url)
    try:
        with answering(engine):
            if engine.dialect.name == "sqlite":
                with _file_lock(url), _read_meanwhile(engine), engine.connect() as connection:
                    yield connection
            else:
                with engine.connect() as connection:
                    _take_advisory_lock(connection)
                    yield connection
    finally:
        engine.dispose()


def create_engine(url: sa.URL, *, writes: bool = True) -> sa.Engine:
    """Return the engine by which the job asks a store; values never stand in what it says of an error.

    Raises
    ------
    InputError
        If the driver is not there.
    """
    is_file = url.get_backend_name() == "sqlite"
    waiting: dict[str, Any] = {"timeout": PATIENCE_S} if is_file else {}
    try:
        engine = sa.create_engine(url, connect_args=waiting, hide_parameters=True, poolclass=sa.NullPool)
    except ModuleNotFoundError as error:
        raise InputError(
            expected="a database driver", found=f"no module {error.name}", table="score.store",
            hint="Install it: pip install 'leadscore[postgres]'",
        ) from None  # fmt: skip
    except sa.exc.NoSuchModuleError:
        raise InputError(
            expected="sqlite:///FILE or postgresql://…", found=f"{url.drivername}://…", table="score.store"
        ) from None
    if is_file and writes:
        sa.event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
        # The driver would begin no transaction for changes of tables, and a migration could stop half-way.
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _take_advisory_lock(connection: sa.Connection) -> None:
    milliseconds = int(PATIENCE_S * 1_000)
    with connection.begin():
        connection.exec_driver_sql(f"SET lock_timeout = {milliseconds}")
        for setting in ("idle", "interval"):
            connection.exec_driver_sql(f"SET tcp_keepalives_{setting} = {_KEEPALIVE_S}")
    until = time.monotonic() + PATIENCE_S
    while True:
        with connection.begin():
            if connection.execute(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": _KEY}).scalar_one():
                return
        if time.monotonic() > until:
            raise _busy(connection.engine.url)
        time.sleep(_LOOK_EVERY_S)


@contextmanager
def _file_lock(url: sa.URL) -> Iterator[None]:
    if not url.database or url.database == ":memory:":
        yield
        return
    file = Path(url.database)
    try:
        lock = FileLock(file.parent / f".{file.name}.lock", timeout=PATIENCE_S).acquire(poll_interval=_LOOK_EVERY_S)
    except Timeout:
        raise _busy(url) from None
    except OSError as error:
        raise InputError(
            expected="a folder for the score store that can be written to",
            found=error.strerror or type(error).__name__,
            table=shown(url),
            hint="Check score.store and who may write there",
        ) from None
    with lock:
        yield


def _busy(url: sa.URL) -> InputError:
    return InputError(
        expected="nobody else writing scores", found=f"another writer, still at work after {PATIENCE_S:g} s",
        table=shown(url), hint="Wait until it has ended and run the same command again",
    )  # fmt: skip


@contextmanager
def _read_meanwhile(engine: sa.Engine) -> Iterator[None]:
    """Let others read a SQLite file while it is written; then it is one file again, unless somebody has it open."""
    _set_journal(engine, "WAL")
    try:
        yield
    finally:
        with suppress(sqlite3.OperationalError, sa.exc.DBAPIError):
            _set_journal(engine, "DELETE", patience_ms=0)


def _set_journal(engine: sa.Engine, mode: str, patience_ms: int | None = None) -> None:
    """Change the journal outside of any transaction, as SQLite asks."""
    connection: Any = engine.raw_connection()
    try:
        if patience_ms is not None:
            connection.execute(f"PRAGMA busy_timeout = {patience_ms}")
        connection.execute(f"PRAGMA journal_mode = {mode}").fetchone()
    finally:
        connection.close()
