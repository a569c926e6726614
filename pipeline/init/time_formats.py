"""Times that are not ISO 8601: 31.01.2025 09:30, 1/31/2025 9:30 PM."""

from __future__ import annotations

import re

import duckdb

from pipeline.source.sql import literal

_SHAPE = re.compile(r"\d{1,2}([./])\d{1,2}\1(\d{4}|\d{2})(\s.*)?")
_CLOCKS = ("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p")


def time_form(
    con: duckdb.DuckDBPyConnection, text: str, *, common: tuple[str, ...], most: float
) -> tuple[str | None, str | None]:
    """Tell how the times of a column of table ``looked`` are written.

    Whether day or month comes first between slashes is decided by the values above 12 of the whole column.

    Parameters
    ----------
    con : DuckDBPyConnection
        Holds the table ``looked``.
    text : str
        SQL of the values as text.
    common : tuple of str
        Its most frequent values: if they do not look like dates, none is read.
    most : float
        Rows of which a format must read at least as many.

    Returns
    -------
    time_format, note : str or None
        The format for strptime, and what is ambiguous.
    """
    shapes = [_SHAPE.fullmatch(value) for value in common[:20]]
    shape = next((match for match in shapes if match), None)
    if shape is None or sum(match is not None for match in shapes) < 0.8 * len(shapes):
        return None, None
    sep, year = shape[1], "%Y" if len(shape[2]) == 4 else "%y"
    orders: tuple[tuple[str, str], ...] = (("%d", "%m"),)
    note = None
    if sep == "/":
        orders, note = _orders(con, text)
    for order in orders:
        for clock in _CLOCKS:
            candidate = f"{order[0]}{sep}{order[1]}{sep}{year}{clock}"
            count = con.execute(f"SELECT count(try_strptime({text}, {literal(candidate)})) FROM looked").fetchall()
            if count[0][0] >= most:
                return candidate, note
    return None, None


def _orders(con: duckdb.DuckDBPyConnection, text: str) -> tuple[tuple[tuple[str, str], ...], str | None]:
    """Return day and month in the order to try first."""
    first, second, noon = con.execute(
        f"SELECT count(*) FILTER (try_cast(split_part(v, '/', 1) AS INT) > 12), "
        "count(*) FILTER (try_cast(split_part(v, '/', 2) AS INT) > 12), "
        f"count(*) FILTER (regexp_matches(v, '(?i)[ap]m$')) FROM (SELECT {text} AS v FROM looked)"
    ).fetchall()[0]
    day_first, month_first = ("%d", "%m"), ("%m", "%d")
    if first == second:
        if noon:  # 9:30 PM is American
            return (month_first, day_first), "ambiguous: no day above 12; read as month/day/year"
        return (day_first, month_first), "ambiguous: no day above 12; read as day/month/year"
    return ((day_first, month_first) if first > second else (month_first, day_first)), None
