"""What all feature columns cost beside a bare GROUP BY of the same Parquet file, and beside other tools.

    python benchmarks/features.py [--events N] [--leads N] [--moments N] [--ordered] [--peers FOLDER] [--out DIR]

Writes an export of random events, in no order as exports come (``--ordered``: by lead and time, as they are ingested),
then runs, each in a process of its own: DuckDB's ``GROUP BY lead_id, event_type`` (count, min, max), our columns of all
families, and the behaviour columns alone in polars and pandas, written by hand. ``--peers`` is a folder that polars was
installed into (``pip install --target``). getML FastProp is left out: it needs other versions of numpy and pandas and
an engine of its own, whose processor time could not be told apart; it made 16 columns of these events. Processor time
counts user and system of all threads. Each does the work for a few leads first, which imports and compiles; what that
takes is said apart.
Last lines: ``nightly: N.N x GROUP BY`` for one moment a lead, ``training: …`` for more.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

FOLDERS = sys.path[:]
sys.path[:] = [folder for folder in FOLDERS if Path(folder).resolve() != Path(__file__).resolve().parent]
if __name__ == "features":  # another benchmark asked for the package, and Python found this file first
    del sys.modules["features"]
    import_module("features")
    sys.path[:] = FOLDERS

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

from features.families.feature_list import all_columns  # noqa: E402
from features.source_spec import FeatureOptions, SourceSpec  # noqa: E402
from features.time_units import DAY_US  # noqa: E402
from pipeline.features.stage import write_features  # noqa: E402

FAMILIES = 15
START_US, DAYS = 1_600_000_000_000_000, 400
EVERY_DAYS = 14
HALF_LIVES, WINDOWS = (7, 30), (1, 7, 30, 90)
SPEC = SourceSpec.model_validate(
    {
        "name": "bench",
        "title": {"de": "Messung", "en": "Benchmark"},
        "targets": {"sql": {"stage": "SQL", "horizon": "30d"}, "close": {"stage": "WON", "horizon": "90d"}},
        "fit": {
            "country": {"type": "category"},
            "campaign": {"type": "category", "source_rate": True},
            "title": {"type": "job_title"},
            "email": {"type": "email"},
            "employees": {"type": "number"},
            "budget": {"type": "category", "known": "changes", "role": "budget"},
        },
        "events": {
            f"f{i}": {"types": [f"type_{i}"], "intent": ("low", "high", "neutral")[i % 3]} for i in range(FAMILIES)
        },
    }
)


@dataclass(frozen=True)
class Export:
    """Where the files lie, and what is asked of them."""

    folder: Path
    leads: int
    moments: int

    @property
    def tables(self) -> dict[str, Path]:
        """The Parquet file of each table."""
        return {name: self.folder / f"{name}.parquet" for name in ("leads", "changes", "events", "stages")}

    def looks(self) -> pd.DataFrame:
        """Return so many moments a lead, the last one at the end of the export."""
        end = START_US + DAYS * DAY_US
        moments = end - np.arange(self.moments)[::-1] * EVERY_DAYS * DAY_US
        ids = pd.read_parquet(self.tables["leads"], columns=["lead_id"])["lead_id"]
        repeated = ids.repeat(self.moments).reset_index(drop=True)
        return pd.DataFrame({"lead_id": repeated, "as_of_us": np.tile(moments, self.leads)})


@dataclass(frozen=True)
class Taken:
    """What one tool took: processor and wall seconds, and the peak of its process in MB."""

    processor: float
    wall: float
    peak: float
    columns: int


def times(values: np.ndarray) -> pa.Array:
    """Return microseconds as Arrow timestamps."""
    return pa.array(values, pa.timestamp("us", tz="UTC"))


def make_export(folder: Path, events: int, leads: int, *, ordered: bool, seed: int = 1) -> None:
    """Write the tables of a company: accounts of three leads, half of the leads converted."""
    rng = np.random.default_rng(seed)
    numbers = np.arange(leads)
    ids = pa.array([f"L{i:08d}" for i in numbers])
    created = START_US + rng.integers(0, DAYS // 2 * 86_400, leads) * 1_000_000
    titles = ("Leiter Einkauf", "CEO", "Werkstudent", "Sales Manager", "Quality Engineer")
    table = {
        "lead_id": ids, "created_at": times(created), "account_id": [f"A{i // 3}" for i in numbers],
        "country": [("DE", "AT", "CH")[i % 3] for i in numbers], "campaign": [f"c{i % 17}" for i in numbers],
        "title": [titles[i % 5] for i in numbers], "email": [f"x{i}@firma{i % 5_000}.de" for i in numbers],
        "employees": (numbers % 900).astype(float),
    }  # fmt: skip
    pq.write_table(pa.table(table), folder / "leads.parquet")
    half = numbers[::2]
    entered = np.concatenate([created + DAY_US, created[half] + 5 * DAY_US])
    both = np.append(numbers, half)
    stages = pa.array(["MQL"] * leads + ["SQL"] * len(half))
    pq.write_table(
        pa.table({"lead_id": ids.take(pa.array(both)), "stage": stages, "entered_at": times(entered)}),
        folder / "stages.parquet",
    )
    changes = {"lead_id": ids.take(pa.array(half)), "changed_at": times(created[half] + 2 * DAY_US),
               "field": ["budget"] * len(half), "value": ["open"] * len(half)}  # fmt: skip
    pq.write_table(pa.table(changes), folder / "changes.parquet")
    names = pa.array([f"type_{i}" for i in range(FAMILIES)])
    with pq.ParquetWriter(folder / "events.parquet", EVENTS, compression="zstd") as writer:
        pieces = max(events // 10_000_000, 1)  # so that memory stays small
        for some in np.array_split(numbers, pieces):
            count = events // pieces
            lead = rng.integers(some[0], some[-1] + 1, count) if ordered else rng.integers(0, leads, count)
            occurred = START_US + rng.integers(0, DAYS * 86_400, count) * 1_000_000
            if ordered:
                order = np.lexsort((occurred, lead))
                lead, occurred = lead[order], occurred[order]
            kinds = names.take(pa.array(rng.integers(0, FAMILIES, count)))
            columns = [ids.take(pa.array(lead)), times(occurred), kinds, pa.repeat("lead", count)]
            writer.write_table(pa.table(columns, schema=EVENTS), row_group_size=122_880)


EVENTS = pa.schema(
    [("lead_id", pa.string()), ("occurred_at", pa.timestamp("us", tz="UTC")), ("event_type", pa.string()),
     ("actor", pa.string())]
)  # fmt: skip


def group_by(export: Export) -> int:
    """Run the bare GROUP BY on two threads."""
    import duckdb

    file = str(export.tables["events"])
    query = f"SELECT lead_id, event_type, count(*) n, min(occurred_at) a, max(occurred_at) b FROM '{file}' GROUP BY ALL"
    connection = duckdb.connect(config={"threads": 2})
    connection.execute(f"SELECT count(*), sum(n), min(epoch_us(a)), max(epoch_us(b)) FROM ({query})").fetchall()
    return 3


def ours(export: Export) -> int:
    """Write all columns of all families."""
    with tempfile.TemporaryDirectory(dir=export.folder) as scratch:
        write_features(export.tables, export.looks(), SPEC, FeatureOptions(), Path(scratch) / "rows.parquet")
    return len(all_columns(SPEC, FeatureOptions()))


def by_polars(export: Export) -> int:
    """Write the behaviour columns by polars, a moment after the other."""
    import polars as pl  # type: ignore[import-not-found]

    events = pl.scan_parquet(export.tables["events"])
    parts = []
    for moment in np.unique(export.looks()["as_of_us"]):
        age = (pl.lit(int(moment)) - pl.col("occurred_at").dt.epoch("us")) / DAY_US
        known, columns = events.with_columns(age=age).filter(pl.col("age") >= 0), []
        for i in range(FAMILIES):
            own = pl.col("age").filter(pl.col("event_type") == f"type_{i}")
            columns += [(own < days).sum().alias(f"{i}_count_{days}") for days in WINDOWS]
            columns += [own.len().alias(f"{i}_ever"), own.min().alias(f"{i}_last")]
            columns += [(0.5 ** (own / days)).sum().alias(f"{i}_decayed_{days}") for days in HALF_LIVES]
            columns += [own.floor().n_unique().alias(f"{i}_days")]
        parts.append(known.group_by("lead_id").agg(columns).collect(engine="streaming"))
    with tempfile.TemporaryDirectory(dir=export.folder) as scratch:
        pl.concat(parts).write_parquet(Path(scratch) / "rows.parquet")
    return FAMILIES * 9


def by_pandas(export: Export) -> int:
    """Write the behaviour columns by pandas, a moment and a family after the other."""
    events = pd.read_parquet(export.tables["events"])
    occurred = events["occurred_at"].astype("int64").to_numpy()
    parts = []
    for moment in np.unique(export.looks()["as_of_us"]):
        known = events[["lead_id", "event_type"]].assign(age=(moment - occurred) / DAY_US)
        known = known[known["age"] >= 0]
        columns = {}
        for i, own in known.groupby("event_type", sort=False):
            values = own.assign(
                **{f"count_{days}": own["age"] < days for days in WINDOWS},
                **{f"decayed_{days}": 0.5 ** (own["age"] / days) for days in HALF_LIVES},
            ).drop(columns="event_type")
            by_lead = values.groupby("lead_id")
            columns[i] = by_lead.sum().assign(
                last=by_lead["age"].min(), days=np.floor(own["age"]).groupby(own["lead_id"]).nunique()
            )
        parts.append(pd.concat(columns, axis=1))
    with tempfile.TemporaryDirectory(dir=export.folder) as scratch:
        together = pd.concat(parts)
        together.columns = ["_".join(name) for name in together.columns]
        together.to_parquet(Path(scratch) / "rows.parquet")
    return FAMILIES * 9


def measured(work: Callable[[Export], int], export: Export, warm: Export | None = None) -> Taken:
    """Run a piece of work in a process of its own, after it has been done once for a few leads."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        if warm is not None:
            pool.submit(_measured, work, warm).result()
        return pool.submit(_measured, work, export).result()


def _measured(work: Callable[[Export], int], export: Export) -> Taken:
    processor, wall = time.process_time(), time.perf_counter()
    columns = work(export)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Taken(time.process_time() - processor, time.perf_counter() - wall, peak, columns)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=float, default=10e6)
    parser.add_argument("--leads", type=float, default=200e3)
    parser.add_argument("--moments", type=int, default=1)
    parser.add_argument("--ordered", action="store_true")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if given.peers is not None:
        sys.path.append(str(given.peers))
        os.environ["PYTHONPATH"] = os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(given.peers)])
    with tempfile.TemporaryDirectory(dir=given.out) as folder:
        export = Export(Path(folder), int(given.leads), given.moments)
        small = Export(Path(folder) / "small", 200, given.moments)
        small.folder.mkdir()
        make_export(small.folder, 10_000, small.leads, ordered=given.ordered)
        first = measured(ours, small)
        print(
            f"first call: {first.processor:.1f} s of processor time, with imports, and compiling where nothing was kept"
        )
        make_export(export.folder, int(given.events), export.leads, ordered=given.ordered)
        turns = [(measured(group_by, export, small), measured(ours, export, small)) for _ in range(given.turns)]
        taken = {"GROUP BY": _least([turn[0] for turn in turns]), "leadscore": _least([turn[1] for turn in turns])}
        for name, package, work in (("polars by hand", "polars", by_polars), ("pandas by hand", "pandas", by_pandas)):
            if find_spec(package) is None:
                print(f"{name}: not installed")
            elif given.peers is not None:
                taken[name] = measured(work, export, small)
    reference = taken["GROUP BY"].processor
    print(
        f"{int(given.events):,} events, {export.leads:,} leads, {given.moments} moments a lead, "
        f"{'by lead and time' if given.ordered else 'in no order'}; {platform.machine()}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    print(f"{'':16}{'columns':>8}{'processor s':>13}{'wall s':>8}{'peak MB':>9}{'x GROUP BY':>12}")
    for name, one in taken.items():
        ratio = one.processor / reference
        print(f"{name:16}{one.columns:8}{one.processor:13.2f}{one.wall:8.2f}{one.peak:9.0f}{ratio:12.1f}")
    what = "nightly" if given.moments == 1 else "training"
    print(f"{what}: {taken['leadscore'].processor / reference:.1f} x GROUP BY")


def _least(taken: list[Taken]) -> Taken:
    return min(taken, key=lambda one: one.processor)


if __name__ == "__main__":
    main()
