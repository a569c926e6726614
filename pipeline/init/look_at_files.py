"""Looking at somebody's CSV and Parquet files: which column is the lead's id, which a time, which a type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from features.errors import InputError
from features.tables.written_values import NO, YES
from pipeline.init.number_formats import number_form, number_sql
from pipeline.init.time_formats import time_form
from pipeline.source.csv_dialect import CsvForm, read_form
from pipeline.source.sql import identifier, literal

_NEARLY_ALL = 0.95


@dataclass(frozen=True)
class ColumnLook:
    """One column of one file.

    Parameters
    ----------
    name : str
        As in the file.
    filled, values : int
        Rows with a value, and different values.
    kind : str
        ``time``, ``number``, ``boolean``, ``email`` or ``text``.
    time_format : str or None
        For a time that is not ISO 8601: how it is written.
    common : tuple of str
        Its most frequent values, at most 200, in order.
    number_form : str, optional
        For numbers that SQL does not read as they stand: ``german`` (2.152,50) or ``american`` (2,152.50).
    note : str, optional
        What is ambiguous about its values.
    """

    name: str
    filled: int
    values: int
    kind: str
    time_format: str | None
    common: tuple[str, ...]
    number_form: str | None = None
    note: str | None = None

    @property
    def sql(self) -> str:
        """The column in SQL, with times and numbers of other forms read; what cannot be read stays, to be rejected."""
        column = identifier(self.name)
        if self.number_form is not None:
            return number_sql(column, self.number_form)
        if self.time_format is None:
            return column
        return f"coalesce(try_strptime({column}, {literal(self.time_format)})::VARCHAR, {column})"

    def named(self, *parts: str) -> bool:
        """Whether the name contains one of these words."""
        return any(part in self.name.lower() for part in parts)

    @property
    def words(self) -> tuple[str, ...]:
        """The words of its name in lower case."""
        return tuple(word.lower() for word in re.findall(r"[A-ZÄÖÜ]?[a-zäöüß]+|[A-ZÄÖÜ]+(?![a-zäöüß])", self.name))

    @property
    def is_unread_date(self) -> bool:
        """Whether its name promises dates and its values are text with digits."""
        promises = self.words[-1:] == ("am",) or any(w in ("date", "dates") or w.endswith("datum") for w in self.words)
        return promises and self.kind == "text" and any(char.isdigit() for char in "".join(self.common[:1]))


@dataclass(frozen=True)
class FileLook:
    """One file: its rows and columns, and how SQL reads it."""

    file: Path
    rows: int
    columns: tuple[ColumnLook, ...]
    form: CsvForm | None = None

    @property
    def relation(self) -> str:
        """The FROM item, relative to the data folder; CSV as text, so that bad values go to rejects."""
        return relation(self.file, self.file.name, self.form)

    @property
    def relation_at_home(self) -> str:
        """The FROM item with the whole path, for looking before the data folder is known."""
        return relation(self.file, str(self.file.resolve()), self.form)

    def column(self, name: str) -> ColumnLook | None:
        """Return the column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)

    def unique(self) -> list[ColumnLook]:
        """Return the columns with another value in every row."""
        return [c for c in self.columns if c.values == c.filled == self.rows and c.kind not in ("time", "boolean")]

    def times(self) -> list[ColumnLook]:
        """Return the columns that hold times, in order."""
        return [column for column in self.columns if column.kind == "time"]


def relation(file: Path, name: str, form: CsvForm | None) -> str:
    """Return how SQL reads a file under a name; ``form`` says how a CSV file is written."""
    if file.suffix == ".parquet":
        return f"read_parquet({literal(name)})"
    if file.suffix == ".json":
        return f"read_json({literal(name)})"
    return f"read_csv({literal(name)}, {form.options if form else 'all_varchar = true'})"


def look_at(con: duckdb.DuckDBPyConnection, file: Path) -> FileLook:
    """Look at one file.

    Raises
    ------
    InputError
        If it is not there, is of no known kind, cannot be read, or has no rows.
    """
    if not file.is_file():
        raise InputError(expected="a file", found=f"no file {file}")
    if file.suffix in (".xlsx", ".xls", ".ods"):
        raise InputError(expected="a CSV or Parquet file", found=file.name, hint="In Excel: save it as CSV UTF-8")
    if not file.name.endswith((".csv", ".csv.gz", ".parquet", ".json")):
        raise InputError(expected="a .csv, .csv.gz, .parquet or .json file", found=file.name)
    form = read_form(con, file) if file.name.endswith((".csv", ".csv.gz")) else None
    whole = relation(file, str(file.resolve()), form)
    try:
        con.execute(f"CREATE OR REPLACE TEMP TABLE looked AS SELECT * FROM {whole}")
    except duckdb.Error as error:
        raise InputError(expected="a readable file", found=str(error).splitlines()[0], table=file.name) from None
    names = [(name, kind) for name, kind, *_ in con.execute("DESCRIBE looked").fetchall()]
    rows = int(con.execute("SELECT count(*) FROM looked").fetchall()[0][0])
    if rows == 0:
        raise InputError(expected="at least one row", found="none", table=file.name)
    return FileLook(file, rows, tuple(_look_at_column(con, name, kind) for name, kind in names), form)


def _look_at_column(con: duckdb.DuckDBPyConnection, name: str, type_: str) -> ColumnLook:
    text = f"nullif(trim({identifier(name)}::VARCHAR), '')"
    filled, values, numbers, times, emails = con.execute(
        f"SELECT count(v), count(DISTINCT v), count(try_cast(v AS DOUBLE)), count(try_cast(v AS TIMESTAMPTZ)), "
        f"count(v) FILTER (v LIKE '%_@_%._%') FROM (SELECT {text} AS v FROM looked)"
    ).fetchall()[0]
    common = tuple(
        row[0]
        for row in con.execute(
            f"SELECT v FROM (SELECT {text} AS v FROM looked) WHERE v IS NOT NULL GROUP BY v "
            "ORDER BY count(*) DESC, v LIMIT 200"
        ).fetchall()
    )
    most = _NEARLY_ALL * filled
    kind, time_format, note = "text", None, None
    form, form_note = number_form(con, text, filled=filled, most=most) if type_ == "VARCHAR" else (None, None)
    if filled and values <= 2 and {value.lower() for value in common} <= {*YES, *NO}:
        kind = "boolean"
    elif filled and (times >= most or type_.startswith(("TIMESTAMP", "DATE"))):
        kind = "time"
    elif filled and (form or numbers >= most):
        kind, note = "number", form_note
    elif filled and emails >= most:
        kind = "email"
    elif filled:
        time_format, note = time_form(con, text, common=common, most=most)
        kind, note = ("time" if time_format else "text"), note or form_note
    form = form if kind == "number" else None
    return ColumnLook(name, filled, values, kind, time_format, common, form, note)


def overlap(con: duckdb.DuckDBPyConnection, left: FileLook, a: ColumnLook, right: FileLook, b: ColumnLook) -> float:
    """Return the share of ``b``'s values that stand in ``a``."""
    left_rows, right_rows = left.relation_at_home, right.relation_at_home
    share = con.execute(
        f"SELECT avg((v IN (SELECT {identifier(a.name)}::VARCHAR FROM {left_rows}))::INT) FROM "
        f"(SELECT DISTINCT {identifier(b.name)}::VARCHAR AS v FROM {right_rows} LIMIT 2000) WHERE v IS NOT NULL"
    ).fetchall()[0][0]
    return float(share or 0.0)
