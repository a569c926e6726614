"""CSV for people: a spreadsheet opens it, and takes no cell for a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from functools import partial

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""With these a spreadsheet may run a cell (OWASP, CSV injection)."""
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_AFTER_SEPARATOR = re.compile(r"([;\t]\s*)([=+\-@])")
"""Excel with German settings splits at semicolons, inside a cell that commas bound too."""
COMMAS, GERMAN = "commas", "german"
"""Cells between commas, numbers with a point; or between semicolons, numbers with a comma."""


def safe_cell(value: object) -> str:
    """Return a cell as text; text that a spreadsheet would run gets an apostrophe in front.

    A number is let through, as a number or as text with nothing but a minus, digits and one point. A plus is not: a
    spreadsheet would drop it, from a telephone number too.

    Examples
    --------
    >>> safe_cell("=1+2"), safe_cell("L17"), safe_cell("-8"), safe_cell("+49170"), safe_cell(-0.5), safe_cell(None)
    ("'=1+2", 'L17', '-8', "'+49170", '-0.5', '')
    >>> safe_cell("x;=1+2")
    "x;'=1+2"
    """
    text = "" if value is None else str(value)
    runs = isinstance(value, str) and text.startswith(FORMULA_STARTS) and not _NUMBER.fullmatch(text)
    if isinstance(value, str):
        text = _AFTER_SEPARATOR.sub(r"\1'\2", text)
    return f"'{text}" if runs else text


def _german_cell(value: object) -> str:
    is_number = isinstance(value, float) and not isinstance(value, bool)
    return str(value).replace(".", ",") if is_number else safe_cell(value)


def csv_text(
    rows: Sequence[Mapping[str, object]],
    columns: Sequence[str],
    *,
    line_end: str = "\r\n",
    quoted: bool = False,
    form: str = COMMAS,
) -> str:
    """Return rows as CSV with a header, every cell safe.

    Parameters
    ----------
    rows : sequence of mapping
        Each has all ``columns``.
    line_end : str
        After each line; by default that of RFC 4180.
    quoted : bool
        Whether every cell stands in quotes, so that no other separator splits one.
    form : str
        ``COMMAS`` or ``GERMAN``.

    Examples
    --------
    >>> csv_text([{"lead": "A;B", "p": 0.5}], ["lead", "p"], quoted=True, form=GERMAN).split()
    ['"lead";"p"', '"A;B";"0,5"']
    """
    stream = io.StringIO()
    separator, cell = (";", _german_cell) if form == GERMAN else (",", safe_cell)
    make = partial(csv.writer, stream, lineterminator=line_end, delimiter=separator)
    writer = make(quoting=csv.QUOTE_ALL) if quoted else make()
    writer.writerow(columns)
    writer.writerows([cell(row[column]) for column in columns] for row in rows)
    return stream.getvalue()
