"""A list of leads as a file for a spreadsheet: written whole, and no cell is taken for a formula."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from features.errors import InputError
from pipeline.pages.spreadsheet import COMMAS, csv_text


def write_list(rows: Sequence[Mapping[str, object]], columns: Sequence[str], file: Path, *, form: str = COMMAS) -> None:
    """Write rows as CSV (UTF-8 with a byte order mark, so that Excel reads umlauts), every cell in quotes.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    partial = file.with_name(f".{file.name}.partial")
    try:
        with partial.open("w", encoding="utf-8-sig", newline="") as stream:
            stream.write(csv_text(rows, columns, quoted=True, form=form))
        partial.replace(file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise InputError(expected="a file to write for --list", found=f"{file}: {error.strerror}") from None
