"""The stage's feature rows, computed on a Spark cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from features.as_of import AS_OF
from features.families.feature_list import all_columns
from features.families.rows import batch_schema
from features.families.source_rates import rated_columns
from features.kernel.other_leads import OUTCOME_SCHEMA, OutcomesByValue
from features.source_spec import SourceSpec
from pipeline.outputs.feature_rows import RowsOf
from pipeline.outputs.ingested_tables import read_observed_until, table_files
from pipeline.runner.job_log import say
from pipeline.runner.stages import StageContext
from pipeline.settings.settings import EngineOptions
from pipeline.spark.account_rows import ROWS_OF, FeatureTask, feature_rows, outcome_rows, row_schema
from pipeline.spark.fact_rows import TABLES, count_facts, fact_rows, whole_accounts
from pipeline.spark.session import spark_session
from pipeline.spark.sorted_parts import map_batches, sorted_rows

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

HELD_ROWS = 1_000_000
"""Facts that a machine computes at a time; an account of more is computed alone."""


def rows_on_spark(context: StageContext) -> Iterator[tuple[RowsOf, pa.RecordBatch]]:
    """Yield the feature rows of all looks, in order of lead and moment, each batch with what it is rows of.

    The driver holds neither events nor changes nor more than one batch of feature rows; where columns have a rate, it
    holds how leads turned out, a row for each value and moment at which a lead's time was up.

    Yields
    ------
    tuple of str and RecordBatch
        ``history`` or ``open``, and rows as stage ``features`` writes them.
    """
    spec, options, engine = context.spec(), context.settings.features, context.settings.engine
    tables = table_files(context)
    schema, columns = row_schema(spec, options), batch_schema(all_columns(spec, options))
    with spark_session(engine, "features") as session, context.workspace.scratch("features-on-spark") as folder:
        outcomes = outcomes_on_spark(session, tables, spec, engine) if rated_columns(spec) else None
        task = FeatureTask(spec, options, read_observed_until(context), outcomes)
        sent, done = session.sparkContext.broadcast(task), session.sparkContext.accumulator(0)

        def compute(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for facts in whole_accounts(batches, HELD_ROWS):
                yield from feature_rows(facts, sent.value)
                done.add(facts.num_rows)

        facts = fact_rows(session, tables, spec, names=TABLES, partition_rows=engine.partition_rows)
        rows = map_batches(facts, compute, schema)
        keys = ("lead_id", AS_OF)
        for batch in sorted_rows(rows, keys, folder, title="features", total=count_facts(tables), counter=done):
            yield from _by_kind(batch, columns)


def outcomes_on_spark(
    session: SparkSession, tables: dict[str, Path], spec: SourceSpec, engine: EngineOptions
) -> OutcomesByValue:
    """Return how all leads turned out, added up by value and moment on the cluster.

    Parameters
    ----------
    session : SparkSession
    tables : dict of str to Path
        The ingested Parquet files; leads and stages are read.
    spec : SourceSpec
    engine : EngineOptions

    Returns
    -------
    OutcomesByValue
        Of the columns that have a rate.
    """
    from pyspark.sql import functions as sql

    def collect(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for facts in whole_accounts(batches, HELD_ROWS):
            yield from outcome_rows(facts, spec).to_batches()

    facts = fact_rows(session, tables, spec, names=("leads", "stages"), partition_rows=engine.partition_rows)
    rows = map_batches(facts, collect, OUTCOME_SCHEMA)
    keys, sums = OUTCOME_SCHEMA.names[:3], OUTCOME_SCHEMA.names[3:]
    added = rows.groupBy(*keys).agg(*(sql.sum(name).alias(name) for name in sums))
    table = added.toArrow().cast(OUTCOME_SCHEMA)
    say(f"features: {table.num_rows:,} moments at which the time of leads was up")
    return OutcomesByValue.from_table(table, rated_columns(spec))


def _by_kind(batch: pa.RecordBatch, columns: pa.Schema) -> Iterator[tuple[RowsOf, pa.RecordBatch]]:
    """Part rows of past and present looks, as they stand in the stage's files."""
    kinds = batch.column(ROWS_OF)
    for name in kinds.unique().to_pylist():
        rows = batch.filter(pc.equal(kinds, name))
        as_of = rows.column(AS_OF).cast(columns.field("as_of").type)
        yield name, pa.record_batch([rows.column("lead_id"), as_of, *rows.columns[2:-1]], schema=columns)
