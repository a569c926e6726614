"""How DuckDB reads a CSV file: in place with every option pinned, or from a cleaned copy."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from features.errors import InputError
from pipeline.source.clean_files import clean_csv
from pipeline.source.csv_bytes import FileEncoding, find_encoding, text_lines
from pipeline.source.csv_layout import DELIMITERS, Layout, find_footer, find_layout, records, remarks_on_headings
from pipeline.source.data_folder import plain_path

CLEAN = "Name the file in source.yaml, so that a cleaned copy of it is read: files: {NAME: {clean: true}}"
"""The way out for a file that DuckDB cannot read as it is."""

_USUAL_LINE, _LONGEST_LINE = 2_000_000, 256 * 2**20


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
    longest_line : int, optional
        Bytes that a row may have, where 2 MB are not enough.
    """

    delim: str
    quote: str
    header: bool
    skip: int
    encoding: str
    longest_line: int | None = None

    @property
    def options(self) -> str:
        """The options of read_csv: all pinned, so that one broken row cannot change how the others are read."""
        delim, quote = ("\\t" if self.delim == "\t" else self.delim.replace("'", "''")), self.quote.replace("'", "''")
        header = "true" if self.header else "false"
        options = f"all_varchar = true, delim = '{delim}', quote = '{quote}', escape = '{quote}', header = {header}"
        options += f", skip = {self.skip}"
        options += f", encoding = '{self.encoding}'" if self.encoding != "utf-8" else ""
        return options + (f", max_line_size = {self.longest_line}" if self.longest_line else "")


@dataclass(frozen=True)
class ReadableCsv:
    """A CSV file that DuckDB can read.

    Parameters
    ----------
    file : Path
        The file itself, or its cleaned copy.
    form : CsvForm
        How that one is written.
    cleaned : bool
        Whether it is a copy: ``source.yaml`` must name the file then.
    remarks : tuple of str
        What is unusual about it, in words that follow its name.
    """

    file: Path
    form: CsvForm
    cleaned: bool
    remarks: tuple[str, ...]


def make_readable(con: duckdb.DuckDBPyConnection, file: Path, scratch: Path) -> ReadableCsv:
    """Find out how a CSV file is written; where DuckDB cannot read it as it is, write a cleaned copy.

    Parameters
    ----------
    con : DuckDBPyConnection
        Reads the file.
    file : Path
        As exported.
    scratch : Path
        A folder for the copy, which gets the same name.

    Raises
    ------
    InputError
        If it is empty, or has a row that does not fit its header.
    """
    if file.stat().st_size == 0:
        raise InputError(expected="a header and rows", found="an empty file (0 bytes)", table=file.name)
    encoding = find_encoding(file)
    layout = find_layout(file, encoding)
    headings = remarks_on_headings(layout.header) if layout else []
    broken = layout is not None and any("\n" in name or "\r" in name for name in layout.header)
    if encoding.for_duckdb is not None and not broken:
        try:
            form = _readable(con, file, encoding, layout)
        except duckdb.Error as error:
            if layout is None or find_footer(file, encoding, layout) is None:
                raise _unreadable(file, error) from None
        else:
            skipped = (
                [f"has its header in line {form.skip + 1}; what stands before it is left out"] if form.skip else []
            )
            return ReadableCsv(file, form, False, (*skipped, *headings))
    target = scratch / file.name
    cleaned = clean_csv(file, target)
    plain = FileEncoding("utf-8")
    try:
        form = _readable(con, target, plain, find_layout(target, plain))
    except duckdb.Error as error:
        raise _unreadable(file, error) from None
    return ReadableCsv(target, form, True, (*cleaned, *headings))


def _unreadable(file: Path, error: duckdb.Error) -> InputError:
    return InputError(
        expected="a readable file",
        found=str(error).splitlines()[0].split(" Original Line")[0][:300],
        table=file.name,
        hint="Open the file in an editor and look at its first and last lines",
    )


def _readable(con: duckdb.DuckDBPyConnection, file: Path, encoding: FileEncoding, layout: Layout | None) -> CsvForm:
    form = _sniffed(con, file, encoding, layout)
    name = plain_path(str(file.resolve())).replace("'", "''")
    attempts = [replace(form, quote='"'), *([form] if form.quote != '"' else [])]
    if file.suffix.lower() == ".gz" or file.stat().st_size > _USUAL_LINE:
        longest = min(max(file.stat().st_size, _USUAL_LINE), _LONGEST_LINE)
        attempts += [replace(attempt, longest_line=longest) for attempt in attempts]
    failed: duckdb.Error | None = None
    for attempt in attempts:
        try:
            con.execute(f"SELECT count(COLUMNS(*)) FROM read_csv('{name}', {attempt.options})").fetchall()
        except duckdb.Error as error:
            failed = failed or error
        else:
            return attempt
    raise failed or duckdb.Error(file.name)


def _sniffed(con: duckdb.DuckDBPyConnection, file: Path, encoding: FileEncoding, layout: Layout | None) -> CsvForm:
    delim, quote, skip, has_header = ",", '"', 0, False
    name = encoding.for_duckdb or "utf-8"
    try:
        delim, quote, skip, has_header = con.execute(
            'SELECT "Delimiter", "Quote", "SkipRows", "HasHeader" '
            "FROM sniff_csv($1, all_varchar = true, encoding = $2)",
            [plain_path(str(file.resolve())), name],
        ).fetchall()[0]
    except duckdb.Error:
        if layout is None:
            raise
    if layout is not None:
        delim, skip = layout.delim, layout.skip
        values = list(layout.header)
    else:
        first = next(text_lines(file, encoding), "").rstrip("\r\n")
        likely = delim if delim in first else max(DELIMITERS, key=first.count)
        if likely in first:  # one broken row makes DuckDB take every line for one column, or skip the header
            delim, skip = likely, 0
        values = first.replace('"', "").split(delim)
    named = not any(re.fullmatch(r"[\d.,:/ T+-]+|\S+@\S+\.\S+", value.strip()) for value in values)
    return CsvForm(delim, quote if quote in ('"', "'") else "", bool(has_header) or named, int(skip), name)


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
        The options of read_csv, of which the delimiter and the lines to skip are looked at.
    """
    encoding = find_encoding(file)
    likely = find_layout(file, encoding)
    given = re.findall(r"delim\s*=\s*'([^']*)'", options)
    skip = re.findall(r"skip\s*=\s*(\d+)", options)
    delim = given[0].replace("\\t", "\t") if given else likely.delim if likely else ","
    layout = Layout(delim or ",", int(skip[0]) if skip else 0, ())
    header = next((record for _, _, record in records(file, encoding, layout)), [])
    try:
        footer = find_footer(file, encoding, replace(layout, header=tuple(header)))
    except InputError as error:
        return error
    if footer is None:
        return None
    return InputError(
        expected=f"{len(header)} values, as in the header",
        found=f"{footer.records} lines at the end that are no data, from line {footer.line} on: {footer.text[:100]!r}",
        table=file.name,
        hint=CLEAN.replace("NAME", file.name),
    )
