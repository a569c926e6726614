"""What training costs as rows grow: processor time, time on the clock and memory of ``leadscore train``.

    python benchmarks/train_scale.py [--rows 1e5 1e6 1e7] [--leads 2000] [--out DIR] [--set KEY=VALUE …]

A company of ``--leads`` leads is simulated and goes through the chain up to labels. Its leads are then drawn again and
again under names of their own, each number moved by a little, block by block into the files that stages ``ingest``,
``features`` and ``labels`` write, until there are so many rows. Stage ``train`` runs on them in a process of its own;
memory is the most that this process held.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.features.stage import feature_writer
from pipeline.outputs.feature_rows import stored_features
from pipeline.outputs.labels_file import LABELS_FILE
from pipeline.runner.stages import StageContext, make_context, run_all, run_stage
from pipeline.settings.settings import parse_overrides

ROOT = Path(__file__).resolve().parents[1]
CHAIN = ("simulate", "ingest", "features", "labels")
INGESTED = ("leads.parquet", "stages.parquet")
MOVED = 0.05
"""Standard deviation by which a number is moved, as a share of it: two copies of a lead are hardly ever alike."""
SEED = 7


def context_of(out: Path, settings: Sequence[str]) -> StageContext:
    """Return the demo's company in a folder."""
    return make_context(
        source_dir=ROOT / "sources" / "demo",
        data_dir=out / "simulate" / "export",
        out=out,
        params_file=None,
        overrides=parse_overrides(list(settings)),
    )


def enlarge(base: StageContext, rows: int, out: Path) -> int:
    """Write the folders that training reads with about so many rows of past looks; return how many there are."""
    for stage in CHAIN[1:]:
        shutil.copytree(base.folder(stage), out / stage)
    features = pq.read_table(stored_features(base, "history"))
    copies = max(1, round(rows / len(features)))
    with feature_writer(out / "features" / "history.parquet", features.schema) as write:
        for number in range(copies):
            for batch in renamed(moved(features, number), number).to_batches():
                write(batch)
    for file in (base.folder("labels") / LABELS_FILE, *(base.folder("ingest") / name for name in INGESTED)):
        table = pq.read_table(file)
        with pq.ParquetWriter(out / file.parent.name / file.name, table.schema) as writer:
            for number in range(copies):
                writer.write_table(renamed(table, number))
    return len(features) * copies


def renamed(table: pa.Table, number: int) -> pa.Table:
    """Return a table whose leads have the names of one copy; copy after copy, they stay in order."""
    place = table.schema.get_field_index("lead_id")
    names = [f"{number:06d}-{name}" for name in table["lead_id"].to_pylist()]
    return table.set_column(place, table.schema.field(place), pa.array(names, table.schema.field(place).type))


def moved(table: pa.Table, number: int) -> pa.Table:
    """Return a table whose numbers are moved a little; 0, yes and no stay what they are."""
    rng = np.random.default_rng([SEED, number])
    for place, field in enumerate(table.schema):
        if field.type == pa.float64():
            values = table.column(place).to_numpy().copy()
            if not np.isin(values[~np.isnan(values)], (0.0, 1.0)).all():
                values *= 1.0 + MOVED * rng.standard_normal(len(values))
            table = table.set_column(place, field, pa.array(values, field.type))
    return table


def trained(out: Path, settings: Sequence[str]) -> tuple[float, float, float]:
    """Train in a process of its own; return its processor seconds, seconds on the clock and peak memory in MB."""
    started, command = time.perf_counter(), [sys.executable, __file__, "--train", str(out), "--set", *settings]
    child = os.posix_spawn(sys.executable, command, os.environ)
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit("training failed")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - started, usage.ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--rows", type=lambda text: int(float(text)), nargs="+", default=[100_000, 1_000_000, 10_000_000]
    )
    parser.add_argument("--leads", type=int, default=2_000)
    parser.add_argument("--out", type=Path, help="where there is room; else a temporary folder")
    parser.add_argument("--set", nargs="*", default=[], help="settings of training, as for leadscore --set")
    parser.add_argument("--train", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.train is not None:
        run_stage("train", context_of(arguments.train, arguments.set), force=True)
        return
    lines = []
    with tempfile.TemporaryDirectory(dir=arguments.out) as scratch:
        base = context_of(Path(scratch) / "base", [f"simulate.leads={arguments.leads}"])
        run_all(base, CHAIN)
        for rows in arguments.rows:
            out = Path(scratch) / str(rows)
            count = enlarge(base, rows, out)
            seconds, clock, memory = trained(out, arguments.set)
            shutil.rmtree(out)
            lines.append(
                {
                    "rows": f"{count:,}",
                    "processor s": round(seconds, 1),
                    "wall s": round(clock, 1),
                    "peak MB": round(memory),
                    "processor s a million rows": round(seconds / count * 1e6, 1),
                }
            )
            print(pd.DataFrame(lines[-1:]).to_string(index=False), flush=True)
    print(pd.DataFrame(lines).to_string(index=False))
    print(f"training: {count:,} rows within {memory / 1024:.1f} GB")


if __name__ == "__main__":
    main()
