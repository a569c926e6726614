"""The files under one connection: each as a table of text, so that looking twice reads no file twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from pipeline.init.look_at_files import FileLook
from pipeline.source.lead_ids import LEAD_ID_MACROS


class LoadedFiles:
    """The files of one ``leadscore init`` as temporary tables.

    Parameters
    ----------
    con : DuckDBPyConnection
        Gets a table for each file, and the macros that a source's SQL may use.
    looks : sequence of FileLook
        The files as looked at.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, looks: Sequence[FileLook]) -> None:
        self._con, self.looks = con, tuple(looks)
        self._tables = {look.file: f"export_{number}" for number, look in enumerate(looks)}
        for macro in LEAD_ID_MACROS:
            con.execute(macro)
        for look in looks:
            con.execute(f"CREATE OR REPLACE TEMP TABLE {self.table(look)} AS SELECT * FROM {look.relation_at_home}")

    def table(self, look: FileLook) -> str:
        """Return the name of a file's table."""
        return self._tables[look.file]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query over the tables."""
        rows: list[tuple[Any, ...]] = self._con.execute(query).fetchall()
        return rows

    def row(self, query: str) -> tuple[Any, ...]:
        """Return the one row of a query."""
        return self.rows(query)[0]

    def here(self, sql: str) -> str:
        """Return SQL written for the data folder, reading the tables instead of the files."""
        for look in sorted(self.looks, key=lambda one: -len(one.relation)):
            sql = sql.replace(look.relation, self.table(look))
        return sql
