"""What a database says, as a message that a user can act on and that holds no lead and no score."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic.util import CommandError

from features.errors import InputError
from pipeline.score.sinks.store_url import shown

AGAIN = "Nobody reads anything of this run yet. Mend it and run the same command again: it goes on where it stopped"
_OF_VALUES = ("22", "23")
"""Classes of PostgreSQL's error codes whose messages quote what was to be written."""


@contextmanager
def answering(engine: sa.Engine, *, hint: str | None = None) -> Iterator[None]:
    """Turn what a database, its driver or Alembic says into an `InputError`.

    Parameters
    ----------
    engine : Engine
    hint : str, optional
        What to do; by default to look at the store's address, and whether the server runs or the file may be written.
    """
    is_file = engine.dialect.name == "sqlite"
    driver: type[Exception] = engine.dialect.loaded_dbapi.Error
    asked = "Check score.store" + (" and who may write there" if is_file else " and that the server is running")
    try:
        yield
    except (sa.exc.DBAPIError, driver) as error:
        raise InputError(
            expected="a file that can hold the scores" if is_file else "a database that answers",
            found=said_of(error), table=shown(engine.url), hint=hint or asked,
        ) from None  # fmt: skip
    except CommandError as error:
        raise InputError(
            expected="a score store of this version or older", found=_first_line(error), table=shown(engine.url),
            hint="Update leadscore, or give another score.store",
        ) from None  # fmt: skip


def is_twice(error: Exception) -> bool:
    """Whether a database refused a second row of one key."""
    cause = getattr(error, "orig", None) or error
    return getattr(cause, "sqlstate", None) == "23505" or str(cause).startswith("UNIQUE constraint failed")


def said_of(error: Exception) -> str:
    """Return what a database said, in one line; of a refused value, only which rule it breaks."""
    cause: Exception = getattr(error, "orig", None) or error
    state = getattr(cause, "sqlstate", None) or ""
    if state[:2] in _OF_VALUES:
        rule = getattr(getattr(cause, "diag", None), "constraint_name", None)
        return f"a value that it refuses ({f'rule {rule}' if rule else f'code {state}'})"
    return _first_line(cause)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
