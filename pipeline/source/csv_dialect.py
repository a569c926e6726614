"""How a CSV file is written: delimiter, quotes, header, encoding; and where a row of it does not fit."""

from __future__ import annotations

import csv
import gzip
import re
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TextIO

import duckdb

from features.errors import InputError

CONVERT = (
    "Convert it to UTF-8: iconv -f CP1252 -t UTF-8 OLD.csv > NEW.csv (for UTF-16: -f UTF-16), "
    "or in Excel save it as 'CSV UTF-8'"
)
"""DuckDB reads UTF-8, UTF-16 with its mark, and Latin-1; the '€' of old Windows exports is in none of them."""

_DELIMITERS = (";", "\t", "|", ",")


@dataclass(frozen=True)
class CsvForm:
    """How a CSV file is written.

    Parameters
    ----------
    delim, quote : str
        One character each; an empty quote means that quotes are text.
    header : bool
        Whether the first line names the columns.
    skip : int
        Lines before it; pinned even if 0, or DuckDB may take the row after a broken one for the header.
    encoding : str
        As DuckDB calls it.
    """

    delim: str
    quote: str
    header: bool
    skip: int
    encoding: str

    @property
    def options(self) -> str:
        """The options of read_csv: all pinned, so that one broken row cannot change how the others are read."""
        delim, quote = ("\\t" if self.delim == "\t" else self.delim.replace("'", "''")), self.quote.replace("'", "''")
        header = "true" if self.header else "false"
        options = f"all_varchar = true, delim = '{delim}', quote = '{quote}', escape = '{quote}', header = {header}"
        return f"{options}, skip = {self.skip}" + (
            f", encoding = '{self.encoding}'" if self.encoding != "utf-8" else ""
        )


def read_form(con: duckdb.DuckDBPyConnection, file: Path) -> CsvForm:
    """Find out how a CSV file is written.

    Raises
    ------
    InputError
        If it is empty, in an encoding that DuckDB does not know, or has a row that does not fit its header.
    """
    if file.stat().st_size == 0:
        raise InputError(expected="a header and rows", found="an empty file (0 bytes)", table=file.name)
    encoding, error = "utf-8", ""
    for encoding in ("utf-8", _other_encoding(file)):
        try:
            return _readable(con, file, encoding)
        except duckdb.Error as failed:
            error = str(failed)
            if not is_about_encoding(error):
                break
    if is_about_encoding(error):
        raise InputError(expected="text in UTF-8", found="another encoding", table=file.name, hint=CONVERT)
    raise ragged_row(file, f"encoding = '{encoding}'") or InputError(
        expected="a readable file", found=error.splitlines()[0], table=file.name
    )


def _readable(con: duckdb.DuckDBPyConnection, file: Path, encoding: str) -> CsvForm:
    form = _sniffed(con, file, encoding)
    name = str(file.resolve()).replace("'", "''")
    for quote in ('"', form.quote):
        form = replace(form, quote=quote)
        try:
            con.execute(f"SELECT count(COLUMNS(*)) FROM read_csv('{name}', {form.options})").fetchall()
        except duckdb.Error:
            if quote == form.quote != '"' or form.quote == '"':
                raise
        else:
            return form
    return form


def _sniffed(con: duckdb.DuckDBPyConnection, file: Path, encoding: str) -> CsvForm:
    delim, quote, skip, has_header = con.execute(
        'SELECT "Delimiter", "Quote", "SkipRows", "HasHeader" FROM sniff_csv($1, all_varchar = true, encoding = $2)',
        [str(file.resolve()), encoding],
    ).fetchall()[0]
    first = _first_line(file, encoding)
    likely = delim if delim in first else max(_DELIMITERS, key=first.count)
    if likely in first:  # one broken row makes DuckDB take every line for one column, or skip the header
        delim, skip = likely, 0
    values = first.replace('"', "").split(delim)
    named = not any(re.fullmatch(r"[\d.,:/ T+-]+|\S+@\S+\.\S+", value.strip()) for value in values)
    return CsvForm(delim, quote if quote in ('"', "'") else "", bool(has_header) or named, int(skip), encoding)


def _other_encoding(file: Path) -> str:
    with _opened(file, "latin-1") as stream:
        start = stream.read(200)
    if start.startswith("\xff\xfe"):
        return "utf-16"
    if "\0" in start:
        raise InputError(expected="text in UTF-8", found="UTF-16 of another order", table=file.name, hint=CONVERT)
    return "latin-1"


def _first_line(file: Path, encoding: str) -> str:
    with _opened(file, "utf-8-sig" if encoding == "utf-8" else encoding) as stream:
        return stream.readline().rstrip("\r\n")


def _opened(file: Path, encoding: str) -> TextIO:
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding=encoding, errors="replace", newline="")
    return file.open(encoding=encoding, errors="replace", newline="")


def is_about_encoding(error: str) -> bool:
    """Whether DuckDB says that a file's bytes are not what it took them for."""
    return bool(re.search(r"unicode|encoded|does not support the encoding", error.split("Possible", 1)[0], re.I))


def ragged_row(file: Path, options: str = "") -> InputError | None:
    """Return what to say about the first row with more or fewer values than the header, or None.

    Parameters
    ----------
    file : Path
        A CSV file.
    options : str
        The options of read_csv, of which delimiter and encoding are looked at.
    """
    given = dict(re.findall(r"(delim|encoding)\s*=\s*'([^']*)'", options))
    skip = int(next(iter(re.findall(r"skip\s*=\s*(\d+)", options)), "0"))
    encoding = given.get("encoding", "utf-8").replace("utf-8", "utf-8-sig")
    with _opened(file, encoding) as stream:
        first = next(islice(stream, skip, None), "")
    delim = given.get("delim", max(_DELIMITERS, key=first.count)).replace("\\t", "\t")
    with _opened(file, encoding) as stream:
        rows = csv.reader(islice(stream, skip, None), delimiter=delim or ",")
        names = next(rows, [])
        for number, row in enumerate(rows, start=1):
            if row and len(row) != len(names):
                return InputError(
                    expected=f"{len(names)} values, as in the header",
                    found=f"{len(row)} in line {skip + rows.line_num}: {delim.join(row)[:100]!r}",
                    table=file.name,
                    row=number,
                    hint="Mend this line, or quote the value that holds the delimiter",
                )
    return None
