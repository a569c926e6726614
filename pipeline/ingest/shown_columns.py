"""The columns that ``show:`` names: kept beside the tables for people to see, in a file that no feature reads."""

from __future__ import annotations

from pathlib import Path

import duckdb

from features.errors import InputError
from features.source_spec import SourceSpec
from pipeline.source.folder import nearest
from pipeline.source.sql import Query, describe, identifier, run

SHOWN = "shown.parquet"
"""``lead_id`` and the columns of ``show:`` as text, one row a lead."""


def load_shown(con: duckdb.DuckDBPyConnection, spec: SourceSpec, query: Query, data_dir: Path) -> None:
    """Keep the shown columns of the leads query as text in ``typed_shown``, by row.

    Raises
    ------
    InputError
        If the query does not give one of them.
    """
    if not spec.show or query.table != "leads":
        return
    types = describe(con, query, data_dir)
    missing = next((name for name in spec.show if name not in types), None)
    if missing is not None:
        near = nearest(missing, types)
        raise InputError(
            expected="this column, which source.yaml names under show",
            found=f"only {', '.join(types)}",
            table="leads",
            column=missing,
            hint=f'Did you mean {near!r}? Write SELECT "{near}" AS {missing}' if near else f"Give it in {query.origin}",
        )
    columns = ", ".join(f"nullif(trim({identifier(name)}::VARCHAR), '') AS {identifier(name)}" for name in spec.show)
    statement = f"CREATE TABLE typed_shown AS SELECT row_number() OVER () AS row, {columns} FROM source_rows"
    run(con, query, statement, data_dir)


def shown_rows(spec: SourceSpec) -> str | None:
    """Return SQL of the shown columns of the leads that were kept, or None where nothing is shown."""
    if not spec.show:
        return None
    columns = ", ".join(f"s.{identifier(name)}" for name in spec.show)
    return f"SELECT lead_id, {columns} FROM typed_shown s JOIN kept_leads USING (row) ORDER BY lead_id"
