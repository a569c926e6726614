"""A search of all files for what a person can be found by: Parquet decoded, databases by table, all else as text."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

_SQLITE = b"SQLite format 3\0"
_NUMBER = re.compile(r"\d{1,6}")
_FOR_IMPORTS = "write_back"
"""Files below this folder of OUT name leads in their first column, under a tool's own heading."""


class Wanted:
    """What is looked for.

    Words are found as whole words, anywhere: ``L1`` is not found in ``L10``. A number of up to six digits may stand in
    any count, so it is looked for where leads are named alone: in columns ``lead_id``, and as such in JSON.

    Parameters
    ----------
    values : sequence of str

    Examples
    --------
    >>> wanted = Wanted(["L1", "729"])
    >>> wanted.in_text("to L1"), wanted.in_text("L10, 0.729"), wanted.in_text('{"lead_id": "729"}')
    (True, False, True)
    >>> wanted.in_cell("lead_id", "729"), wanted.in_cell("rows", "729")
    (True, False)
    """

    def __init__(self, values: Sequence[str]) -> None:
        self._numbers = {value for value in values if _NUMBER.fullmatch(value)}
        words = [rf"(?<![\w@-]){re.escape(value)}(?![\w@-])" for value in values if value not in self._numbers]
        words += [rf"lead_id\W{{1,6}}{number}(?![\w.])" for number in self._numbers]
        self._words = re.compile("|".join(words), re.IGNORECASE)

    def in_cell(self, column: str, text: str) -> bool:
        """Whether a cell of a table names the person."""
        return (column == "lead_id" and text in self._numbers) or self.in_text(text)

    def in_text(self, text: str) -> bool:
        """Whether a text names the person."""
        return self._words.search(text) is not None


def traces_left(folder: Path, values: Sequence[str]) -> Iterator[str]:
    """Yield where one of some values still stands, below a folder.

    Parameters
    ----------
    folder : Path
    values : sequence of str
        Found as `Wanted` says.

    Yields
    ------
    str
        The file below the folder, with the column or the table.
    """
    wanted = Wanted(values)
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = file.relative_to(folder).as_posix()
        yield from (f"{name}{where}" for where in _in_file(file, wanted))
        if file.suffix == ".csv" and _in_csv(file, folder, wanted):
            yield f"{name}, a row"


def _in_file(file: Path, wanted: Wanted) -> Iterator[str]:
    with file.open("rb") as stream:
        start = stream.read(16)
    if start[:4] == b"PAR1":
        yield from _in_parquet(file, wanted)
    elif start == _SQLITE:
        yield from _in_sqlite(file, wanted)
    if wanted.in_text(file.read_bytes().decode("utf-8", errors="replace")):
        yield ""


def _in_csv(file: Path, folder: Path, wanted: Wanted) -> bool:
    lines = csv.reader(io.StringIO(file.read_text(encoding="utf-8", errors="replace")))
    place = place_of_leads(file.relative_to(folder), next(lines, []))
    return place is not None and any(wanted.in_cell("lead_id", line[place]) for line in lines if place < len(line))


def place_of_leads(file: Path, heading: Sequence[str]) -> int | None:
    """Return which column of a CSV file names leads; None where none does.

    Parameters
    ----------
    file : Path
        Below OUT.
    heading : sequence of str
        Its first line.
    """
    if "lead_id" in heading:
        return list(heading).index("lead_id")
    return 0 if file.parts[0] == _FOR_IMPORTS and heading else None


def _in_parquet(file: Path, wanted: Wanted) -> Iterator[str]:
    table = pq.read_table(file)
    for name in table.column_names:
        texts = table[name].cast(pa.string()).unique().to_pylist() if _is_text(table[name].type) else []
        if any(text is not None and wanted.in_cell(name, text) for text in texts):
            yield f", column {name}"


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _in_sqlite(file: Path, wanted: Wanted) -> Iterator[str]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            quoted = '"' + table.replace('"', '""') + '"'
            rows = connection.execute(f"SELECT * FROM {quoted}")
            columns = [column[0] for column in rows.description]
            if any(wanted.in_cell(*cell) for row in rows for cell in zip(columns, row, strict=True) if _is_said(cell)):
                yield f", table {table}"


def _is_said(cell: tuple[str, object]) -> bool:
    return isinstance(cell[1], str)
