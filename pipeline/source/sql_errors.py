"""Saying what DuckDB could not do with a source's SQL: which file, which row or column, and what to do."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from features.errors import InputError
from pipeline.source.csv_dialect import CLEAN, is_about_encoding, ragged_row

_READER = re.compile(r"(read_csv|read_parquet|read_json)(?:_auto)?\s*\(\s*'((?:[^']|'')+)'((?:[^')]|'[^']*')*)\)", re.I)
_OFF = "Extensions and the network are off: export to CSV, Parquet or JSON first"


def sql_error(
    error: duckdb.Error,
    origin: str,
    *,
    sql: str = "",
    data_dir: Path | None = None,
    con: duckdb.DuckDBPyConnection | None = None,
) -> InputError:
    """Return what to tell the user of an error in the SQL of file ``origin``.

    With the SQL, the folder of its files and a connection, those files are looked at.
    """
    if isinstance(error, duckdb.PermissionException):
        return _out_of_reach(error, origin)
    text = str(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    cause = lines[0].rstrip(":!")
    hint = None
    if "No files found" in cause and data_dir is not None:
        files = sorted(file.name for file in data_dir.iterdir() if not file.name.startswith("."))
        hint = f"In {data_dir} there are: {', '.join(files[:12]) or 'no files'}"
    elif isinstance(error, duckdb.ConversionException):
        cause = "; ".join([cause, *(line for line in lines[1:] if line.startswith("Error when converting"))])
        hint = "read_csv('FILE', all_varchar = true) reads every column as text: then bad values go to rejects"
    elif is_about_encoding(text):
        hint = CLEAN
    elif "sniffing" in cause or "CSV Error on Line" in cause:
        cause = "; ".join([cause, *(line for line in lines[1:] if line.startswith(("Original", "Expected Number")))])
        ragged = broken_row(sql, data_dir)
        if ragged is not None:
            return ragged
    elif isinstance(error, duckdb.BinderException) and data_dir is not None and con is not None:
        ragged = None if re.search("null_padding|ignore_errors", sql) else broken_row(sql, data_dir)
        if ragged is not None:
            return ragged
        hint = "; ".join(_columns(con, call, data_dir) for call in _READER.finditer(sql)) or None
    hint = hint or _hint_of(error, cause)
    return InputError(expected="SQL that DuckDB can run", found=cause, table=origin, hint=hint)


def _hint_of(error: duckdb.Error, cause: str) -> str | None:
    if isinstance(error, duckdb.OutOfMemoryException):
        return "limits.memory in params.yaml says how much DuckDB may use; the disk takes what is more"
    return _OFF if "requires the extension" in cause else None


def _out_of_reach(error: duckdb.Error, origin: str) -> InputError:
    file = re.search(r'Cannot access \w+ "([^"]*)"', str(error))
    is_remote = file is not None and "://" in file[1]
    linked = "Put it into the data folder, or a link to it there whose folder limits.linked_folders names"
    return InputError(
        expected="SQL that reads files of the data folder and of the source folder",
        found=f"one elsewhere: {file[1]}" if file else str(error).splitlines()[0],
        table=origin,
        hint=_OFF if is_remote else linked,
    )


def broken_row(sql: str, data_dir: Path | None) -> InputError | None:
    """Return what to say about the first row, of the CSV files that SQL reads, that does not fit its header."""
    for call in _READER.finditer(sql):
        file = (data_dir or Path()) / call[2].replace("''", "'")
        if call[1].lower() == "read_csv" and file.is_file():
            ragged = ragged_row(file, call[3])
            if ragged is not None:
                return ragged
    return None


def is_empty(sql: str, data_dir: Path) -> bool:
    """Whether a file that SQL reads has no bytes."""
    files = [data_dir / call[2].replace("''", "'") for call in _READER.finditer(sql)]
    return any(file.is_file() and file.stat().st_size == 0 for file in files)


def _columns(con: duckdb.DuckDBPyConnection, call: re.Match[str], data_dir: Path) -> str:
    name = call[2].replace("''", "'")
    if is_empty(call[0], data_dir):
        return f"{name} is empty (0 bytes): export it again"
    try:
        names = [row[0] for row in con.execute(f"DESCRIBE SELECT * FROM {call[0]}").fetchall()]
    except duckdb.Error:
        return f"{name} cannot be read"
    doubt = "; it may be empty or broken" if len(names) == 1 else ""
    return f"{name} has only the columns {', '.join(names)}{doubt}"
