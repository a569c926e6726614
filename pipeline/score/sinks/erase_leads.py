"""Leads taken out of the score store: every table of ours that has a row about them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import sqlalchemy as sa

from pipeline.score.sinks.one_writer import alone
from pipeline.score.sinks.open_leads import list_open_leads
from pipeline.score.sinks.store_tables import METADATA, OPEN_LEADS
from pipeline.score.sinks.store_url import store_url


def erase_leads(given: str | None, outputs: Path, lead_ids: Collection[str]) -> dict[str, int]:
    """Delete all rows about leads, and make the list of open leads anew; what is deleted is overwritten.

    Parameters
    ----------
    given : str or None
        ``score.store`` of the settings.
    outputs : Path
        The run's output folder.
    lead_ids : collection of str

    Returns
    -------
    dict
        Rows that were deleted, by table; empty where there is no store.

    Raises
    ------
    InputError
        If the store cannot be written, or somebody else writes it.
    """
    url = store_url(given, outputs)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        return {}
    with alone(url) as connection:
        deleted = _erased(connection, lead_ids)
    _vacuum(url)
    return deleted


def rows_about(given: str | None, outputs: Path, values: Collection[str]) -> dict[str, int]:
    """Return in how many rows of each table of ours one of some values stands, as a part of any text."""
    url = store_url(given, outputs)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        return {}
    engine = sa.create_engine(url)
    counts: dict[str, int] = {}
    try:
        with engine.connect() as connection:
            for table in _there(connection):
                texts = [sa.cast(column, sa.Text) for column in table.c]
                holds = [text.contains(value, autoescape=True) for text in texts for value in values]
                count = connection.execute(sa.select(sa.func.count()).select_from(table).where(sa.or_(*holds)))
                counts |= {table.name: found} if (found := int(count.scalar_one())) else {}
    finally:
        engine.dispose()
    return counts


def _there(connection: sa.Connection) -> list[sa.Table]:
    names = set(sa.inspect(connection).get_table_names())
    return [table for table in METADATA.sorted_tables if table.name in names]


def _erased(connection: sa.Connection, lead_ids: Collection[str]) -> dict[str, int]:
    deleted = {}
    with connection.begin():
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete = ON")
        for table in _there(connection):
            if "lead_id" in table.c and table is not OPEN_LEADS:
                statement = sa.delete(table).where(table.c.lead_id.in_(list(lead_ids)))
                deleted[table.name] = connection.execute(statement).rowcount
        list_open_leads(connection)
    return {name: rows for name, rows in deleted.items() if rows}


def _vacuum(url: sa.URL) -> None:
    """Give the room of deleted rows back, so that they stand in no free page."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("VACUUM")
    engine.dispose()
