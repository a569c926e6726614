"""Stage ``features``: a row of features for every look at every lead, past (``history``) and present (``open``)."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.as_of import AS_OF
from features.catalog.feature_list import feature_list
from features.engine import SNAPSHOTS, duckdb_type, features_sql
from features.labelling.snapshots import history_snapshots, open_snapshots
from features.source_spec import FeatureOptions, SourceSpec
from features.tables.facts import TIME_COLUMNS, fact_schemas
from pipeline.outputs.feature_rows import RowsOf, features_file
from pipeline.outputs.ingested_tables import read_leads, read_observed_until, read_stages, table_files
from pipeline.runner.progress import say
from pipeline.runner.stages import StageContext

ROW_GROUP = 65_536


def run(context: StageContext, out: Path) -> None:
    """Write ``history.parquet``, ``open.parquet`` and ``feature_list.json``.

    A row is a lead as of a time: ``lead_id``, ``as_of``, then the columns of the feature list in its order; sorted.
    """
    spec, options = context.spec(), context.settings.features
    tables = table_files(context)
    observed_until = read_observed_until(context)
    leads, stages = read_leads(context), read_stages(context)
    looks: dict[RowsOf, pd.DataFrame] = {
        "history": history_snapshots(leads, stages, spec, observed_until_us=observed_until),
        "open": open_snapshots(leads, stages, spec, as_of_us=observed_until),
    }
    for name, snapshots in looks.items():
        say(f"features: {len(snapshots):,} rows {name}")
        write_features(tables, snapshots, spec, options, out / features_file(name))
    listed = [feature.to_json() for feature in feature_list(spec, options)]
    text = json.dumps(listed, indent=1, ensure_ascii=False)
    (out / "feature_list.json").write_text(text + "\n", encoding="utf-8")


def write_features(
    tables: Mapping[str, Path], snapshots: pd.DataFrame, spec: SourceSpec, options: FeatureOptions, file: Path
) -> None:
    """Compute the feature rows of snapshots from ingested Parquet, and stream them into a Parquet file.

    Parameters
    ----------
    tables : mapping of str to Path
        ``leads``, ``changes``, ``events`` and ``stages`` as Parquet files.
    snapshots : DataFrame
        ``lead_id``, ``as_of_us`` (int64).
    spec : SourceSpec
        What the source declares.
    options : FeatureOptions
        Windows and half-lives.
    file : Path
        To be written.
    """
    probes = pa.table(
        {"lead_id": pa.array(snapshots["lead_id"], pa.string()), AS_OF: pa.array(snapshots[AS_OF], pa.int64())}
    )
    with (
        tempfile.TemporaryDirectory(dir=file.parent, prefix=".features-") as scratch,
        duckdb.connect(config={"temp_directory": scratch}) as connection,
    ):
        for name in TIME_COLUMNS:
            connection.execute(_view(name, tables[name], spec))
        connection.register(SNAPSHOTS, probes)
        rows = connection.sql(features_sql(spec, options)).to_arrow_reader(ROW_GROUP)
        _stream(rows, file)


def _view(name: str, file: Path, spec: SourceSpec) -> str:
    """Return SQL that shows an ingested table with the columns that the feature expressions read."""
    there = set(pq.read_schema(file).names)
    columns = []
    for column, dtype in fact_schemas(spec)[name].items():
        value = f'"{column}"' if column in there else "NULL"
        if column == f"{TIME_COLUMNS[name]}_us":
            value = f"epoch_us({TIME_COLUMNS[name]}_at)"
        columns.append(f'CAST({value} AS {duckdb_type(dtype)}) AS "{column}"')
    path = str(file).replace("'", "''")
    return f"CREATE VIEW {name} AS SELECT {', '.join(columns)} FROM read_parquet('{path}')"


def _stream(rows: pa.RecordBatchReader, file: Path) -> None:
    at = rows.schema.get_field_index(AS_OF)
    as_of = pa.field("as_of", pa.timestamp("us", tz="UTC"))
    schema = rows.schema.set(at, as_of)
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in rows:
            columns = [c.cast(as_of.type) if i == at else c for i, c in enumerate(batch.columns)]
            writer.write_batch(pa.record_batch(columns, schema=schema), row_group_size=ROW_GROUP)
