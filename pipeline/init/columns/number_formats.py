"""Numbers as people write them: 110.285,50 in German, 110,285.50 in American files, 12 T€, 140 Mitarbeiter."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import duckdb

from pipeline.source.macros import AMERICAN, CURRENCIES, GERMAN, MILLIARDS, MILLIONS, THOUSANDS, around, plain_digits
from pipeline.source.sql import literal

_DIGITS = "[0-9][0-9., '’]*|[.][0-9]+"
_UNIT = r"[0-9]\s*([A-Za-zÄÖÜäöüß][A-Za-zÄÖÜäöüß.\-/]{0,24}( [A-Za-zÄÖÜäöüß]{1,12})?)$"
_BARE = {
    "german": r"[+-]?(\d{1,3}([. '’]\d{3})+|\d+)(,\d+)?",
    "american": r"[+-]?(\d{1,3}([, '’]\d{3})+|\d+)(\.\d+)?|\.\d+",
    "plain": r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?",
    "whole": r"[+-]?\d+",
    "long": r"[+-]?\d{4,}",
    "dotted": r"[+-]?[1-9]\d{0,2}\.\d{3}",
    "comma": r"[+-]?[1-9]\d{0,2},\d{3}",
    "any_comma": r".*[, '’].*",
    # what only one of the two can be
    "sure_german": r"[+-]?(\d{1,3}(\.\d{3})+,\d+|\d{1,3}(\.\d{3}){2,}|\d+,\d{1,2}|\d+,\d{4,}|0+,\d+|\d{4,},\d+"
    r"|\d{1,3}([ '’]\d{3})+,\d+)",
    "sure_american": r"[+-]?(\d{1,3}(,\d{3})+\.\d+|\d{1,3}(,\d{3}){2,}|\d*\.\d{1,2}|\d*\.\d{4,}|0*\.\d+|\d{4,}\.\d+"
    r"|\d{1,3}([ '’]\d{3})+\.\d+)",
}


@dataclass(frozen=True)
class NumberForm:
    """How the numbers of a column are read.

    Parameters
    ----------
    form : str or None
        ``german`` or ``american``; None where SQL reads them as they stand.
    unit : str
        Words that follow the numbers, separated by ``|``.
    notes : tuple of str
        What is ambiguous, and what was taken away.
    """

    form: str | None
    unit: str = ""
    notes: tuple[str, ...] = ()

    @property
    def sql(self) -> str:
        """SQL that reads the column; COLUMN stands for it."""
        unit = f", unit := {literal(self.unit)}" if self.unit else ""
        return f"to_number(COLUMN, {literal(self.form)}{unit})" if self.form else "COLUMN"


def number_form(
    con: duckdb.DuckDBPyConnection, text: str, *, filled: int, most: float
) -> tuple[NumberForm | None, tuple[str, ...]]:
    """Tell how the numbers of a column of table ``looked_values`` are written, by all its values.

    Parameters
    ----------
    con : DuckDBPyConnection
        Holds the table ``looked_values``.
    text : str
        SQL of the values as text, null where nothing is said.
    filled : int
        Rows with a value.
    most : float
        Rows of which a form must read at least as many.

    Returns
    -------
    form : NumberForm or None
        None where they are no numbers, or it cannot be said which.
    notes : tuple of str
        Why numbers are not read as such.
    """
    if not filled:
        return None, ()
    form, notes = _form(con, text, filled=filled, most=most)
    others = _count(con, f"(SELECT {text} AS v FROM looked_values)", f"{plain_digits('v')} <> v")
    if form is None or not others:
        return form, notes
    said = f"{others:,} rows have digits of another script (such as １２３): read as numbers"
    return replace(form, form=form.form or "american", notes=(*form.notes, said)), notes


def _form(
    con: duckdb.DuckDBPyConnection, text: str, *, filled: int, most: float
) -> tuple[NumberForm | None, tuple[str, ...]]:
    blanks = "regexp_replace(v, '[\\x{00A0}\\x{202F}\\x{2009}]', ' ', 'g')"
    clean = f"trim({plain_digits(blanks)})"
    values = f"(SELECT {clean} AS v FROM (SELECT {text} AS v FROM looked_values))"
    dressed = literal(around(f"{GERMAN}|{AMERICAN}", _UNIT.split(r"\s*")[1].removesuffix("$")))
    plain, full = con.execute(
        f"SELECT count(*) FILTER (regexp_full_match(v, {literal(_BARE['plain'])})), "
        f"count(*) FILTER (regexp_full_match(v, {dressed})) FROM {values} WHERE v IS NOT NULL"
    ).fetchall()[0]
    if max(plain, full) < most:
        return None, ()
    if plain == filled:
        return _by_shapes(con, f"{values} AS t", filled=filled, most=most)
    bare = f"trim(regexp_extract(v, {literal(_DIGITS)}))"
    sign = "CASE WHEN regexp_matches(v, '^[−(-]') THEN '-' ELSE '' END"
    exponents = f"regexp_full_match(v, {literal(_BARE['plain'])})"
    figures = (
        f"(SELECT CASE WHEN {exponents} THEN v WHEN regexp_full_match(v, {dressed}) THEN {sign} || {bare} END AS v "
        f"FROM {values}) AS t"
    )
    undressed = _count(con, values, rf"regexp_full_match(v, '[+-]?[0-9][0-9.,''’ ]*|{_BARE['plain']}')") == filled
    if undressed:
        return _by_shapes(con, figures, filled=filled, most=most)
    return _with_units(con, values, figures, filled=filled, most=most)


def _count(con: duckdb.DuckDBPyConnection, values: str, condition: str) -> int:
    return int(con.execute(f"SELECT count(*) FILTER ({condition}) FROM {values}").fetchall()[0][0])


def _with_units(
    con: duckdb.DuckDBPyConnection, values: str, figures: str, *, filled: int, most: float
) -> tuple[NumberForm | None, tuple[str, ...]]:
    """Take away currencies, percent signs and one unit; two of them in a column cannot be compared."""
    currencies = _found(con, values, rf"({CURRENCIES})")
    percent = _count(con, values, "contains(v, '%')")
    units = {
        unit: n
        for unit, n in _found(con, values, _UNIT).items()
        if not re.fullmatch(f"({THOUSANDS}|{MILLIONS}|{MILLIARDS})? ?({CURRENCIES})?", unit)
    }
    names = {"€": "EUR", "Euro": "EUR", "$": "USD", "US$": "USD", "£": "GBP", "Fr.": "CHF", "¥": "JPY"}
    if len({names.get(currency, currency) for currency in currencies}) > 1:
        said = ", ".join(f"{n:,} with {currency}" for currency, n in currencies.items())
        return None, (f"amounts in several currencies ({said}): convert them to one in the SQL, then it is a number",)
    if len({re.sub(r"(en|er|e|s|n)$", "", unit.lower()) for unit in units}) > 1:
        said = ", ".join(f"{n:,} with {unit!r}" for unit, n in list(units.items())[:4])
        return None, (f"numbers with several units ({said}): convert them to one in the SQL, then it is a number",)
    if 0 < percent < filled:
        return None, (
            f"{percent:,} of {filled:,} numbers have a percent sign, the others not: make them alike in the SQL",
        )
    form, notes = _by_shapes(con, figures, filled=filled, most=most)
    if form is None:
        return None, notes
    taken = [*currencies, *(["%"] if percent else []), *(repr(unit) for unit in units)]
    multiplied = _count(
        con, values, rf"regexp_matches(v, '[0-9]\s*({THOUSANDS}|{MILLIONS}|{MILLIARDS})([^A-Za-z.]|$)')"
    )
    more = [f"read as numbers, without {', '.join(taken)}"] if taken else []
    more += [f"{multiplied:,} rows in thousands or millions are multiplied"] if multiplied else []
    return NumberForm(form.form or "american", "|".join(units), (*form.notes, *more)), ()


def _found(con: duckdb.DuckDBPyConnection, values: str, pattern: str) -> dict[str, int]:
    rows = con.execute(
        f"SELECT u, count(*) FROM (SELECT regexp_extract(v, {literal(pattern)}, 1) AS u FROM {values}) WHERE u <> '' "
        "GROUP BY u ORDER BY count(*) DESC, u LIMIT 20"
    ).fetchall()
    return {str(unit): int(n) for unit, n in rows}


def _by_shapes(
    con: duckdb.DuckDBPyConnection, values: str, *, filled: int, most: float
) -> tuple[NumberForm | None, tuple[str, ...]]:
    counts = ", ".join(f"count(*) FILTER (regexp_full_match(v, {literal(shape)}))" for shape in _BARE.values())
    row = con.execute(f"SELECT {counts} FROM {values} WHERE v IS NOT NULL").fetchall()[0]
    n = dict(zip(_BARE, row, strict=True))
    if max(n["german"], n["american"], n["plain"]) < most:
        return None, ()
    if n["whole"] == filled or (n["plain"] >= most and not n["any_comma"] and not n["dotted"] and not n["sure_german"]):
        return NumberForm(None), ()
    if n["sure_german"] and not n["sure_american"] and n["german"] >= most:
        return NumberForm("german"), ()
    if n["sure_american"] and not n["sure_german"] and n["american"] >= most:
        return NumberForm("american" if n["any_comma"] else None), ()
    if n["sure_german"] or n["sure_american"]:
        return None, ("ambiguous: some numbers have a decimal comma and some a decimal point",)
    form, note = _ambiguous(n)
    return NumberForm(form, "", (note,) if note else ()), ()


def _ambiguous(n: dict[str, int]) -> tuple[str | None, str | None]:
    """Decide where 2.152 (or 2,152) may be two thousand or two: beside small whole numbers it is thousands."""
    if n["comma"] and not n["dotted"]:
        return "american", "ambiguous: '2,152' is read as 2152, thousands"
    if n["dotted"] and not n["comma"]:
        if n["whole"] and not n["long"]:
            return "german", "ambiguous: '2.152' is read as 2152, thousands, for there are whole numbers too"
        return None, "ambiguous: '2.152' is read as 2.152, with a decimal point"
    return ("german" if n["german"] >= n["american"] else "american") if n["any_comma"] else None, None
