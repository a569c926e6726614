"""A search of all files for what a person can be found by: Parquet decoded, databases by table, all else as text."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

_SQLITE = b"SQLite format 3\0"


def traces_left(folder: Path, values: Sequence[str]) -> Iterator[str]:
    """Yield where one of some values still stands, below a folder.

    Parameters
    ----------
    folder : Path
    values : sequence of str
        Found as whole words: ``L1`` is not found in ``L10``.

    Yields
    ------
    str
        The file below the folder, with the column or the table.
    """
    wanted = re.compile("|".join(rf"(?<![\w@-]){re.escape(value)}(?![\w@-])" for value in values), re.IGNORECASE)
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = file.relative_to(folder).as_posix()
        yield from (f"{name}{where}" for where in _in_file(file, wanted))


def _in_file(file: Path, wanted: re.Pattern[str]) -> Iterator[str]:
    with file.open("rb") as stream:
        start = stream.read(16)
    if start[:4] == b"PAR1":
        yield from _in_parquet(file, wanted)
    elif start == _SQLITE:
        yield from _in_sqlite(file, wanted)
    if wanted.search(file.read_bytes().decode("utf-8", errors="replace")):
        yield ""


def _in_parquet(file: Path, wanted: re.Pattern[str]) -> Iterator[str]:
    table = pq.read_table(file)
    for name in table.column_names:
        texts = table[name].cast(pa.string()).unique().to_pylist() if _is_text(table[name].type) else []
        if any(text is not None and wanted.search(text) for text in texts):
            yield f", column {name}"


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _in_sqlite(file: Path, wanted: re.Pattern[str]) -> Iterator[str]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            quoted = '"' + table.replace('"', '""') + '"'
            rows = connection.execute(f"SELECT * FROM {quoted}")
            if any(isinstance(cell, str) and wanted.search(cell) for row in rows for cell in row):
                yield f", table {table}"
