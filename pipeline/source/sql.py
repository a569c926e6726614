"""Running a source's SQL in DuckDB and casting what comes out to the kinds that the contracts name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import duckdb

from features.errors import InputError
from features.source_spec import SourceSpec
from features.tables.row_contracts import FOUND, Kind, Rule, Table, column_rules
from features.tables.written_values import NO, NOTHING, NOTHING_AMONG_FIGURES, YES
from pipeline.settings.disk_faults import disk_fault
from pipeline.source.csv_layout import CSV_ENDINGS, is_csv
from pipeline.source.data_folder import plain_path, too_much
from pipeline.source.folder import TABLES, Source, nearest
from pipeline.source.macros import FIRST_BELIEVED, LAST_BELIEVED
from pipeline.source.sql_errors import broken_row, is_empty, sql_error

JSON_ENDINGS = (".json", ".jsonl", ".ndjson")
"""JSON as one list, or one object a line."""
FILE_ENDINGS = (".parquet", *CSV_ENDINGS, *JSON_ENDINGS)
_LONGEST_QUOTE = 200

_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_NUMBERS = (*_WHOLE, *(f"U{name}" for name in _WHOLE), "FLOAT", "DOUBLE", "DECIMAL")
_TIMES = ("DATE", "TIMESTAMP")
_SCALARS = (*_NUMBERS, *_TIMES, "VARCHAR", "BOOLEAN", "UUID", "ENUM", "JSON", "TIME", "INTERVAL", "BIT", "BIGNUM")
_READABLE: dict[Kind, tuple[str, ...]] = {
    "id": _SCALARS,
    "text": _SCALARS,
    "time": (*_TIMES, "VARCHAR", "ENUM", "JSON"),
    "number": (*_NUMBERS, "VARCHAR", "ENUM", "JSON"),
    "boolean": ("BOOLEAN", *_NUMBERS, "VARCHAR", "ENUM", "JSON"),
}
_WANTED: dict[Kind, str] = {
    "id": "text or whole numbers",
    "text": "text",
    "time": "dates or times",
    "number": "numbers",
    "boolean": "yes/no",
}
_UNREAD_KINDS = ("time", "number", "boolean")
_BELIEVED = f" AND VALUE >= TIMESTAMPTZ '{FIRST_BELIEVED}' AND VALUE < TIMESTAMPTZ '{LAST_BELIEVED}-01-01'"
SQL_TYPES: dict[Kind, str] = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "time": "TIMESTAMPTZ",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
}


@dataclass(frozen=True)
class Query:
    """The SELECT that gives one table, and the file a message about it should name."""

    table: Table
    sql: str
    origin: str


def identifier(name: str) -> str:
    """Return a name quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text value quoted for SQL."""
    return "'" + text.replace("'", "''") + "'"


def find_queries(source: Source, data_dir: Path) -> dict[Table, Query]:
    """Return how each table is read: by the source's SQL, else from a file named as the table.

    Raises
    ------
    InputError
        If leads cannot be found, or another table that ``source.yaml`` relies on.
    """
    if not data_dir.is_dir():
        raise InputError(expected="a folder with the company's exports", found=f"no folder {data_dir}")
    queries: dict[Table, Query] = {}
    for name in TABLES:
        table = cast("Table", name)
        query = _query(source, data_dir, table)
        if query is not None:
            queries[table] = query
    _require_tables(source, data_dir, queries)
    return queries


def _query(source: Source, data_dir: Path, table: Table) -> Query | None:
    if table in source.sql:
        return Query(table, _one_select(source.sql[table], f"{table}.sql", data_dir), f"{table}.sql")
    by_name = {file.name.lower(): file for file in sorted(data_dir.iterdir(), reverse=True) if file.is_file()}
    for ending in FILE_ENDINGS:
        file = by_name.get(f"{table}{ending}")
        if file is not None:
            options = ", all_varchar = true" if is_csv(ending) else ""
            reader = {".parquet": "read_parquet", **dict.fromkeys(JSON_ENDINGS, "read_json")}.get(ending, "read_csv")
            return Query(table, f"SELECT * FROM {reader}({literal(plain_path(file.name))}{options})", file.name)
    return None


def _one_select(text: str, origin: str, data_dir: Path) -> str:
    for file in sorted(data_dir.iterdir()):
        if plain_path(file.name) != file.name and f"'{file.name}'" in text:
            raise InputError(
                expected="file names as DuckDB reads them",
                found=f"{file.name!r}, which it takes for a pattern",
                table=origin,
                hint=f"Write {literal(plain_path(file.name))}, or rename the file",
            )
    try:
        statements = duckdb.extract_statements(text)
    except duckdb.Error as error:
        raise sql_error(error, origin) from None
    if len(statements) != 1:
        content = f"{len(statements)} statements" if statements else "nothing"
        raise InputError(expected="one SELECT", found=content, table=origin, hint="Use WITH for steps in between")
    if statements[0].type != duckdb.StatementType.SELECT:
        raise InputError(expected="one SELECT", found=f"a {statements[0].type.name} statement", table=origin)
    return str(statements[0].query)


def _require_tables(source: Source, data_dir: Path, queries: dict[Table, Query]) -> None:
    changing = any(column.known == "changes" for column in source.spec.fit.values())
    needs: dict[Table, str | None] = {
        "leads": "every source needs it",
        "events": "source.yaml declares event families" if source.spec.events else None,
        "changes": "source.yaml declares fit columns with known: changes" if changing else None,
    }
    for table, why in needs.items():
        if why is not None and table not in queries:
            raise InputError(
                expected=f"{table}.sql in the source folder or a file {table}.parquet, .csv, .csv.gz or .json",
                found=f"neither in {source.folder} nor in {data_dir}",
                table=table,
                hint=f"It is needed because {why}",
            )


def load_typed(
    con: duckdb.DuckDBPyConnection, source: Source, query: Query, data_dir: Path, *, most_rows: int | None = None
) -> int:
    """Create ``typed_TABLE``: ``row`` (from 1), the table's columns cast, and the text that could not be read.

    Parameters
    ----------
    con : DuckDBPyConnection
        Open for the source's SQL.
    source, query : Source, Query
        What is read.
    data_dir : Path
        Where its files lie, to say more about a broken one.
    most_rows : int, optional
        ``limits.rows``: of more, nothing is read.

    Returns
    -------
    int
        Number of rows.

    Raises
    ------
    InputError
        If the query fails, gives no rows, lacks a column, or a column's type cannot be used.
    """
    types = describe(con, query, data_dir)
    wanted = ["row_number() OVER () AS row"]
    for name, rule in column_rules(source.spec, query.table).items():
        if name in types:
            _check_type(query, name, rule, types[name])
            wanted += _cast(name, rule, _is_nothing(source.spec, query.table, name, rule))
        elif rule.required:
            raise _missing_column(query, name, types, source, data_dir)
        else:
            wanted.append(f"NULL::{SQL_TYPES[rule.kind]} AS {identifier(name)}")
    limit = "" if most_rows is None else f" LIMIT {most_rows + 1}"
    columns = ", ".join(wanted)
    run(con, query, f"CREATE TABLE typed_{query.table} AS SELECT {columns} FROM source_rows{limit}", data_dir)
    rows = int(con.execute(f"SELECT count(*) FROM typed_{query.table}").fetchall()[0][0])
    if most_rows is not None and rows > most_rows:
        raise too_much(query.origin, "rows", most_rows, "more rows")
    if rows == 0:
        raise InputError(expected="at least one row", found="none", table=query.table, hint=f"Look at {query.origin}")
    return rows


def describe(con: duckdb.DuckDBPyConnection, query: Query, data_dir: Path) -> dict[str, str]:
    """Make the query the view ``source_rows`` and return its columns with DuckDB's types."""
    run(con, query, f"CREATE OR REPLACE TEMP VIEW source_rows AS {query.sql}", data_dir)
    return {name: kind for name, kind, *_ in con.execute("DESCRIBE source_rows").fetchall()}


def run(con: duckdb.DuckDBPyConnection, query: Query, statement: str, data_dir: Path) -> None:
    """Execute a statement over a source's query; what DuckDB says becomes an InputError naming the file."""
    try:
        con.execute(statement)
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        if disk_fault(error) is not None:
            raise
        raise sql_error(error, query.origin, sql=query.sql, data_dir=data_dir, con=con) from None


def _missing_column(query: Query, name: str, types: dict[str, str], source: Source, data_dir: Path) -> InputError:
    broken = broken_row(query.sql, data_dir) if len(types) == 1 else None
    if broken is not None:
        return broken
    near = nearest(name, types)
    hint = f'Did you mean {near!r}? Write SELECT "{near}" AS {name}' if near else None
    if is_empty(query.sql, data_dir):
        hint = f"{query.origin} is empty (0 bytes): export it again"
    elif name in source.spec.fit and not near:
        hint = f"source.yaml declares it under fit: give it in {query.origin}, or remove it there"
    return InputError(
        expected="this column", found=f"only {', '.join(types)}", table=query.table, column=name, hint=hint
    )


def _check_type(query: Query, name: str, rule: Rule, column_type: str) -> None:
    base = column_type.partition("(")[0]
    nested = column_type.endswith("]") or base.startswith(("STRUCT", "MAP", "UNION"))
    if nested or not base.startswith(_READABLE[rule.kind]):
        hint = "Milliseconds since 1970 are read by epoch_to_moment(column, 1000)" if rule.kind == "time" else None
        raise InputError(
            expected=_WANTED[rule.kind],
            found=f"a column of type {column_type}",
            table=query.table,
            column=name,
            hint=hint or f"Cast it in {query.origin}",
        )


def _is_nothing(spec: SourceSpec, table: Table, name: str, rule: Rule) -> str:
    """Return SQL of whether a text stands for a missing value; a word that the source lists as a value does not."""
    word, words, figures = f"lower({_filled(name)})", _listed(NOTHING), _listed((*NOTHING, *NOTHING_AMONG_FIGURES))
    if rule.kind in _UNREAD_KINDS:
        return f"{word} IN ({figures})"
    declared = spec.fit[name].named_values if table == "leads" and name in spec.fit else rule.allowed
    if declared:
        return f"({word} IN ({words}) AND {_filled(name)} NOT IN ({_listed(declared)}))"
    if (table, name) != ("changes", "value"):
        return f"{word} IN ({words})"
    changing = {field: column for field, column in spec.fit.items() if column.known == "changes"}
    of_figures = _listed(tuple(field for field, column in changing.items() if column.type in _UNREAD_KINDS)) or "NULL"
    named = "".join(
        f" AND NOT (field = {literal(field)} AND value IN ({_listed(column.named_values)}))"
        for field, column in changing.items()
        if column.named_values
    )
    return f"(({word} IN ({words}){named}) OR coalesce(field IN ({of_figures}) AND {word} IN ({figures}), false))"


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(literal(word) for word in words)


def _filled(name: str) -> str:
    return f"nullif(trim({identifier(name)}::VARCHAR), '')"


def _cast(name: str, rule: Rule, is_nothing: str) -> list[str]:
    """Return the SELECT items of one column: its typed value and, where it is cast, the text that was unreadable."""
    column, filled = identifier(name), _filled(name)
    if rule.kind == "id":
        return [f"CASE WHEN {filled} IS NOT NULL THEN {column}::VARCHAR END AS {column}"]
    if rule.kind == "text":
        return [f"CASE WHEN {filled} IS NOT NULL AND NOT {is_nothing} THEN {column}::VARCHAR END AS {column}"]
    if rule.kind == "boolean":
        yes, no = (f"lower({filled}) IN ({_listed(words)})" for words in (YES, NO))
        typed = f"CASE WHEN {yes} THEN true WHEN {no} THEN false END"
    else:
        value = f"try_cast({filled} AS {SQL_TYPES[rule.kind]})"
        typed = f"CASE WHEN isfinite({value}){_BELIEVED if rule.kind == 'time' else ''} THEN {value} END"
        typed = typed.replace("VALUE", value)
    missing = f" AND NOT {is_nothing}" if rule.nullable else ""  # where a value must stand, such a word is quoted
    unread = f"CASE WHEN {filled} IS NOT NULL{missing} AND ({typed}) IS NULL THEN left({filled}, {_LONGEST_QUOTE}) END"
    return [f"{typed} AS {column}", f"{unread} AS {identifier(name + FOUND)}"]
