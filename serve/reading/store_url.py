"""The score store's URL as the server uses it: read only; and where that is, without user or password."""

from __future__ import annotations

from urllib.parse import quote

import sqlalchemy as sa

from features.errors import InputError


def read_url(text: str | sa.URL) -> sa.URL:
    """Return a URL to read by; of one that cannot be used, nothing is quoted: it may be a piece of the password.

    Raises
    ------
    InputError
        If it is no URL, or has an ``@`` inside the password.
    """
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        url = None
    if url is None or (not is_file(url) and "@" in f"{url.host}{url.database}"):
        raise InputError(
            expected="a SQLAlchemy URL: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE",
            found="one that cannot be read", table="LEADSCORE_STORE", hint="Write an @ inside the password as %40",
        )  # fmt: skip
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgres", "postgresql") else url


def for_reading(url: sa.URL) -> sa.URL:
    """Return the URL to read by: a missing SQLite file stays missing instead of coming to life empty.

    It is opened for writing where the file allows it: otherwise SQLite could not undo what a killed writer left.
    """
    if not is_file(url):
        return url
    opened = url.set(database=f"file:{quote(url.database or '')}")
    return opened.update_query_dict({"mode": "rw", "uri": "true"})


def shown(url: sa.URL) -> str:
    """Return where a store is, for a message: the dialect, and the host or the file.

    Examples
    --------
    >>> shown(read_url("postgresql://crm:secret@db.example.com/scores")), shown(read_url("sqlite:///a/scores.sqlite"))
    ('postgresql://db.example.com', 'sqlite:///a/scores.sqlite')
    """
    return f"sqlite:///{url.database or ''}" if is_file(url) else f"{url.get_backend_name()}://{url.host or ''}"


def is_file(url: sa.URL) -> bool:
    """Whether the store is a SQLite file."""
    return url.get_backend_name() == "sqlite"
