"""How rows enter the table of scores, some in each transaction: on PostgreSQL by COPY, on SQLite row after row."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import sqlalchemy as sa

from models.scoring.score_columns import COLUMNS
from pipeline.score.sinks.store_tables import SCORES

TRANSACTION_ROWS = 5_000
"""So many rows are written, or none of them: what a run that is broken off has to write again at most."""
_GIVEN = tuple(column.name for column in COLUMNS if column.filled_by != "store")
_TIMES = tuple(column.name for column in COLUMNS if column.kind == "time")
_CSV = pa_csv.WriteOptions(include_header=False, quoting_style="needed")


def transactions(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Cut rows into what one transaction takes; so many are in memory at a time."""
    waiting, rows = list[pa.RecordBatch](), 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        while rows >= TRANSACTION_ROWS:
            whole = pa.Table.from_batches(waiting)
            yield whole.slice(0, TRANSACTION_ROWS)
            rest = whole.slice(TRANSACTION_ROWS)
            waiting, rows = rest.to_batches(), rest.num_rows
    if rows:
        yield pa.Table.from_batches(waiting)


def insert(connection: sa.Connection, rows: pa.Table, now: datetime) -> None:
    """Put rows into the table of scores, none of which is there.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    rows : Table
        Of the columns of ``scores.parquet``.
    now : datetime
        Their ``scored_at``.
    """
    if connection.dialect.name == "postgresql":
        _copy(connection, rows, now)
    else:
        _insert(connection, rows, now)


def _copy(connection: sa.Connection, rows: pa.Table, now: datetime) -> None:
    columns = ", ".join([*_GIVEN, "scored_at"])
    cursor: Any = connection.connection.cursor()  # psycopg's own
    with cursor.copy(f"COPY {SCORES.name} ({columns}) FROM STDIN WITH (FORMAT csv, ENCODING 'UTF8')") as copy:
        copy.write(as_csv(_stamped(rows, pa.scalar(now.astimezone(UTC), pa.timestamp("us", tz="UTC")))))


def _insert(connection: sa.Connection, rows: pa.Table, now: datetime) -> None:
    names = [*_GIVEN, "scored_at"]
    stamped = _stamped(rows, pa.scalar(now.astimezone(UTC), pa.timestamp("us", tz="UTC")))
    values = zip(*(_plain(stamped, name) for name in names), strict=True)
    marks = ", ".join("?" * len(names))
    connection.exec_driver_sql(f"INSERT INTO {SCORES.name} ({', '.join(names)}) VALUES ({marks})", list(values))


def _stamped(rows: pa.Table, scored_at: pa.Scalar) -> pa.Table:
    return rows.select(_GIVEN).append_column("scored_at", pa.repeat(scored_at, rows.num_rows))


def as_csv(rows: pa.Table) -> memoryview:
    """Return rows as PostgreSQL takes them in: without a value means null, and every text stands in quotes.

    They are put into one piece first: of a table that begins with an empty piece, pyarrow 25 writes memory that it has
    not filled.
    """
    sink = io.BytesIO()
    if rows.num_rows:
        pa_csv.write_csv(rows.combine_chunks(), sink, _CSV)
    return sink.getbuffer()


def _plain(rows: pa.Table, name: str) -> Sequence[Any]:
    """Return a column as SQLite keeps it: times as text without a zone."""
    column = rows[name]
    if name in _TIMES:
        column = pc.strftime(column.cast(pa.timestamp("us")), format="%Y-%m-%d %H:%M:%S")  # microseconds come with it
    values: list[Any] = column.to_pylist()
    return values
