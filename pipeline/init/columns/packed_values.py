"""Values that hold several: lists of a multiple choice, and JSON; and the SQL that takes them apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from pipeline.source.sql import identifier, literal

_MOST_ENTRIES, _MOST_OFFERS = 60, 4


@dataclass(frozen=True)
class Packed:
    """What the values hold, in words, and SELECT items that take them apart."""

    note: str
    offers: tuple[str, ...]


def packed_values(con: duckdb.DuckDBPyConnection, text: str, name: str, *, filled: int, values: int) -> Packed | None:
    """Return what the values of a column of table ``looked_values`` hold that are several things at once, or None."""
    return _json(con, text, name, filled=filled) or _list(con, text, name, filled=filled, values=values)


def _json(con: duckdb.DuckDBPyConnection, text: str, name: str, *, filled: int) -> Packed | None:
    rows = f"(SELECT v FROM (SELECT {text} AS v FROM looked_values) WHERE starts_with(v, '{{') AND json_valid(v))"
    if con.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0] < 0.95 * filled:
        return None
    keys = con.execute(
        f"SELECT k, count(*) FROM (SELECT unnest(json_keys(v)) AS k FROM {rows}) GROUP BY k ORDER BY count(*) DESC, k "
        f"LIMIT {_MOST_OFFERS}"
    ).fetchall()
    offers = (
        "json_extract_string({}, {}) AS {}".format(
            identifier(name), literal('$."' + str(key) + '"'), _plain(f"{name}_{key}")
        )
        for key, _ in keys
    )
    return Packed("holds JSON: a key of it can be a column, see the lines offered in the SQL", tuple(offers))


def _list(con: duckdb.DuckDBPyConnection, text: str, name: str, *, filled: int, values: int) -> Packed | None:
    for mark in (";", "|", ","):
        rows = f"(SELECT v FROM (SELECT {text} AS v FROM looked_values) WHERE v IS NOT NULL)"
        several = con.execute(f"SELECT count(*) FROM {rows} WHERE contains(v, {literal(mark)})").fetchall()[0][0]
        if several < 0.1 * filled:
            continue
        entries = con.execute(
            f"SELECT e, count(*) FROM (SELECT trim(unnest(string_split(v, {literal(mark)}))) AS e FROM {rows}) "
            f"WHERE e <> '' GROUP BY e ORDER BY count(*) DESC, e LIMIT {_MOST_ENTRIES + 1}"
        ).fetchall()
        repeated = sum(n for _, n in entries if n > 1) >= 0.9 * sum(n for _, n in entries)
        if len(entries) > _MOST_ENTRIES or len(entries) >= values or not repeated:
            continue
        split = f"string_split_regex({identifier(name)}, {literal(rf' *[{mark}] *')})"
        offers = [f"len({split}) AS {_plain(name)}_count"]
        offers += [
            f"list_contains({split}, {literal(str(entry))})::VARCHAR AS {_plain(f'{name}_{entry}')}"
            for entry, _ in entries[:_MOST_OFFERS]
        ]
        note = (
            f"holds lists of {len(entries)} different entries, split by {mark!r}: each combination counts as a value "
            "of its own; the lines offered in the SQL count the entries or ask for one"
        )
        return Packed(note, tuple(offers))
    return None


def _plain(text: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return name if name[:1].isalpha() else f"c_{name}"
