"""How much a company of so many events costs: what each step of Spark takes, in processor seconds a million.

Run it with ``python benchmarks/scale.py --events 1e6 --spark``. It simulates a company (``--out`` takes a run that
is there), and measures on ``local[2]`` what a scan, the shuffle by account, the kernel, the sorted files and the scores
take. Processor time is that of this process and of all that it started, Java and Python alike.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from features.families.source_rates import rated_columns
from models.forecast.saved_form import from_files
from pipeline.features.on_spark import outcomes_on_spark, rows_on_spark
from pipeline.outputs.cutoffs_file import read_cutoffs
from pipeline.outputs.feature_rows import stored_features
from pipeline.outputs.ingested_tables import read_observed_until, table_files
from pipeline.outputs.model_files import model_folder, read_texts
from pipeline.outputs.rules_file import read_rules
from pipeline.runner.stages import StageContext, make_context, run_all
from pipeline.runner.workspace import Workspace
from pipeline.score.on_spark import ScoreTask, scores_on_spark
from pipeline.settings.settings import EngineOptions, parse_overrides
from pipeline.spark.account_rows import FeatureTask, feature_rows, row_schema
from pipeline.spark.fact_rows import TABLES, fact_rows, whole_accounts
from pipeline.spark.session import spark_session
from pipeline.spark.sorted_parts import map_batches, open_parquet

ROOT = Path(__file__).resolve().parents[1]
EVENTS_PER_LEAD = 50
HELD_ROWS = 1_000_000


def company(events: int, out: Path) -> StageContext:
    """Simulate a company of about so many events and train on it; what is there already is taken."""
    leads = max(round(events / EVENTS_PER_LEAD), 500)
    overrides = parse_overrides([f"simulate.leads={leads}", f"simulate.events_per_lead={EVENTS_PER_LEAD}"])
    context = make_context(
        source_dir=ROOT / "sources" / "demo",
        data_dir=out / "simulate" / "export",
        out=out,
        params_file=None,
        overrides=overrides,
    )
    run_all(context, ("simulate", "ingest", "features", "labels", "train", "cutoffs", "evaluate"))
    return context


def copied(context: StageContext, copies: int, out: Path) -> StageContext:
    """Return the same run with so many copies of each lead and account ingested, under names of their own."""
    for stage in ("ingest", "train", "cutoffs", "evaluate"):
        shutil.copytree(context.folder(stage), out / stage)
    (out / "features").mkdir()
    shutil.copy(context.folder("features") / "stage.json", out / "features")
    for name, file in {**table_files(context), "open": stored_features(context, "open")}.items():
        own = ["lead_id", "account_id"] if name == "leads" else ["lead_id"]
        renamed = ", ".join(f"{column} || '-' || copy AS {column}" for column in own)
        duckdb.sql(
            f"COPY (SELECT * EXCLUDE (copy) REPLACE ({renamed}) "
            f"FROM (SELECT *, unnest(range({copies})) AS copy FROM '{file}') ORDER BY lead_id) "
            f"TO '{out / file.parent.name / file.name}' (FORMAT parquet, COMPRESSION zstd)"
        )
    return replace(context, workspace=Workspace(out))


def processor_seconds() -> float:
    """Return what this process and all processes of its session have taken so far."""
    ticks, session = 0, str(os.getsid(0))
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[3] == session:
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def measured(results: dict[str, Any], name: str) -> Iterator[None]:
    """Note the processor time and the time on the clock that a block takes."""
    seconds, clock = processor_seconds(), time.monotonic()
    yield
    results[name] = {
        "processor_s": round(processor_seconds() - seconds, 1),
        "clock_s": round(time.monotonic() - clock, 1),
    }
    print(name, results[name], flush=True)


def spark_rates(context: StageContext, engine: EngineOptions) -> dict[str, Any]:
    """Measure Spark step by step; each step does those before it once more, and rates are their differences."""
    settings = context.settings.model_copy(update={"engine": engine})
    on_spark = replace(context, settings=settings)
    spec, options, tables = context.spec(), settings.features, table_files(context)
    results: dict[str, Any] = {name: pq.read_metadata(tables[name]).num_rows for name in TABLES}
    with spark_session(engine, "rates") as session:
        with measured(results, "first job, to warm up"):
            open_parquet(session, tables["leads"]).write.format("noop").mode("overwrite").save()
        with measured(results, "scan of events"):
            open_parquet(session, tables["events"]).write.format("noop").mode("overwrite").save()
        with measured(results, "outcomes by value"):
            outcomes = outcomes_on_spark(session, tables, spec, engine) if rated_columns(spec) else None

        def facts() -> Any:
            return fact_rows(session, tables, spec, names=TABLES, partition_rows=engine.partition_rows)

        def in_python(function: Callable[[pa.Table], Iterator[pa.RecordBatch]], schema: pa.Schema) -> None:
            def compute(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
                for table in whole_accounts(batches, HELD_ROWS):
                    yield from function(table)

            map_batches(facts(), compute, schema).write.format("noop").mode("overwrite").save()

        count = pa.schema([("rows", pa.int64())])
        for name in ("scan and shuffle by account", "scan and shuffle by account, warm"):
            with measured(results, name):
                facts().write.format("noop").mode("overwrite").save()
        with measured(results, "… and Arrow into Python"):
            in_python(lambda table: iter([pa.record_batch([pa.array([table.num_rows])], schema=count)]), count)
        task = FeatureTask(spec, options, read_observed_until(context), outcomes)
        for name in ("… and the kernel", "… and the kernel, warm"):
            with measured(results, name):
                in_python(lambda table: feature_rows(table, task), row_schema(spec, options))
        rows = 0
        with measured(results, "features, all of it"):
            for _, batch in rows_on_spark(on_spark):
                rows += batch.num_rows
        files, scores = read_texts(model_folder(context)), 0
        task_of_scores = ScoreTask(files, read_cutoffs(context), read_rules(context, from_files(files).features), 5)
        with measured(results, "score, all of it"):
            for chunk in scores_on_spark(on_spark, task_of_scores):
                scores += len(chunk)
    return {**results, "feature rows": rows, "scores": scores}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=lambda text: int(float(text)), default=1_000_000)
    parser.add_argument("--out", type=Path, help="a run that is there, in place of a simulated company")
    parser.add_argument("--copies", type=int, default=1, help="count each lead so often, under names of their own")
    parser.add_argument("--spark", action="store_true", help="measure Spark")
    parser.add_argument("--master", default="local[2]")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if arguments.out is None:
            context = company(arguments.events, Path(scratch))
        else:
            settings = make_context(
                source_dir=ROOT / "sources" / "demo",
                data_dir=arguments.out,
                out=arguments.out,
                params_file=None,
                overrides={},
            ).settings
            context = StageContext(Workspace(arguments.out), settings, None, None, {})
        if arguments.copies > 1:
            context = copied(context, arguments.copies, Path(scratch) / "copies")
        if arguments.spark:
            engine = EngineOptions(name="spark", master=arguments.master, spark={"ui.enabled": "false"})
            print(json.dumps(spark_rates(context, engine), indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
