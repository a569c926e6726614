"""The small profile of an export that later nights are held against, counted by DuckDB from its tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from models.brakes.night import ColumnProfile, ExportProfile, NightStep, TableProfile

TIMES = {
    "leads": "created_at",
    "changes": "changed_at",
    "events": "occurred_at",
    "stages": "entered_at",
    "handovers": "handed_over_at",
}
KINDS = {"changes": "field", "events": "event_type", "stages": "stage"}
SAMPLED_LEADS = 20_000
"""So many leads, about, are followed from one night to the next."""
_NUMBERS = ("DOUBLE", "FLOAT", "BIGINT", "INTEGER", "HUGEINT", "DECIMAL")

Tables = Mapping[str, str]
"""By table, what DuckDB selects its rows from."""


def tables_of(files: Mapping[str, Path]) -> dict[str, str]:
    """Return the tables of an ingestion for DuckDB."""
    quoted = {name: str(file).replace("'", "''") for name, file in files.items() if name in TIMES}
    return {name: f"read_parquet('{file}')" for name, file in quoted.items()}


def export_profile(
    con: duckdb.DuckDBPyConnection, tonight: Tables, *, end_us: int, last: Tables | None = None
) -> ExportProfile:
    """Return the profile of an export.

    Parameters
    ----------
    con : DuckDBPyConnection
    tonight : mapping
        Its tables.
    end_us : int
        Until when it goes, in microseconds since 1970.
    last : mapping, optional
        The tables of the night before, to tell what became of their rows.
    """
    tables = {name: table_profile(con, name, relation) for name, relation in tonight.items()}
    step = None if last is None else night_step(con, tonight, last)
    return ExportProfile(end_us=end_us, tables=tables, step=step)


def table_profile(con: duckdb.DuckDBPyConnection, name: str, relation: str) -> TableProfile:
    """Return the profile of one table."""
    [(rows, newest)] = con.execute(f"SELECT count(*), epoch_us(max({TIMES[name]})) FROM {relation}").fetchall()
    kinds = {}
    if name in KINDS:
        query = f"SELECT {KINDS[name]}, count(*) FROM {relation} WHERE {KINDS[name]} IS NOT NULL GROUP BY 1 ORDER BY 1"
        kinds = {str(kind): int(count) for kind, count in con.execute(query).fetchall()}
    columns = {}
    for column, dtype, *_ in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall():
        if rows and column not in ("lead_id", TIMES[name], KINDS.get(name)):
            columns[column] = _column_profile(con, relation, column, dtype, rows)
    return TableProfile(rows=rows, newest_us=newest, kinds=kinds, columns=columns)


def _column_profile(con: duckdb.DuckDBPyConnection, relation: str, name: str, dtype: str, rows: int) -> ColumnProfile:
    column = _quoted(name)
    query = (
        "SELECT count(*), sum(n), max(n) FROM "
        f"(SELECT count(*) n FROM {relation} WHERE {column} IS NOT NULL GROUP BY {column})"
    )
    [(distinct, filled, top)] = con.execute(query).fetchall()
    middle = None
    if dtype.split("(")[0] in _NUMBERS:
        [(middle,)] = con.execute(f"SELECT median(abs({column})) FROM {relation}").fetchall()
    filled = int(filled or 0)
    return ColumnProfile(
        filled=filled / rows, distinct=distinct, top=int(top or 0) / filled if filled else 0.0, middle=middle
    )


def night_step(con: duckdb.DuckDBPyConnection, tonight: Tables, last: Tables) -> NightStep:
    """Return what became of last night's rows, of a sample of the leads where there are many."""
    [(leads,)] = con.execute(f"SELECT count(*) FROM {last['leads']}").fetchall()
    sampled = f"hash(lead_id) % {max(1, leads // SAMPLED_LEADS)} = 0"
    gone, copies = {}, {}
    for name in last.keys() & tonight.keys():
        keys = ", ".join(["lead_id", TIMES[name], *([KINDS[name]] if name in KINDS else [])])
        rows = {
            which: f"(SELECT {keys}, count(*) n FROM {relation} WHERE {sampled} GROUP BY {keys})"
            for which, relation in (("last", last[name]), ("tonight", tonight[name]))
        }
        query = (
            f"SELECT count(*), count(t.n), sum(l.n), sum(t.n) FROM {rows['last']} l LEFT JOIN {rows['tonight']} t "
            f"USING ({keys})"
        )
        [(facts, still, before, after)] = con.execute(query).fetchall()
        if facts:
            gone[name] = 1 - still / facts
            copies[name] = max(float(after or 0) / float(before), 1.0)
    return NightStep(gone=gone, copies=copies, changed=_changed(con, tonight["leads"], last["leads"], sampled))


def _changed(con: duckdb.DuckDBPyConnection, tonight: str, last: str, sampled: str) -> dict[str, float]:
    columns = [
        {name for name, *_ in con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()} - {"lead_id", "created_at"}
        for relation in (last, tonight)
    ]
    names = sorted(columns[0] & columns[1])
    if not names:
        return {}
    shares = ", ".join(f"avg((l.{_quoted(name)} IS DISTINCT FROM t.{_quoted(name)})::INT)" for name in names)
    rows = [f"(SELECT * FROM {relation} WHERE {sampled})" for relation in (last, tonight)]
    [values] = con.execute(f"SELECT {shares} FROM {rows[0]} l JOIN {rows[1]} t USING (lead_id)").fetchall()
    return {name: float(value) for name, value in zip(names, values, strict=True) if value is not None}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
