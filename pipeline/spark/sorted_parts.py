"""Rows that a cluster makes, written by it, put in order by it, and read on the driver a few at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import InputError
from pipeline.spark.session import watched

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import DataFrame, SparkSession

SORTED_ROWS = 500_000
"""So many rows a sorted part."""
READ_ROWS = 10_000
"""So many rows are on the driver at a time."""
_DDL = {pa.string(): "string", pa.float64(): "double", pa.bool_(): "boolean", pa.int64(): "bigint"}


def ddl(schema: pa.Schema) -> str:
    """Return Arrow columns of text, numbers and truth values as Spark writes them down.

    Examples
    --------
    >>> ddl(pa.schema([("lead_id", pa.string()), ("p", pa.float64())]))
    '`lead_id` string, `p` double'
    """
    return ", ".join(f"`{field.name.replace('`', '``')}` {_DDL[field.type]}" for field in schema)


def file_url(path: Path) -> str:
    """Return a path as Spark reads it, whatever file system is its default."""
    return path.resolve().as_uri()


def sorted_rows(
    rows: DataFrame, keys: Sequence[str], folder: Path, *, title: str, total: int, counter: Accumulator[int]
) -> Iterator[pa.RecordBatch]:
    """Make rows on the cluster and return them in order.

    They are made once and written as parts; then the cluster sorts these by ranges of the keys, a part a range, and the
    driver reads part after part.

    Parameters
    ----------
    rows : DataFrame of Spark
    keys : sequence of str
        Columns to sort by.
    folder : Path
        An empty folder on a disk that the driver shares with all machines.
    title, total, counter
        As `pipeline.spark.session.watched`.

    Raises
    ------
    InputError
        If the driver does not find what the cluster wrote.
    """
    from pyspark.sql import Observation
    from pyspark.sql import functions as sql

    session, made = rows.sparkSession, Observation()
    counted = rows.observe(made, sql.count(sql.lit(1)).alias("rows"))
    watched(session, title, total, counter, lambda: counted.write.parquet(file_url(folder / "parts")))
    count = _require_shared(folder / "parts", made.get["rows"])
    if not count:
        return
    parts = session.read.parquet(file_url(folder / "parts"))
    ranges = parts.repartitionByRange(math.ceil(count / SORTED_ROWS), *keys).sortWithinPartitions(*keys)
    ranges.write.parquet(file_url(folder / "sorted"))
    for file in sorted((folder / "sorted").glob("part-*.parquet")):
        with pq.ParquetFile(file) as stored:
            yield from stored.iter_batches(batch_size=READ_ROWS)


def _require_shared(folder: Path, written: int) -> int:
    """Return how many rows the driver sees; a cluster that wrote elsewhere is an InputError."""
    seen = sum(int(pq.read_metadata(file).num_rows) for file in folder.glob("part-*.parquet"))
    if seen != written:
        raise InputError(
            expected=f"the {written:,} rows that the cluster wrote into {folder.parent}",
            found=f"{seen:,} rows",
            hint="Give an --out on a disk that all machines share under the same path (docs/scale.md)",
        )
    return seen


def map_batches(
    rows: DataFrame, function: Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]], schema: pa.Schema
) -> DataFrame:
    """Return what a function makes of the Arrow batches of each partition."""
    return rows.mapInArrow(function, ddl(schema))


def open_parquet(session: SparkSession, file: Path) -> DataFrame:
    """Return a Parquet file as Spark reads it."""
    return session.read.parquet(file_url(file))
