"""Where the score store is: its URL read, and said again without user or password."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from features.errors import InputError

DIALECTS = ("sqlite", "postgresql")
STORE_VARIABLE = "LEADSCORE_STORE"
"""Environment variable with the store's URL, where ``score.store`` is not set; the server reads the same."""


def sqlite_url(file: Path) -> sa.URL:
    """Return the URL of a SQLite file, whatever characters its path has: in a text, ``?`` and ``%`` mean something.

    Examples
    --------
    >>> sqlite_url(Path("/what?/100%41/scores.sqlite")).database
    '/what?/100%41/scores.sqlite'
    """
    return sa.URL.create("sqlite", database=str(file))


def read_url(text: str | sa.URL) -> sa.URL:
    """Read a score store's URL; ``postgresql://`` means psycopg 3 whatever SQLAlchemy's own default is.

    Raises
    ------
    InputError
        If it is none, of another kind of database, or has an ``@`` inside the password. It quotes nothing of the URL
        but its dialect: where a URL is misread, any other part may be a piece of the password.
    """
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise InputError(
            expected="a SQLAlchemy URL", found="one that cannot be read", table="score.store",
            hint="Write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE",
        ) from None  # fmt: skip
    if url.drivername == "postgres" or url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    dialect = url.get_backend_name()
    if dialect not in DIALECTS:
        raise InputError(
            expected="sqlite:///FILE or postgresql://…", found=f"{url.drivername}://…", table="score.store"
        )
    if dialect != "sqlite" and "@" in f"{url.host}{url.database}":
        raise InputError(
            expected="a URL with one @, before the host", found=f"more of them in a {dialect}:// URL",
            table="score.store", hint="Write an @ inside the password as %40",
        )  # fmt: skip
    return url


def shown(url: sa.URL) -> str:
    """Return where a store is, for a message: the dialect, and the host or the file.

    Examples
    --------
    >>> shown(read_url("postgresql://crm:secret@db.example.com/scores")), shown(read_url("sqlite:///a/scores.sqlite"))
    ('postgresql://db.example.com', 'sqlite:///a/scores.sqlite')
    """
    dialect = url.get_backend_name()
    return f"sqlite:///{url.database or ''}" if dialect == "sqlite" else f"{dialect}://{url.host or ''}"


def address(url: sa.URL, outputs: Path) -> dict[str, Any]:
    """Return where a store is, for ``score.json``: a file among the outputs is named from there, so they can move.

    Examples
    --------
    >>> address(read_url("postgresql://crm:secret@db.example.com/scores"), Path("out"))
    {'dialect': 'postgresql', 'host': 'db.example.com', 'database': 'scores'}
    """
    database = url.database
    if url.get_backend_name() == "sqlite" and database:
        file = Path(database).resolve()
        inside = file.is_relative_to(outputs.resolve())
        database = (file.relative_to(outputs.resolve()) if inside else file).as_posix()
    return {"dialect": url.get_backend_name(), "host": url.host, "database": database}


def store_url(given: str | sa.URL | None, outputs: Path) -> sa.URL:
    """Return the store as set, else as the environment says, else a SQLite file beside the outputs."""
    return read_url(given or os.environ.get(STORE_VARIABLE) or sqlite_url(outputs / "scores.sqlite"))


def for_reading(url: sa.URL) -> sa.URL:
    """Return the URL opened read only: a missing SQLite file stays missing instead of coming to life empty."""
    if url.get_backend_name() != "sqlite":
        return url
    opened = url.set(database=f"file:{quote(url.database or '')}")
    return opened.update_query_dict({"mode": "ro", "uri": "true"})
