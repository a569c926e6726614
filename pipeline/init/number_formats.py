"""Numbers as people write them: 110.285,50 in German, 110,285.50 in American files."""

from __future__ import annotations

import duckdb

from pipeline.source.sql import literal

_GERMAN = r"[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?"
_AMERICAN = r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?"
_SHAPES = {
    "german": _GERMAN,
    "american": _AMERICAN,
    "plain": r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?",
    "whole": r"[+-]?\d+",
    "long": r"[+-]?\d{4,}",
    "dotted": r"[+-]?[1-9]\d{0,2}\.\d{3}",
    "comma": r"[+-]?[1-9]\d{0,2},\d{3}",
    "any_comma": r".*,.*",
    # what only one of the two can be
    "sure_german": r"[+-]?(\d{1,3}(\.\d{3})+,\d+|\d{1,3}(\.\d{3}){2,}|\d+,\d{1,2}|\d+,\d{4,}|0+,\d+|\d{4,},\d+)",
    "sure_american": r"[+-]?(\d{1,3}(,\d{3})+\.\d+|\d{1,3}(,\d{3}){2,}|\d*\.\d{1,2}|\d*\.\d{4,}|0*\.\d+|\d{4,}\.\d+)",
}


def number_form(
    con: duckdb.DuckDBPyConnection, text: str, *, filled: int, most: float
) -> tuple[str | None, str | None]:
    """Tell how the numbers of a column of table ``looked`` are written, by all its values.

    Parameters
    ----------
    con : DuckDBPyConnection
        Holds the table ``looked``.
    text : str
        SQL of the values as text.
    filled : int
        Rows with a value.
    most : float
        Rows of which a form must read at least as many.

    Returns
    -------
    form : str or None
        ``german``, ``american``, or None where SQL reads the numbers as they stand or they are none.
    note : str or None
        What is ambiguous.
    """
    counts = ", ".join(f"count(*) FILTER (regexp_full_match(v, {literal(shape)}))" for shape in _SHAPES.values())
    row = con.execute(f"SELECT {counts} FROM (SELECT {text} AS v FROM looked) WHERE v IS NOT NULL").fetchall()[0]
    n = dict(zip(_SHAPES, row, strict=True))
    if not filled or max(n["german"], n["american"]) < most or n["whole"] == filled:
        return None, None
    if n["sure_german"] and not n["sure_american"] and n["german"] >= most:
        return "german", None
    if n["sure_american"] and not n["sure_german"] and n["american"] >= most:
        return ("american" if n["any_comma"] else None), None
    if n["sure_german"] or n["sure_american"]:
        return None, "ambiguous: some numbers have a decimal comma and some a decimal point"
    return _ambiguous(n)


def _ambiguous(n: dict[str, int]) -> tuple[str | None, str | None]:
    """Decide where 2.152 (or 2,152) may be two thousand or two: beside small whole numbers it is thousands."""
    if n["comma"] and not n["dotted"]:
        return "american", "ambiguous: '2,152' is read as 2152, thousands"
    if n["dotted"] and not n["comma"]:
        if n["whole"] and not n["long"]:
            return "german", "ambiguous: '2.152' is read as 2152, thousands, for there are whole numbers too"
        return None, "ambiguous: '2.152' is read as 2.152, with a decimal point"
    return None, None


def number_sql(column: str, form: str) -> str:
    """Return SQL that writes a number as SQL reads it.

    Examples
    --------
    >>> print(number_sql('"Umsatz"', "german"))
    replace(replace("Umsatz", '.', ''), ',', '.')
    """
    return f"replace(replace({column}, '.', ''), ',', '.')" if form == "german" else f"replace({column}, ',', '')"
