"""A list of leads as a file for a spreadsheet: written whole, and no cell is taken for a formula."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from features.errors import InputError

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""With these a spreadsheet may run a cell (OWASP, CSV injection)."""


def safe_cell(value: object) -> str:
    """Return a cell as text; text that a spreadsheet would run gets an apostrophe in front.

    Examples
    --------
    >>> safe_cell("=1+2"), safe_cell("L17"), safe_cell(-0.5), safe_cell(None)
    ("'=1+2", 'L17', '-0.5', '')
    """
    if value is None:
        return ""
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA_STARTS) else text


def write_list(rows: Sequence[Mapping[str, object]], columns: Sequence[str], file: Path) -> None:
    """Write rows as CSV (UTF-8 with a byte order mark, so that Excel reads umlauts).

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    partial = file.with_name(f".{file.name}.partial")
    try:
        with partial.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(columns)
            writer.writerows([safe_cell(row[column]) for column in columns] for row in rows)
        partial.replace(file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise InputError(expected="a file to write for --list", found=f"{file}: {error.strerror}") from None
