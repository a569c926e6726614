"""The ingested tables as rows of one form, so that all that is known of an account meets on one machine."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.kernel.events import EventKinds
from features.source_spec import SourceSpec
from features.tables.facts import TIME_COLUMNS, fact_schemas
from pipeline.spark.sorted_parts import open_parquet

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

TABLES = tuple(TIME_COLUMNS)
"""A row's ``table`` is a place here."""
_SPARK_TYPES = {"string": "string", "float64": "double", "boolean": "boolean", "int64": "bigint"}
_TEXTS = {"stages": ("stage", None), "changes": ("field", "value")}
"""What of a table stands in ``name`` and in ``text``."""


def count_facts(tables: Mapping[str, Path]) -> int:
    """Return the rows of all tables, as their files say."""
    return sum(pq.read_metadata(tables[name]).num_rows for name in TABLES)


def fact_rows(
    session: SparkSession, tables: Mapping[str, Path], spec: SourceSpec, *, names: tuple[str, ...], partition_rows: int
) -> DataFrame:
    """Return facts with those of an account in one partition, one account after the other.

    Parameters
    ----------
    session : SparkSession
    tables : mapping of str to Path
        Ingested Parquet files.
    spec : SourceSpec
    names : tuple of str
        Tables wanted, of `TABLES`.
    partition_rows : int
        About so many facts a partition.

    Returns
    -------
    DataFrame of Spark
        ``key`` (a hash of the account, or of a lead that has none), ``lead_id``, ``table`` (place in `TABLES`),
        ``us`` (the time of the fact), ``kind`` (place in `EventKinds`), ``name``, ``text`` and ``attributes`` (of a
        lead). Events that no column is made of are left out.
    """
    from pyspark.sql import functions as sql

    leads = _ingested(session, "leads", tables["leads"], spec)
    account = sql.xxhash64("account_id")
    alone = sql.xxhash64("lead_id", sql.lit("alone"))
    keys = leads.select("lead_id", sql.when(sql.col("account_id").isNull(), alone).otherwise(account).alias("key"))
    parts = [_in_one_form(session, name, tables[name], spec).join(keys, "lead_id") for name in names]
    together = parts[0]
    for part in parts[1:]:
        together = together.unionByName(part)
    facts = sum(pq.read_metadata(tables[name]).num_rows for name in names)
    return together.repartition(max(math.ceil(facts / partition_rows), 1), "key").sortWithinPartitions("key")


def _in_one_form(session: SparkSession, name: str, file: Path, spec: SourceSpec) -> DataFrame:
    from pyspark.sql import functions as sql

    table = _ingested(session, name, file, spec)
    attributes = [column for column in fact_schemas(spec)["leads"] if column not in ("lead_id", "created_us")]
    types = ", ".join(f"`{column}`: {_SPARK_TYPES[fact_schemas(spec)['leads'][column]]}" for column in attributes)
    kind, label, text = sql.lit(None), sql.lit(None), sql.lit(None)
    about = sql.lit(None).cast(f"struct<{types}>")
    if name == "leads":
        about = sql.struct(*(table[f"`{column}`"] for column in attributes))
    elif name == "events":
        kinds = EventKinds.of(spec)
        numbered = [(*pair, number) for number, pair in enumerate(zip(kinds.types, kinds.actors, strict=True))]
        known = session.createDataFrame(numbered, "event_type string, actor string, kind int")
        table = table.join(sql.broadcast(known), ["event_type", "actor"])
        kind = table["kind"]
        text = text if spec.who_acted is None else table[f"`{spec.who_acted}`"]
    else:
        label, text = (sql.lit(None) if column is None else table[column] for column in _TEXTS[name])
    return table.select(
        "lead_id",
        sql.lit(TABLES.index(name)).cast("tinyint").alias("table"),
        table[f"{TIME_COLUMNS[name]}_us"].alias("us"),
        kind.cast("int").alias("kind"),
        label.cast("string").alias("name"),
        text.cast("string").alias("text"),
        about.alias("attributes"),
    )


def _ingested(session: SparkSession, name: str, file: Path, spec: SourceSpec) -> DataFrame:
    """Return an ingested table with the columns that features are computed from."""
    from pyspark.sql import functions as sql

    table, columns = open_parquet(session, file), []
    for column, dtype in fact_schemas(spec)[name].items():
        value = table[f"`{column}`"] if column in table.columns else sql.lit(None)
        if column == f"{TIME_COLUMNS[name]}_us":
            value = sql.unix_micros(table[f"{TIME_COLUMNS[name]}_at"])
        columns.append(value.cast(_SPARK_TYPES[dtype]).alias(column))
    return table.select(*columns)


def whole_accounts(batches: Iterator[pa.RecordBatch], rows: int) -> Iterator[pa.Table]:
    """Cut rows in order of ``key`` into tables of at least so many rows, each account in one of them.

    Parameters
    ----------
    batches : iterator of RecordBatch
    rows : int
        Fewer are in the last table; more in one that holds an account of more rows.
    """
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        if not batch.num_rows:
            continue
        waiting.append(batch)
        if sum(part.num_rows for part in waiting) < rows or _key(waiting[0], 0) == _key(batch, -1):
            continue
        together = pa.Table.from_batches(waiting)
        # the last account may go on in the next batch
        begin = int(np.searchsorted(together["key"].to_numpy(), _key(batch, -1)))
        yield together.slice(0, begin)
        waiting = together.slice(begin).to_batches()
    if waiting:
        yield pa.Table.from_batches(waiting)


def _key(batch: pa.RecordBatch, place: int) -> int:
    return int(batch.column("key")[place].as_py())


def fact_tables(rows: pa.Table) -> dict[str, pa.Table]:
    """Return rows of `fact_rows` as the tables that they came from; of events, the kind stands for type and actor."""
    place = rows["table"]

    def of(name: str) -> pa.Table:
        return rows.filter(pc.equal(place, TABLES.index(name)))

    leads, changes, events, stages = (of(name) for name in ("leads", "changes", "events", "stages"))
    about = leads["attributes"].combine_chunks()
    attributes = dict(zip((field.name for field in about.type), about.flatten(), strict=True))
    return {
        "leads": pa.table({"lead_id": leads["lead_id"], "created_us": leads["us"], **attributes}),
        "changes": pa.table(
            {
                "lead_id": changes["lead_id"],
                "changed_us": changes["us"],
                "field": changes["name"],
                "value": changes["text"],
            }
        ),
        "events": pa.table(
            {"lead_id": events["lead_id"], "kind": events["kind"], "occurred_us": events["us"], "who": events["text"]}
        ),
        "stages": pa.table({"lead_id": stages["lead_id"], "stage": stages["name"], "entered_us": stages["us"]}),
    }
