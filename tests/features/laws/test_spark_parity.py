"""The same expressions on Spark give the same features as on DuckDB."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace

import ibis
import numpy as np
import pandas as pd
import pytest
from features.families.all_families import build_features

from features.engine import compute_features
from features.families.feature_list import feature_list
from features.source_spec import EventFamily, SourceSpec
from features.tables.facts import FactFrames, Facts, arrow_facts, fact_schemas
from features.time_units import to_micros

pytestmark = [
    pytest.mark.spark,
    pytest.mark.slow,
    # pyspark 4.3 reads pandas options that pandas 3 is about to drop, and uses them when it takes frames in and out
    pytest.mark.filterwarnings("ignore::FutureWarning:pyspark"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pyspark"),
]

SPARK_TYPES = {"string": "string", "float64": "double", "boolean": "boolean", "int64": "bigint"}


@pytest.fixture(scope="module")
def spark() -> Iterator[object]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        from pyspark.sql import SparkSession
    before = os.environ.get("PYSPARK_PYTHON")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.default.parallelism", "1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.adaptive.enabled", "false")
        # a few rows do not repay the compilation of hundreds of columns
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    yield session
    session.stop()
    if before is None:
        del os.environ["PYSPARK_PYTHON"]
    else:
        os.environ["PYSPARK_PYTHON"] = before


def with_work(spec: SourceSpec, frames: FactFrames, rng: np.random.Generator) -> tuple[SourceSpec, FactFrames]:
    """Return the small company as one that says when calls end and who acted."""
    call = EventFamily(types=("call",), ends=("call_end",), actor="sales")
    changed = {"sales_events": True, "who_acted": "detail", "events": {**spec.events, "call": call}}
    kind, who = frames.events["event_type"], rng.choice(["ann", "bob", "cem"], len(frames.events))
    ended = kind.where((kind != "call") | (rng.random(len(kind)) < 0.5), "call_end")
    return spec.model_copy(update=changed), replace(frames, events=frames.events.assign(event_type=ended, detail=who))


def test_spark_and_duckdb_agree(spark, random_funnel, spec, options):
    rng = np.random.default_rng(5)
    spec, frames = with_work(spec, random_funnel(5, leads=20, rows=250), rng)
    looks = pd.DataFrame(
        {
            "lead_id": rng.choice(frames.leads["lead_id"].to_numpy(), 60),
            "as_of_us": rng.choice(to_micros(frames.events["occurred_at"]).to_numpy(), 60),
        }
    ).drop_duplicates()
    expected = compute_features(frames, looks, spec, options)

    schemas = {**fact_schemas(spec), "snapshots": {"lead_id": "string", "as_of_us": "int64"}}
    rows = {name: table.to_pylist() for name, table in arrow_facts(frames, spec).items()}
    rows["snapshots"] = [dict(zip(looks, look, strict=True)) for look in looks.itertuples(index=False, name=None)]
    for name, schema in schemas.items():
        ddl = ", ".join(f"`{column}` {SPARK_TYPES[dtype]}" for column, dtype in schema.items())
        values = [tuple(row[column] for column in schema) for row in rows[name]]
        spark.createDataFrame(values, ddl).createOrReplaceTempView(name)
    backend = ibis.pyspark.connect(spark)
    facts = Facts(**{name: backend.table(name) for name in fact_schemas(spec)})
    built = build_features(facts, backend.table("snapshots"), spec, options).order_by("lead_id", "as_of_us")
    found = [row.asDict() for row in spark.sql(backend.compile(built)).collect()]

    assert len(found) == len(expected)
    assert {"behaviour_call_open", "behaviour_call_hours", "journey_handovers_count"} <= set(expected)
    for feature in feature_list(spec, options):
        ours = expected[feature.name]
        theirs = pd.Series([row[feature.name] for row in found], dtype=ours.dtype)
        if feature.dtype == "category":
            assert theirs.tolist() == ours.tolist(), feature.name
        else:
            np.testing.assert_allclose(theirs, ours, rtol=0, atol=1.1e-9, equal_nan=True, err_msg=feature.name)
