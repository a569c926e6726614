"""The rows by which one state of a table differs from the next, and a state put together again from them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

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
        for file, first, second in ((back.drop, after, before), (back.put, before, after)):
            _write(connection, f"{_rows(first)} EXCEPT ALL {_rows(second)}", file)


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


def _net_rows(backs: Sequence[Back], columns: str) -> str:
    """Return SQL for what all steps back together put (above 0) and drop (below 0), each row once with its number."""
    steps = [(file, sign) for back in backs for file, sign in ((back.drop, -1), (back.put, 1))]
    signed = " UNION ALL ".join(f"SELECT *, {sign} AS _n FROM ({_rows(file)})" for file, sign in steps)
    return f"SELECT {columns}, sum(_n)::BIGINT AS _n FROM ({signed}) GROUP BY ALL HAVING sum(_n) <> 0"


def _rows(file: Path) -> str:
    return f"SELECT * FROM read_parquet({literal(str(file))})"


def _write(connection: duckdb.DuckDBPyConnection, statement: str, file: Path) -> None:
    connection.execute(f"COPY ({statement}) TO {literal(str(file))} (FORMAT parquet, COMPRESSION zstd)")
