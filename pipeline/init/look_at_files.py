"""Looking at somebody's CSV and Parquet files: which column is the lead's id, which a time, which a type."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path

import duckdb

from features.errors import InputError
from pipeline.init.columns.look_at_columns import ColumnLook as ColumnLook
from pipeline.init.columns.look_at_columns import look_at_column
from pipeline.source.csv_dialect import CsvForm, ReadableCsv, make_readable
from pipeline.source.csv_layout import is_csv
from pipeline.source.data_folder import plain_path
from pipeline.source.macros import add_macros
from pipeline.source.sql import JSON_ENDINGS, identifier, literal


@dataclass(frozen=True)
class FileLook:
    """One file: its rows and columns, and how SQL reads it."""

    file: Path
    rows: int
    columns: tuple[ColumnLook, ...]
    form: CsvForm | None = None
    read_at: Path | None = None
    """Its cleaned copy, where it has one: ``source.yaml`` must name the file then."""
    remarks: tuple[str, ...] = ()
    """What is unusual about the file, in words that follow its name."""

    @property
    def relation(self) -> str:
        """The FROM item, relative to the data folder; CSV as text, so that bad values go to rejects."""
        return relation(self.file, self.file.name, self.form)

    @property
    def relation_at_home(self) -> str:
        """The FROM item with the whole path, for looking before the data folder is known."""
        return relation(self.file, str((self.read_at or self.file).resolve()), self.form)

    def column(self, name: str) -> ColumnLook | None:
        """Return the column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)

    def unique(self) -> list[ColumnLook]:
        """Return the columns with another value in every row."""
        return [c for c in self.columns if c.values == c.filled == self.rows and c.kind not in ("time", "boolean")]

    def times(self) -> list[ColumnLook]:
        """Return the columns that hold times, in order; days written as one number (20250131) come last."""
        times = [column for column in self.columns if column.kind == "time"]
        return sorted(times, key=lambda column: column.time_format == "%Y%m%d")


def relation(file: Path, name: str, form: CsvForm | None) -> str:
    """Return how SQL reads a file under a name; ``form`` says how a CSV file is written."""
    if file.suffix.lower() == ".parquet":
        return f"read_parquet({literal(plain_path(name))})"
    if file.suffix.lower() in JSON_ENDINGS:
        return f"read_json({literal(plain_path(name))})"
    return f"read_csv({literal(plain_path(name))}, {form.options if form else 'all_varchar = true'})"


def look_at(con: duckdb.DuckDBPyConnection, file: Path) -> FileLook:
    """Look at one file. The connection finds it afterwards under its name, cleaned where that was needed.

    Raises
    ------
    InputError
        If it is not there, is of no known kind, cannot be read, or has no rows.
    """
    add_macros(con)
    if not file.is_file():
        raise InputError(expected="a file", found=f"no file {file}")
    if file.suffix.lower() in (".xlsx", ".xls", ".ods"):
        raise InputError(expected="a CSV or Parquet file", found=file.name, hint="In Excel: save it as CSV UTF-8")
    if not is_csv(file.name) and file.suffix.lower() not in (".parquet", *JSON_ENDINGS):
        expected = "a .csv, .tsv, .txt, .csv.gz, .parquet, .json, .jsonl or .ndjson file"
        raise InputError(expected=expected, found=file.name)
    scratch = Path(tempfile.mkdtemp(prefix="leadscore-init-"))
    try:
        csv = make_readable(con, file, scratch) if is_csv(file.name) else None
        look = _look(con, file, csv)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    weakref.finalize(look, shutil.rmtree, scratch, ignore_errors=True)
    if look.read_at is None:
        (scratch / file.name).symlink_to(file.resolve())
    _search_in(con, scratch)
    return look


def _search_in(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Add a folder to those in which SQL looks up file names; DuckDB reads a name from all that hold it."""
    now = str(con.execute("SELECT current_setting('file_search_path')").fetchall()[0][0])
    con.execute(f"SET file_search_path = {literal(','.join(path for path in (now, str(folder)) if path))}")


def _look(con: duckdb.DuckDBPyConnection, file: Path, csv: ReadableCsv | None) -> FileLook:
    at, form = (csv.file, csv.form) if csv else (file, None)
    try:
        con.execute(f"CREATE OR REPLACE TEMP TABLE looked AS SELECT * FROM {relation(file, str(at.resolve()), form)}")
    except duckdb.Error as error:
        raise InputError(expected="a readable file", found=str(error).splitlines()[0], table=file.name) from None
    names = [(name, kind) for name, kind, *_ in con.execute("DESCRIBE looked").fetchall()]
    rows = int(con.execute("SELECT count(*) FROM looked").fetchall()[0][0])
    if rows == 0:
        raise InputError(expected="at least one row", found="none", table=file.name)
    columns = tuple(look_at_column(con, name, kind) for name, kind in names)
    cleaned = csv.file if csv and csv.cleaned else None
    return FileLook(file, rows, columns, form, cleaned, csv.remarks if csv else ())


def overlap(con: duckdb.DuckDBPyConnection, left: FileLook, a: ColumnLook, right: FileLook, b: ColumnLook) -> float:
    """Return the share of ``b``'s values that stand in ``a``."""
    left_rows, right_rows = left.relation_at_home, right.relation_at_home
    share = con.execute(
        f"SELECT avg((v IN (SELECT {identifier(a.name)}::VARCHAR FROM {left_rows}))::INT) FROM "
        f"(SELECT DISTINCT {identifier(b.name)}::VARCHAR AS v FROM {right_rows} LIMIT 2000) WHERE v IS NOT NULL"
    ).fetchall()[0][0]
    return float(share or 0.0)
