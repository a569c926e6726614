"""How a database is opened and asked: the ledger's, and one that is a target itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from features.errors import InputError
from pipeline.score.sinks.store_errors import said_of

_PATIENCE_S = 60
"""How long SQLite waits for somebody else who writes."""


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
        waiting = {"timeout": _PATIENCE_S} if url.get_backend_name() == "sqlite" else {}
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
