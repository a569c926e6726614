"""What one column of somebody's file holds: times, numbers, yes or no, addresses, lists, JSON or text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import duckdb

from features.tables.written_values import NO, YES
from pipeline.init.columns.number_formats import NumberForm, number_form
from pipeline.init.columns.packed_values import packed_values
from pipeline.init.columns.time_formats import TimeForm, later_than_today, shared_placeholder, time_form
from pipeline.source.sql import identifier, literal

_NEARLY_ALL = 0.95
_TICKS = ("x", "✓", "✔")


@dataclass(frozen=True)
class ColumnLook:
    """One column of one file.

    Parameters
    ----------
    name : str
        As in the file.
    filled, values : int
        Rows with a value, and different values; a word for nothing (`null`, `k. A.`) is no value.
    kind : str
        ``time``, ``number``, ``boolean``, ``email`` or ``text``.
    common : tuple of str
        Its most frequent values, at most 200, in order.
    read_by : str
        SQL that reads the column softly; COLUMN stands for its name.
    time_format : str or None
        For a time that is not ISO 8601: how most of it is written.
    number_form : str, optional
        For numbers that SQL does not read as they stand: ``german`` (2.152,50) or ``american`` (2,152.50).
    note : str, optional
        What is ambiguous about its values, or was read in another way than it stands.
    offers : tuple of str
        SELECT items that say more about it than it does as it stands, for the user to take.
    word_for_nothing : str, optional
        A word such as ``null`` that stands where a value is missing.
    """

    name: str
    filled: int
    values: int
    kind: str
    common: tuple[str, ...]
    read_by: str = "COLUMN"
    time_format: str | None = None
    number_form: str | None = None
    note: str | None = None
    offers: tuple[str, ...] = ()
    word_for_nothing: str | None = None

    @property
    def sql(self) -> str:
        """The column in SQL, with times and numbers of other forms read; what cannot be read stays, to be rejected."""
        return self.read_by.replace("COLUMN", identifier(self.name))

    def named(self, *parts: str) -> bool:
        """Whether the name contains one of these words."""
        return any(part in self.name.lower() for part in parts)

    @property
    def words(self) -> tuple[str, ...]:
        """The words of its name in lower case."""
        return tuple(word.lower() for word in re.findall(r"[A-ZÄÖÜ]?[a-zäöüß]+|[A-ZÄÖÜ]+(?![a-zäöüß])", self.name))

    @property
    def is_unread_date(self) -> bool:
        """Whether its name promises dates and its values are text with digits."""
        promises = self.words[-1:] == ("am",) or any(w in ("date", "dates") or w.endswith("datum") for w in self.words)
        return promises and self.kind == "text" and any(char.isdigit() for char in "".join(self.common[:1]))


def look_at_column(con: duckdb.DuckDBPyConnection, name: str, type_: str) -> ColumnLook:
    """Look at a column of the table ``looked``; the connection has leadscore's macros."""
    look = _look(con, name, type_)
    figures = look.kind in ("time", "number", "boolean")
    raw = f"nullif(trim({identifier(name)}::VARCHAR), '')"
    word = con.execute(
        f"SELECT any_value(r) FROM (SELECT {raw} AS r, {_text(name, figures=figures)} AS v FROM looked) "
        "WHERE r IS NOT NULL AND v IS NULL"
    ).fetchall()[0][0]
    return look if word is None else replace(look, word_for_nothing=str(word))


def _look(con: duckdb.DuckDBPyConnection, name: str, type_: str) -> ColumnLook:
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE looked_values AS SELECT {_text(name)} AS said, "
        f"{_text(name, figures=True)} AS figures FROM looked"
    )
    text, figures = "said", "figures"
    filled, values = _counts(con, text)
    common = tuple(
        row[0]
        for row in con.execute(
            f"SELECT v FROM (SELECT {text} AS v FROM looked_values) WHERE v IS NOT NULL GROUP BY v "
            "ORDER BY count(*) DESC, v LIMIT 200"
        ).fetchall()
    )
    if not filled:
        return ColumnLook(name, 0, 0, "text", ())
    words = {value.lower() for value in common if value.lower() != "na"}
    if len(words) <= 2 and words and words <= {*YES, *NO}:
        return _yes_no(name, filled, values, common)
    if words <= set(_TICKS):
        return _yes_no(name, filled, values, common)
    if type_.startswith(("TIMESTAMP", "DATE")):
        return _time(con, name, TimeForm("to_moment(COLUMN)"), common)
    if type_ == "BOOLEAN" or type_.endswith("]") or type_.startswith(("STRUCT", "MAP", "JSON")):
        if type_ == "BOOLEAN":
            return ColumnLook(name, filled, values, "boolean", common)
        return ColumnLook(name, filled, values, "text", common, "COLUMN::VARCHAR")
    said = _counts(con, figures)[0]
    time = time_form(con, figures, name, filled=said, most=_NEARLY_ALL * said)
    if time is not None:
        return _time(con, name, time, common)
    form, notes = number_form(con, figures, filled=said, most=_NEARLY_ALL * said)
    if form is not None:
        return _number(con, name, form, values, common)
    emails = _first(con, f"SELECT count(*) FILTER (v LIKE '%_@_%._%') FROM (SELECT {text} AS v FROM looked_values)")
    if emails >= _NEARLY_ALL * filled:
        return ColumnLook(name, filled, values, "email", common)
    packed = packed_values(con, text, name, filled=filled, values=values)
    note = "; ".join([*notes, *([packed.note] if packed else [])]) or None
    return ColumnLook(name, filled, values, "text", common, note=note, offers=packed.offers if packed else ())


def _text(name: str, *, figures: bool = False) -> str:
    return f"trim(nothing_to_null({identifier(name)}{', among_figures := true' if figures else ''}))"


def _first(con: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(con.execute(query).fetchall()[0][0])


def _counts(con: duckdb.DuckDBPyConnection, text: str, table: str = "looked_values") -> tuple[int, int]:
    filled, values = con.execute(
        f"SELECT count(v), count(DISTINCT v) FROM (SELECT {text} AS v FROM {table})"
    ).fetchall()[0]
    return int(filled), int(values)


def _yes_no(name: str, filled: int, values: int, common: tuple[str, ...]) -> ColumnLook:
    if {value.lower() for value in common} <= set(_TICKS):
        note = f"only {common[0]!r} occurs: a blank is read as no"
        ticked = "CASE WHEN nothing_to_null(COLUMN) IS NULL THEN 'no' ELSE 'yes' END"
        return ColumnLook(name, filled, 2, "boolean", common, ticked, note=note)
    return ColumnLook(name, filled, values, "boolean", common)


def _time(con: duckdb.DuckDBPyConnection, name: str, form: TimeForm, common: tuple[str, ...]) -> ColumnLook:
    notes, column, read = list(form.notes), identifier(name), form.sql
    text = "figures"
    shared = shared_placeholder(con, text, read.replace("COLUMN", "v"))
    if shared is not None:
        read = read.replace("COLUMN", f"nullif(COLUMN, {literal(shared[0])})")
        notes.append(f"{shared[1]:,} rows share the time {shared[0]!r}, far from all others: read as missing")
    moment = read.replace("COLUMN", column)
    filled, values = _counts(con, f"({moment})", "looked")
    nothing = con.execute(
        f"SELECT any_value(v), count(*) "
        f"FROM (SELECT {_text(name, figures=True)} AS v, {moment} AS t FROM looked) WHERE v IS NOT NULL "
        f"AND t IS NULL{f' AND v <> {literal(shared[0])}' if shared else ''}"
    ).fetchall()[0]
    if nothing[1]:
        notes.append(f"{nothing[1]:,} rows hold a date that stands for none, such as {nothing[0]!r}: read as missing")
    unread = con.execute(
        f"SELECT any_value(t), count(*) FROM (SELECT {moment} AS t FROM looked) "
        "WHERE t IS NOT NULL AND (try_cast(t AS TIMESTAMPTZ) IS NULL OR t < '1970')"
    ).fetchall()[0]
    if unread[1]:
        notes.append(f"{unread[1]:,} rows cannot be read as times, such as {unread[0]!r}: ingest rejects them")
    later = later_than_today(con, text, read.replace("COLUMN", "v"))
    if later is not None:
        notes.append(f"{later[0]:,} rows lie after today, up to {later[1]}: planned or due, not done")
    written = _first(con, f"SELECT count(*) FROM looked WHERE trim({column}::VARCHAR) <> ''")
    plain = read == "to_moment(COLUMN)" and not notes and filled == written
    return ColumnLook(
        name,
        filled,
        values,
        "time",
        common,
        "COLUMN" if plain else read,
        form.formats[0] if form.formats else None,
        note="; ".join(notes) or None,
    )


def _number(
    con: duckdb.DuckDBPyConnection, name: str, form: NumberForm, values: int, common: tuple[str, ...]
) -> ColumnLook:
    notes, read = list(form.notes), form.sql.replace("COLUMN", identifier(name))
    unread, example, filled = con.execute(
        "SELECT count(*) FILTER (n IS NULL AND v IS NOT NULL), any_value(v) FILTER (n IS NULL), count(v) FROM "
        f"(SELECT {_text(name, figures=True)} AS v, try_cast({read} AS DOUBLE) AS n FROM looked)"
    ).fetchall()[0]
    if unread:
        notes.append(f"{unread:,} rows cannot be read as numbers, such as {example!r}: ingest rejects them")
    return ColumnLook(
        name, int(filled), values, "number", common, form.sql, number_form=form.form, note="; ".join(notes) or None
    )
