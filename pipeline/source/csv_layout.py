"""Where the data of a CSV file begin and end: delimiter, lines before the header, footers, a row that does not fit."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from features.errors import InputError
from pipeline.source.csv_bytes import FileEncoding, text_lines

DELIMITERS = (";", "\t", "|", ",")
CSV_ENDINGS = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")

_LOOKED_AT = 200
_MOST_FOOTER = 30
_MOST_HEADING = 30
_FEWEST_ALIKE = 0.6
_LONGEST_VALUE = 2**31 - 1


@dataclass(frozen=True)
class Layout:
    """Where the data stand.

    Parameters
    ----------
    delim : str
        One character.
    skip : int
        Physical lines before the header.
    header : tuple of str
        The values of the first row.
    """

    delim: str
    skip: int
    header: tuple[str, ...]


@dataclass(frozen=True)
class Footer:
    """Rows at the end that are no data: the first line of them, and its text."""

    line: int
    records: int
    text: str


def is_csv(name: str) -> bool:
    """Whether a file name has an ending of a CSV file, in capitals or not."""
    return name.lower().endswith(CSV_ENDINGS)


def find_layout(file: Path, encoding: FileEncoding) -> Layout | None:
    """Return where the data of a file begin, by the rows that most look alike; None where that is not clear."""
    lines = list(islice(text_lines(file, encoding), _LOOKED_AT))
    if not lines:
        return None
    declared = re.fullmatch(r"\"?sep=(.)\"?\s*", lines[0], re.I)
    if declared is not None:
        return Layout(declared[1], 1, tuple(next(_records(iter(lines[1:]), declared[1]), (0, []))[1]))
    best: tuple[tuple[int, int], Layout] | None = None
    for delim in DELIMITERS:
        records = [(line, record) for line, record in _records(iter(lines), delim) if record]
        widths = Counter(len(record) for _, record in records)
        width, often = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        start = next((place for place, (_, record) in enumerate(records) if len(record) == width), 0)
        if width < 2 or often < _FEWEST_ALIKE * len(records[start:]) or start > _MOST_HEADING:
            continue
        skip = records[start - 1][0] if start else 0
        skip += next((n for n, line in enumerate(lines[skip:]) if line.strip()), 0)
        fitness = (often, width)
        if best is None or fitness > best[0]:
            best = (fitness, Layout(delim, skip, tuple(records[start][1])))
    return best[1] if best else None


def _records(lines: Iterator[str], delim: str) -> Iterator[tuple[int, list[str]]]:
    """Give the last line and the values of each record; a value may be as long as it likes."""
    csv.field_size_limit(_LONGEST_VALUE)
    rows = csv.reader((line.replace("\r\n", "\n") for line in lines), delimiter=delim)
    while True:
        try:
            record = next(rows)
        except StopIteration:
            return
        except csv.Error:  # a carriage return alone, outside of quotes: such a row fits no header
            record = [""]
        yield rows.line_num, record


def records(file: Path, encoding: FileEncoding, layout: Layout) -> Iterator[tuple[int, int, list[str]]]:
    """Give the first line, the last line and the values of each record from the header on, blank lines left out."""
    last = 0
    for line, record in _records(islice(text_lines(file, encoding), layout.skip, None), layout.delim):
        if record:
            yield layout.skip + last + 1, layout.skip + line, record
        last = line


def find_footer(file: Path, encoding: FileEncoding, layout: Layout) -> Footer | None:
    """Return the rows at the end that have fewer values than the header, or None.

    Raises
    ------
    InputError
        If a row among the data does not fit the header.
    """
    width, misfits = len(layout.header), list[tuple[int, int, list[str]]]()
    data = first_line = 0
    for number, (line, last, record) in enumerate(records(file, encoding, layout)):
        if len(record) == width:
            data += 1
            if misfits:
                break
        else:
            misfits.append((number, last, record))
            if len(record) > width or len(misfits) > _MOST_FOOTER:
                break
            first_line = line if len(misfits) == 1 else first_line
    else:
        if not misfits:
            return None
        if data > 1:
            return Footer(first_line, len(misfits), misfits[0][2][0])
    number, last, record = misfits[0]
    raise InputError(
        expected=f"{width} values, as in the header",
        found=f"{len(record)} in line {last}: {layout.delim.join(record)[:100]!r}",
        table=file.name,
        row=number,
        hint="Mend this line, or quote the value that holds the delimiter",
    )


def remarks_on_headings(header: tuple[str, ...]) -> list[str]:
    """Return what is unusual about headings, in words."""
    counts = Counter(name.strip() for name in header)
    twice = [f"{name!r}" for name, n in counts.items() if n > 1 and name]
    remarks = [f"has the heading {', '.join(twice[:5])} more than once: the later ones get a number"] if twice else []
    if counts[""]:
        empty = ", ".join(str(place) for place, name in enumerate(header, start=1) if not name.strip())
        remarks.append(f"has no heading for column {empty}: such columns are called column0, column1, …")
    broken = [" ".join(name.split()) for name in header if "\n" in name or "\r" in name]
    return [*remarks, *([f"has line breaks in the headings {', '.join(map(repr, broken))}"] if broken else [])]
