"""How many rows at once enter the table of scores: on PostgreSQL by COPY, on SQLite row after row."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from models.scoring.score_columns import COLUMNS, KEY
from pipeline.score.sinks.store_tables import SCORES

_INSERTS: Mapping[str, Callable[..., Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_CONTENT = tuple(column.name for column in COLUMNS if not column.key and column.filled_by != "store")
"""What a row says: a row that says the same as before keeps the time it was written at."""
_GIVEN = tuple(column.name for column in COLUMNS if column.filled_by != "store")
_TIMES = tuple(column.name for column in COLUMNS if column.kind == "time")
_STAGED = "incoming_scores"
_SQLITE_TIME = "%Y-%m-%d %H:%M:%S.%f"
_COUNTING = {"preserve_rowcount": True}
_CSV = pa_csv.WriteOptions(include_header=False, quoting_style="needed")


def upsert(
    connection: sa.Connection, batches: Iterable[pa.RecordBatch], *, now: datetime, on_rows: Callable[[int], None]
) -> int:
    """Put rows into the table of scores; a row of the same key takes the other's place where it says something else.

    Parameters
    ----------
    connection : Connection
        In a transaction, at whose end all rows are there.
    batches : iterable of RecordBatch
        Of the columns of ``scores.parquet``. One batch is in memory at a time.
    now : datetime
        The ``scored_at`` of rows that are new or say something else.
    on_rows : callable
        Told how many rows were taken in since it was told last.

    Returns
    -------
    int
        Rows that are new or differ from what was there.
    """
    rows_in = _copied if connection.dialect.name == "postgresql" else _inserted
    return rows_in(connection, batches, now, on_rows)


def insert_or(connection: sa.Connection, table: sa.Table) -> Any:
    """Return the database's own INSERT, which can say what to do where a row of that key is there."""
    return _INSERTS[connection.dialect.name](table)


def _copied(
    connection: sa.Connection, batches: Iterable[pa.RecordBatch], now: datetime, on_rows: Callable[[int], None]
) -> int:
    """Copy the rows into a table that ends with the transaction, and put them into the scores by one statement."""
    columns = ", ".join(_GIVEN)
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE {_STAGED} ON COMMIT DROP AS SELECT {columns} FROM {SCORES.name} WITH NO DATA"
    )
    for name in (column.name for column in COLUMNS if column.kind == "json"):  # packed once, on their way out
        connection.exec_driver_sql(f"ALTER TABLE {_STAGED} ALTER COLUMN {name} SET STORAGE EXTERNAL")
    cursor: Any = connection.connection.cursor()  # psycopg's own
    with cursor.copy(f"COPY {_STAGED} ({columns}) FROM STDIN WITH (FORMAT csv, ENCODING 'UTF8')") as copy:
        for batch in batches:
            copy.write(as_csv(batch))
            on_rows(batch.num_rows)
    staged = sa.table(_STAGED, *(sa.column(name, SCORES.c[name].type) for name in _GIVEN))
    rows = sa.select(*staged.columns, sa.literal(now, SCORES.c.scored_at.type))
    statement = _replacing(connection, lambda insert: insert.from_select([*_GIVEN, "scored_at"], rows))
    return int(connection.execute(statement, execution_options=_COUNTING).rowcount)


def _inserted(
    connection: sa.Connection, batches: Iterable[pa.RecordBatch], now: datetime, on_rows: Callable[[int], None]
) -> int:
    """Insert the rows in the driver's own form."""
    names = [*_GIVEN, "scored_at"]
    statement = _replacing(connection, lambda insert: insert.values({name: sa.bindparam(name) for name in names}))
    compiled = statement.compile(connection, compile_kwargs={"render_postcompile": True})
    scored_at = now.astimezone(UTC).strftime(_SQLITE_TIME)
    changed = 0
    for batch in batches:
        values = dict(zip(_GIVEN, (_plain(batch, name) for name in _GIVEN), strict=True))
        values["scored_at"] = [scored_at] * batch.num_rows
        rows = list(zip(*(values[name] for name in compiled.positiontup), strict=True))
        if rows:
            changed += connection.exec_driver_sql(compiled.string, rows, execution_options=_COUNTING).rowcount
        on_rows(batch.num_rows)
    return changed


def _replacing(connection: sa.Connection, of_rows: Callable[[Any], Any]) -> Any:
    insert = of_rows(insert_or(connection, SCORES))
    differs = sa.or_(*(SCORES.c[name].is_distinct_from(insert.excluded[name]) for name in _CONTENT))
    update = {name: insert.excluded[name] for name in (*_CONTENT, "scored_at")}
    return insert.on_conflict_do_update(index_elements=list(KEY), set_=update, where=differs)


def as_csv(batch: pa.RecordBatch) -> memoryview:
    """Return rows as PostgreSQL takes them in: without a value means null, and every text stands in quotes."""
    sink = io.BytesIO()
    pa_csv.write_csv(pa.Table.from_batches([batch]).select(_GIVEN), sink, _CSV)
    return sink.getbuffer()


def _plain(batch: pa.RecordBatch, name: str) -> Sequence[Any]:
    """Return a column as SQLite keeps it: times as text without a zone."""
    column = batch.column(name)
    if name in _TIMES:
        column = pc.strftime(column.cast(pa.timestamp("us")), format="%Y-%m-%d %H:%M:%S")  # microseconds come with it
    values: list[Any] = column.to_pylist()
    return values
