"""Lead ids that stand in no lead, and the other column of the leads that holds them: how they come to their leads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import duckdb
import pyarrow as pa

from features.tables.row_contracts import REASONS, Table
from pipeline.source.database import Export, open_for_source, running
from pipeline.source.sql import Query, describe, find_queries, identifier, literal, run

NO_LEAD = "no such lead"
MOST_IDS = 100_000
"""Unknown ids that are looked up among the columns of leads; of more, the first in their order."""

Pairs: TypeAlias = pa.Table
"""``other_id``, ``lead_id``: an unknown id and the lead that it belongs to."""
NO_PAIRS: Pairs = pa.table({"other_id": pa.array([], pa.string()), "lead_id": pa.array([], pa.string())})


def load_wide_leads(con: duckdb.DuckDBPyConnection, query: Query, data_dir: Path) -> None:
    """Keep every column of the leads query as text, declared or not, in ``wide_leads``."""
    if query.table == "leads":
        types = describe(con, query, data_dir)
        columns = ", ".join(f"nullif(trim({identifier(name)}::VARCHAR), '') AS {identifier(name)}" for name in types)
        statement = f"CREATE TABLE wide_leads AS SELECT row_number() OVER () AS __row, {columns} FROM source_rows"
        run(con, query, statement, data_dir)


class UnknownIds:
    """The rejected rows whose lead is unknown, looked up among all columns of the leads when the first asks.

    Parameters
    ----------
    con : DuckDBPyConnection
        Holds ``rejects``.
    wide : callable
        Opens the database that holds ``wide_leads``; closed by whoever opened it.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, wide: Callable[[], duckdb.DuckDBPyConnection]) -> None:
        self._con, self._open = con, wide

    @cached_property
    def _wide(self) -> duckdb.DuckDBPyConnection:
        return self._open()

    def pairs(self) -> Pairs:
        """Return the unknown ids that a column of leads holds, each with its lead."""
        parts = [NO_PAIRS]
        for table in self._tables():
            columns = self.columns(table)
            parts += [_pairs(self._wide, columns[0][0])] if columns else []
        return pa.concat_tables(parts)

    def columns(self, table: str) -> list[tuple[str, int]]:
        """Return the columns of leads that hold unknown ids of a table, with how many of them, the fullest first."""
        wide = self._wide
        wide.register("sought", self._ids(table))
        names = [n for n, *_ in wide.execute("DESCRIBE wide_leads").fetchall() if n not in ("__row", "lead_id")]
        counts = [(name, _count(wide, name)) for name in names]
        return sorted((pair for pair in counts if pair[1]), key=lambda pair: -pair[1])

    def hint(self, table: Table) -> str:
        """Say how the rows of unknown ids come to their leads."""
        return how_to_map(table, self._ids(table).num_rows, self.columns(table))

    def _tables(self) -> list[str]:
        query = f'SELECT DISTINCT "table" FROM rejects WHERE reason = {literal(NO_LEAD)} ORDER BY ALL'
        return [table for (table,) in self._con.execute(query).fetchall()]

    def _ids(self, table: str) -> pa.Table:
        return self._con.sql(
            f'SELECT DISTINCT lead_id AS id FROM rejects WHERE reason = {literal(NO_LEAD)} AND "table" = '
            f"{literal(table)} ORDER BY id LIMIT {MOST_IDS}"
        ).to_arrow_table()


def _count(wide: duckdb.DuckDBPyConnection, name: str) -> int:
    query = f"SELECT count(*) FROM sought SEMI JOIN wide_leads ON id = {identifier(name)}"
    return int(wide.execute(query).fetchall()[0][0])


def _pairs(wide: duckdb.DuckDBPyConnection, column: str) -> Pairs:
    return wide.sql(
        f"SELECT {identifier(column)} AS other_id, lead_id FROM wide_leads SEMI JOIN sought ON id = "
        f"{identifier(column)} WHERE lead_id IS NOT NULL ORDER BY ALL"
    ).to_arrow_table()


def how_to_map(table: Table, ids: int, columns: list[tuple[str, int]]) -> str:
    """Say how the rows of unknown ids come to their leads.

    Examples
    --------
    >>> how_to_map("events", 3, [("contact_id", 3)])[:58]
    "All 3 of the unknown ids stand in column 'contact_id' of l"
    >>> how_to_map("events", 3, [])[:30]
    'Compare how both tables write '
    """
    if not columns:
        return (
            f"{REASONS[NO_LEAD].hint}. None of the {ids:,} unknown ids stands in any column that leads.sql gives: find "
            f"the export that holds both ids (contacts, accounts, merged leads) and join through it in {table}.sql"
        )
    column, n = columns[0]
    many = "All " if n == ids else ""
    return (
        f"{many}{n:,} of the unknown ids stand in column {column!r} of leads.sql. Map them in {table}.sql: "
        f"SELECT t.* REPLACE (coalesce(l.lead_id, t.lead_id) AS lead_id) FROM (TODAY'S {table}.sql) t "
        f"LEFT JOIN (TODAY'S leads.sql) l ON l.{identifier(column)} = t.lead_id"
    )


@contextmanager
def wide_leads_beside(export: Export, database: Path) -> Iterator[Callable[[], duckdb.DuckDBPyConnection]]:
    """Hold what opens a database of its own with ``wide_leads``; nothing is read before it is asked for."""
    opened: list[duckdb.DuckDBPyConnection] = []

    def wide() -> duckdb.DuckDBPyConnection:
        con = open_for_source(database, export)
        opened.append(con)
        with running(con, export):
            load_wide_leads(con, find_queries(export.source, export.folder)["leads"], export.folder)
        return con

    try:
        yield wide
    finally:
        for con in opened:
            con.close()
