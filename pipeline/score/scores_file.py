"""The file of a run's scores: ``scores.parquet``, one row a score, written and read chunk by chunk."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.time_units import to_micros
from models.scoring.score_columns import COLUMNS, COMPARED_COLUMNS, JSON_COLUMNS, Kind
from pipeline.score.sinks.sink import RunIdentity

_TYPES: Mapping[Kind, pa.DataType] = {
    "text": pa.string(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
    "json": pa.string(),
}
SCHEMA = pa.schema([(column.name, _TYPES[column.kind]) for column in COLUMNS if column.filled_by != "store"])
"""JSON columns hold text."""
ROWS_A_GROUP = 50_000
"""So many rows are written at once: a file of one such group is what it was when it was written whole."""


class ScoresFile:
    """A file that scores are added to, in their order.

    Parameters
    ----------
    writer : pyarrow.parquet.ParquetWriter
    run : RunIdentity
        Fills in the columns that are the same in all rows.
    """

    def __init__(self, writer: pq.ParquetWriter, run: RunIdentity) -> None:
        self._writer, self._run = writer, run
        self._waiting: list[pa.Table] = []

    def add(self, scores: pd.DataFrame) -> None:
        """Add scores with the columns of `models.scoring.score_columns` that scoring and the hand-over fill in."""
        self._waiting.append(table_of(scores, self._run))
        if sum(table.num_rows for table in self._waiting) >= ROWS_A_GROUP:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting))
            self._waiting = []


@contextmanager
def writing_scores(file: Path, run: RunIdentity) -> Iterator[ScoresFile]:
    """Open the file of a run's scores for writing; equal scores give equal bytes."""
    with pq.ParquetWriter(file, SCHEMA) as writer:
        scores = ScoresFile(writer, run)
        yield scores
        scores.flush()


def read_batches(file: Path, rows: int) -> Iterator[pa.RecordBatch]:
    """Read the scores of a run again, so many rows at a time, as a sink takes them."""
    with pq.ParquetFile(file) as stored:
        yield from stored.iter_batches(batch_size=rows)


def filled_batches(file: Path, rows: int, fill: Callable[[pa.RecordBatch], pa.RecordBatch]) -> None:
    """Put another file in the place of the file of a run's scores, each batch as a function returns it."""
    partial = file.with_name(f".{file.name}")
    with pq.ParquetWriter(partial, SCHEMA) as writer:
        waiting: list[pa.RecordBatch] = []
        for batch in read_batches(file, rows):
            waiting.append(fill(batch))
            if sum(batch.num_rows for batch in waiting) >= ROWS_A_GROUP:
                writer.write_table(pa.Table.from_batches(waiting))
                waiting = []
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting))
    partial.replace(file)


def table_of(scores: pd.DataFrame, run: RunIdentity) -> pa.Table:
    """Return scores as they stand in the file.

    Parameters
    ----------
    scores : DataFrame
        One row a lead and as-of time; JSON columns hold lists, or the texts of these. What follows from the run before
        may not be there yet.
    run : RunIdentity
    """
    scores = scores.assign(**{name: None for name in COMPARED_COLUMNS if name not in scores})
    of_run = {column.name: getattr(run, column.name) for column in COLUMNS if column.filled_by == "run"}
    return pa.table(columns_of(scores.assign(**of_run), SCHEMA), schema=SCHEMA)


def columns_of(scores: pd.DataFrame, schema: pa.Schema) -> list[pa.Array]:
    """Return columns of scores as Arrow: JSON columns as text, whether they hold lists or text already."""
    texts = {name: scores[name].map(_json_text) for name in JSON_COLUMNS if name in schema.names}
    whole = scores.assign(**texts)
    whole["as_of"] = to_micros(whole["as_of"])  # as pyarrow asks pandas for zoned times, pandas warns
    return [pa.array(whole[field.name], from_pandas=True).cast(field.type) for field in schema]


def _json_text(value: Any) -> str | None:
    is_text = value is None or isinstance(value, str)
    return value if is_text else json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False)
