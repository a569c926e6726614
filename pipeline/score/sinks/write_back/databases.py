"""How a database is opened and asked: the ledger's, and one that is a target itself."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from filelock import FileLock, Timeout

from features.errors import InputError
from pipeline.score.sinks.store_errors import said_of

_BUSY_S = 60
"""How long SQLite waits for somebody else who writes."""
_LOCKS = 7_253_200_000
"""PostgreSQL advisory locks of places follow this number."""
LOCK_PATIENCE_S = 5.0
"""How long a job waits for the lock of a place: PostgreSQL notices a little later that a killed one is gone."""


@contextmanager
def opened_engine(url: sa.URL, where: str) -> Iterator[sa.Engine]:
    """Open a database for a while; a missing driver is a message.

    Parameters
    ----------
    url : sqlalchemy.URL
    where : str
        The setting that names it, for messages.
    """
    try:
        waiting = {"timeout": _BUSY_S} if url.get_backend_name() == "sqlite" else {}
        engine = sa.create_engine(url, connect_args=waiting)
    except ModuleNotFoundError as error:
        raise InputError(
            expected="a database driver", found=f"no module {error.name}", table=where,
            hint="Install SQLAlchemy's driver for this database",
        ) from None  # fmt: skip
    except sa.exc.NoSuchModuleError:
        raise InputError(expected="a database that SQLAlchemy knows", found=url.drivername, table=where) from None
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def answering(url: sa.URL, where: str) -> Iterator[None]:
    """Turn what a database says into a message that quotes no row and no password."""
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        raise InputError(
            expected="a database that answers",
            found=said_by(error),
            table=f"{where}: {url.get_backend_name()}://{url.host or url.database or ''}",
            hint="Run the same command again when it does; nothing is sent twice",
        ) from None


def said_by(error: sa.exc.SQLAlchemyError) -> str:
    """Return the first line of what a driver says; SQLAlchemy's own text holds the row."""
    if isinstance(error, sa.exc.IntegrityError | sa.exc.DataError):
        return f"a value that it refuses ({type(error.orig).__name__})"
    return said_of(error)


@contextmanager
def alone_at(engine: sa.Engine, name: str, *, where: str) -> Iterator[None]:
    """Hold the lock of a place in a store's database; a process that dies lets it go.

    Parameters
    ----------
    engine : sqlalchemy.Engine
    name : str
        The place's.
    where : str
        The setting that names it, for messages.

    Raises
    ------
    InputError
        If another job holds it for longer than `LOCK_PATIENCE_S`.
    """
    if engine.dialect.name == "postgresql":
        number = _LOCKS + zlib.crc32(name.encode()) % 1_000_000
        with answering(engine.url, "score.store"), engine.connect() as connection:
            asked, until = sa.text("SELECT pg_try_advisory_lock(:key)"), time.monotonic() + LOCK_PATIENCE_S
            while not connection.execute(asked, {"key": number}).scalar():
                if time.monotonic() > until:
                    raise _two_at_once(where)
                time.sleep(0.1)
            connection.commit()
            yield
        return
    try:
        with FileLock(f"{engine.url.database}.{name}.lock", timeout=LOCK_PATIENCE_S):
            yield
    except Timeout:
        raise _two_at_once(where) from None


def _two_at_once(where: str) -> InputError:
    return InputError(
        expected="one job at a time that writes to this place", found="another one at work",
        table=where, hint="Run the same command again when the other one has ended",
    )  # fmt: skip
