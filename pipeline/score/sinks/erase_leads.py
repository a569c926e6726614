"""Leads taken out of the score store: every table of ours that has a row about them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

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
    if deleted:
        _vacuum(url, {*deleted, OPEN_LEADS.name})
    return deleted


def rows_about(
    given: str | None, outputs: Path, values: Collection[str], is_about: Callable[[str, str], bool]
) -> dict[str, int]:
    """Return in how many rows of each table of ours somebody is named.

    Parameters
    ----------
    given : str or None
        ``score.store`` of the settings.
    outputs : Path
        The run's output folder.
    values : collection of str
        Rows without one of these in any text are not looked at.
    is_about : callable
        Whether a column and a text in it name the person.
    """
    url = store_url(given, outputs)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        return {}
    engine = sa.create_engine(url)
    counts: dict[str, int] = {}
    try:
        with engine.connect() as connection:
            for table in _there(connection):
                rows = connection.execute(_rows_with(table, values)).mappings()
                count = sum(any(is_about(*cell) for cell in _texts(row)) for row in rows)
                counts |= {table.name: count} if count else {}
    finally:
        engine.dispose()
    return counts


def _rows_with(table: sa.Table, values: Collection[str]) -> sa.Select[Any]:
    texts = [sa.cast(column, sa.Text) for column in table.c if not isinstance(column.type, sa.Numeric)]
    return sa.select(table).where(
        sa.or_(*(text.contains(value, autoescape=True) for text in texts for value in values))
    )


def _texts(row: sa.RowMapping) -> Iterator[tuple[str, str]]:
    for name, value in row.items():
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, dict | list):
            yield name, json.dumps(value, ensure_ascii=False)


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


def _vacuum(url: sa.URL, tables: Collection[str]) -> None:
    """Write tables anew, so that deleted rows stand in no free room of theirs, and in no statistics of the database."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("VACUUM")
        else:
            for table in sorted(tables):
                connection.exec_driver_sql(f"VACUUM (FULL, ANALYZE) {table}")
            # ANALYZE leaves the old statistics, with values of rows, in free room; a role that may not is skipped
            connection.exec_driver_sql("VACUUM (FULL) pg_catalog.pg_statistic")
    engine.dispose()
