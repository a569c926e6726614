"""CSV for people: a spreadsheet opens it, and takes no cell for a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""With these a spreadsheet may run a cell (OWASP, CSV injection)."""
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def safe_cell(value: object) -> str:
    """Return a cell as text; text that a spreadsheet would run gets an apostrophe in front.

    A number is let through, as a number or as text with nothing but a minus, digits and one point. A plus is not: a
    spreadsheet would drop it, from a telephone number too.

    Examples
    --------
    >>> safe_cell("=1+2"), safe_cell("L17"), safe_cell("-8"), safe_cell("+49170"), safe_cell(-0.5), safe_cell(None)
    ("'=1+2", 'L17', '-8', "'+49170", '-0.5', '')
    """
    text = "" if value is None else str(value)
    runs = isinstance(value, str) and text.startswith(FORMULA_STARTS) and not _NUMBER.fullmatch(text)
    return f"'{text}" if runs else text


def csv_text(rows: Sequence[Mapping[str, object]], columns: Sequence[str], *, line_end: str = "\r\n") -> str:
    """Return rows as CSV with a header, every cell safe.

    Parameters
    ----------
    rows : sequence of mapping
        Each has all ``columns``.
    line_end : str
        After each line; by default that of RFC 4180.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator=line_end)
    writer.writerow(columns)
    writer.writerows([safe_cell(row[column]) for column in columns] for row in rows)
    return stream.getvalue()
