"""Stage ``features``: a row of features for every look at every lead, past (``history``) and present (``open``)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.as_of import AS_OF
from features.engine import blocks, numbered
from features.families.account import ACCOUNT_WINDOW_US
from features.families.feature_list import all_columns, feature_list
from features.families.rows import as_batch, batch_schema
from features.labelling.snapshots import history_snapshots, open_snapshots
from features.source_spec import FeatureOptions, SourceSpec
from pipeline.features.parquet_facts import ParquetFacts
from pipeline.outputs.feature_rows import RowsOf, features_file
from pipeline.outputs.ingested_tables import read_leads, read_observed_until, read_stages, table_files
from pipeline.runner.job_log import say
from pipeline.runner.progress import progress
from pipeline.runner.stages import StageContext

ROW_GROUP = 65_536


def run(context: StageContext, out: Path) -> None:
    """Write ``history.parquet``, ``open.parquet`` and ``feature_list.json``.

    A row is a lead as of a time: ``lead_id``, ``as_of``, then the columns of the feature list in its order; sorted.
    """
    spec, options = context.spec(), context.settings.features
    if context.settings.engine.name == "spark":
        _write_from_spark(context, out)
    else:
        _write_here(context, out)
    listed = [feature.to_json() for feature in feature_list(spec, options)]
    text = json.dumps(listed, indent=1, ensure_ascii=False)
    (out / "feature_list.json").write_text(text + "\n", encoding="utf-8")


def _write_here(context: StageContext, out: Path) -> None:
    spec, observed_until = context.spec(), read_observed_until(context)
    leads, stages = read_leads(context), read_stages(context)
    looks: dict[RowsOf, pd.DataFrame] = {
        "history": history_snapshots(leads, stages, spec, observed_until_us=observed_until),
        "open": open_snapshots(leads, stages, spec, as_of_us=observed_until),
    }
    for name, snapshots in looks.items():
        say(f"features: {len(snapshots):,} rows {name}")
        file = out / features_file(name)
        write_features(table_files(context), snapshots, spec, context.settings.features, file)


def _write_from_spark(context: StageContext, out: Path) -> None:
    from pipeline.features.on_spark import rows_on_spark  # an extra

    schema = batch_schema(all_columns(context.spec(), context.settings.features))
    kinds: tuple[RowsOf, ...] = ("history", "open")
    rows = dict.fromkeys(kinds, 0)
    with ExitStack() as files:
        write = {name: files.enter_context(feature_writer(out / features_file(name), schema)) for name in kinds}
        for name, batch in rows_on_spark(context):
            write[name](batch)
            rows[name] += batch.num_rows
    for name, count in rows.items():
        say(f"features: {count:,} rows {name}")


def write_features(
    tables: Mapping[str, Path],
    snapshots: pd.DataFrame,
    spec: SourceSpec,
    options: FeatureOptions,
    file: Path,
    *,
    until_us: int | None = None,
) -> None:
    """Compute the feature rows of snapshots from ingested Parquet, a chunk of leads at a time, into a Parquet file.

    Memory does not grow with the export, but for some 200 bytes a lead and 24 bytes for each act of a lead that shares
    an account with another and can still count at the earliest snapshot.

    Parameters
    ----------
    tables : mapping of str to Path
        ``leads``, ``changes``, ``events`` and ``stages`` as Parquet files. Those that are in order of ``lead_id`` are
        read only once.
    snapshots : DataFrame
        ``lead_id``, ``as_of_us`` (int64).
    spec : SourceSpec
        What the source declares.
    options : FeatureOptions
        Windows and half-lives.
    file : Path
        To be written.
    until_us : int, optional
        Facts after this moment are left out, as if nothing had happened since.
    """
    columns = all_columns(spec, options)
    lead_ids, lead, moments = numbered(pa.array(snapshots["lead_id"], pa.string()), snapshots[AS_OF].to_numpy())
    until = None if until_us is None else (until_us, lead_ids)
    with ParquetFacts(tables, spec, until=until) as facts, progress("features", total=len(moments)) as steps:
        chunks = facts.chunks(lead_ids)
        population = facts.population(chunks, since_us=int(moments.min() if len(moments) else 0) - ACCOUNT_WINDOW_US)
        with feature_writer(file, batch_schema(columns)) as write:
            for first, last in pairwise(np.cumsum([0, *map(len, chunks)])):
                of_chunk = facts.coded(lead_ids.slice(first, last - first))
                low, high = np.searchsorted(lead, [first, last])
                others = population.others_of(of_chunk)
                for block in blocks(of_chunk, others, lead[low:high] - first, moments[low:high], spec, options):
                    write(as_batch(block, columns))
                    steps.advance(len(block))


@contextmanager
def feature_writer(file: Path, schema: pa.Schema) -> Iterator[Callable[[pa.RecordBatch], None]]:
    """Write feature rows into a Parquet file, in row groups of about ``ROW_GROUP`` rows."""
    texts = [field.name for field in schema if field.type == pa.string()]
    waiting: list[pa.RecordBatch] = []
    with pq.ParquetWriter(file, schema, compression="lz4", use_dictionary=texts, write_statistics=texts) as writer:

        def flush() -> None:
            writer.write_table(pa.Table.from_batches(waiting, schema), row_group_size=2 * ROW_GROUP)
            waiting.clear()

        def write(batch: pa.RecordBatch) -> None:
            waiting.append(batch)
            if sum(batch.num_rows for batch in waiting) >= ROW_GROUP:
                flush()

        yield write
        flush()
