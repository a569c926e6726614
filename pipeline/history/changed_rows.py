"""The rows by which one state of a table differs from the next, and a state put together again from them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from features.tables.facts import TIME_COLUMNS
from pipeline.source.sql import identifier, literal


@dataclass(frozen=True)
class Back:
    """How a table goes back from one state to the state before.

    Attributes
    ----------
    drop, put : Path
        Rows that the state before did not have, and rows that it had instead.
    whole : Path
        The state before itself; it exists where both states have other columns, and the other two do not then.
    """

    drop: Path
    put: Path
    whole: Path

    @classmethod
    def of(cls, folder: Path, table: str) -> Back:
        """Return the files of a table in a folder."""
        return cls(*(folder / f"{table}.{name}.parquet" for name in ("drop", "put", "whole")))


def write_back(before: Path, after: Path, back: Back) -> None:
    """Write how a table goes back from the state after to the state before; rows are compared as a multiset."""
    if pq.read_schema(before) != pq.read_schema(after):
        shutil.copyfile(before, back.whole)
        return
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TEMP TABLE differing AS {_differing_leads(before, after)}")
        for file, first, second in ((back.drop, after, before), (back.put, before, after)):
            _write(connection, f"{_of_leads(first)} EXCEPT ALL {_of_leads(second)}", file)


@dataclass(frozen=True)
class ChangedFacts:
    """What became of the facts from one state of the tables to a later one.

    Attributes
    ----------
    past : bool
        Whether anything about the time up to a moment was corrected, added or taken away.
    since : bool
        Whether anything is on record about the time after it that was not.
    """

    past: bool
    since: bool


def changed_facts(backs: Sequence[Mapping[str, Back]], until_us: int) -> ChangedFacts:
    """Return what became of the facts; what changed and was changed back counts too.

    Parameters
    ----------
    backs : sequence of mapping of table to Back
        From the later state back to the earlier one.
    until_us : int
        The moment, in microseconds since 1970 UTC.
    """
    past = since = False
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for tables in backs:
            for table, back in tables.items():
                if back.whole.is_file():
                    return ChangedFacts(past=True, since=True)
                time = f"epoch_us({TIME_COLUMNS[table]}_at)"
                late, early = f"coalesce(bool_or({time} > {until_us}), false)", f"bool_or({time} <= {until_us})"
                gone = pq.ParquetFile(back.put).metadata.num_rows > 0
                row = connection.execute(
                    f"SELECT {late}, coalesce({early}, false) FROM ({_rows(back.drop)})"
                ).fetchone()
                added_late, added_early = row or (True, True)
                past, since = past or gone or added_early, since or added_late
    return ChangedFacts(past=past, since=since)


def restore(newest: Path, backs: Sequence[Back], into: Path) -> None:
    """Put a state of a table together again, in order of the lead.

    Parameters
    ----------
    newest : Path
        A later state, whole.
    backs : sequence of Back
        From that state back to the one that is wanted, the latest first.
    into : Path
        To be written.
    """
    for place, back in reversed(list(enumerate(backs))):
        if back.whole.is_file():
            newest, backs = back.whole, backs[place + 1 :]
            break
    columns = ", ".join(identifier(name) for name in pq.read_schema(newest).names)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        state = _rows(newest)
        if backs:
            connection.execute(f"CREATE TABLE net AS {_net_rows(backs, columns)}")
            repeated = f"SELECT {columns} FROM (SELECT *, unnest(range(abs(_n))) FROM net WHERE _n"
            state = f"{state} EXCEPT ALL {repeated} < 0) UNION ALL {repeated} > 0)"
        _write(connection, f"SELECT * FROM ({state}) ORDER BY lead_id", into)


def _differing_leads(before: Path, after: Path) -> str:
    """Return SQL for the leads whose rows are not the same in both states.

    Hashes of the rows of one state less those of the other add up to nothing where the rows are the same, in whatever
    order; there are two independent ones of 64 bits. That is several times cheaper than to compare all the rows.
    """
    columns = ", ".join(identifier(name) for name in pq.read_schema(before).names)
    hashes = f"hash({columns})::HUGEINT AS one, hash('again', {columns})::HUGEINT AS other"
    states = ((after, 1), (before, -1))
    sides = (f"SELECT lead_id, {sign} AS sign, {hashes} FROM ({_rows(file)})" for file, sign in states)
    sums = "sum(sign * one) <> 0 OR sum(sign * other) <> 0"
    return f"SELECT lead_id FROM ({' UNION ALL '.join(sides)}) GROUP BY lead_id HAVING {sums}"


def _of_leads(file: Path) -> str:
    return f"{_rows(file)} WHERE lead_id IN (SELECT lead_id FROM differing)"


def _net_rows(backs: Sequence[Back], columns: str) -> str:
    """Return SQL for what all steps back together put (above 0) and drop (below 0), each row once with its number."""
    steps = [(file, sign) for back in backs for file, sign in ((back.drop, -1), (back.put, 1))]
    signed = " UNION ALL ".join(f"SELECT *, {sign} AS _n FROM ({_rows(file)})" for file, sign in steps)
    return f"SELECT {columns}, sum(_n)::BIGINT AS _n FROM ({signed}) GROUP BY ALL HAVING sum(_n) <> 0"


def _rows(file: Path) -> str:
    return f"SELECT * FROM read_parquet({literal(str(file))})"


def _write(connection: duckdb.DuckDBPyConnection, statement: str, file: Path) -> None:
    connection.execute(f"COPY ({statement}) TO {literal(str(file))} (FORMAT parquet, COMPRESSION zstd)")
