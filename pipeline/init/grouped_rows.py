"""Columns of a grouped report: a value stands in the first row of each group, and the rows below it are empty."""

from __future__ import annotations

from pipeline.init.loaded_files import LoadedFiles
from pipeline.init.look_at_files import FileLook
from pipeline.source.sql import identifier

_MOST_FILLED = 0.2
_FEWEST_ROWS = 20
_FIRST_COLUMNS = 3
_TOTALS = ("subtotal", "total", "zwischensumme", "summe", "gesamt", "gesamtsumme", "grand total", "count", "anzahl")

WHY = (
    "it stands only in the first row of each group of a report, and the rows below would lack it: export the report "
    "without grouping (Details only)"
)


def group_headings(files: LoadedFiles, look: FileLook) -> list[str]:
    """Return the leading columns that are filled in the first row, and then with another value at each next group."""
    found: list[str] = []
    for column in look.columns[:_FIRST_COLUMNS]:
        if look.rows < _FEWEST_ROWS or not 2 <= column.filled <= _MOST_FILLED * look.rows:
            break
        text = f"trim({identifier(column.name)}::VARCHAR)"
        totals = ", ".join(f"'{word}'" for word in _TOTALS)
        first, filled, values = files.row(
            f"SELECT first({text}), count(*) FILTER ({text} <> '' AND lower({text}) NOT IN ({totals})), "
            f"count(DISTINCT {text}) FILTER ({text} <> '' AND lower({text}) NOT IN ({totals})) FROM {files.table(look)}"
        )
        if not first or not filled or (not found and values < filled):
            break
        found.append(column.name)
    return found
