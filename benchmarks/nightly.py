"""What the nightly job takes from ingested facts to scores in PostgreSQL, stage by stage beside each stage's floor.

    python benchmarks/nightly.py [--leads 1e6] [--events 50e6] [--run OUT] [--scratch DIR] [--profile]

Takes a finished run of the demo (``--run``; without it, one is simulated and trained first), and ingests its open
leads again and again under new names, each with its changes, stages and events, until there are so many leads; their
events are repeated an hour earlier until there are so many. Then, in one process as the job runs:

- ``features``: the rows of all open leads, as stage ``features`` writes them. Floor: DuckDB's ``GROUP BY lead_id,
  event_type`` (count, min, max) over the same events.
- ``scores``: stage ``score`` up to the store: probabilities, bands, points, reasons, ``scores.parquet``. Floor: reading
  the rows and bare ``forecast.predict``.
- ``store``: the store's part of the stage, a PostgreSQL of its own. Floor: the same bytes by a bare COPY into a table
  without key and index.

Processor seconds count this process and all of PostgreSQL; the peak is this process's, of the stage alone where the
system lets it be reset. ``--profile`` prints where the slowest stage's processor time goes, by function.
Last line: minutes of the job, and what the stages take beside their floors.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import platform
import pstats
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import duckdb
from scale import company
from store import bare_copy, postgresql

from features.labelling.snapshots import open_snapshots
from models.forecast.saved_form import from_files
from pipeline.features.stage import write_features
from pipeline.outputs.feature_rows import count_rows, features_file, read_feature_chunks, stored_features
from pipeline.outputs.ingested_tables import read_leads, read_observed_until, read_stages, table_file, table_files
from pipeline.outputs.model_files import model_folder, read_texts
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import Workspace
from pipeline.score import stage as score_stage
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.settings.settings import Settings

TICKS: Final = os.sysconf("SC_CLK_TCK")
DEMO_EVENTS = 1_000_000


@dataclass(frozen=True)
class Taken:
    """What a step took: processor and wall seconds, and the peak of this process in MB."""

    processor: float
    wall: float
    peak: float

    def less(self, part: Taken) -> Taken:
        """Return the rest of a step beside a part of it."""
        return Taken(self.processor - part.processor, self.wall - part.wall, self.peak)


class Meter:
    """Measures steps of this process and of a database.

    Parameters
    ----------
    database : Path
        Data folder of the PostgreSQL.
    """

    def __init__(self, database: Path) -> None:
        self._database = database

    def measured(self, work: Callable[[], object]) -> Taken:
        """Return what some work takes."""
        _reset_peak()
        processor, wall = self._seconds(), time.perf_counter()
        work()
        return Taken(self._seconds() - processor, time.perf_counter() - wall, _peak_mb())

    def _seconds(self) -> float:
        return time.process_time() + sum(_ticks(process) for process in self._processes()) / TICKS

    def _processes(self) -> Iterator[Path]:
        pid = (self._database / "postmaster.pid").read_text().split()[0]
        yield Path("/proc") / pid
        children = (Path("/proc") / pid / "task" / pid / "children").read_text().split()
        yield from (Path("/proc") / child for child in children)


def _ticks(process: Path) -> int:
    """Return user and system time of a process and of its children that have ended."""
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(map(int, fields[11:15]))


def _reset_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except PermissionError:  # then the peak is that of all steps so far
        sys.stderr.write("the peak of memory cannot be reset\n")


def _peak_mb() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def finished_run(out: Path) -> StageContext:
    """Return the context of a run that is there."""
    return StageContext(Workspace(out), Settings(), None, None, {})


def ingested(context: StageContext, out: Path, *, leads: int, events: int) -> StageContext:
    """Ingest a finished run's open leads again and again, so many leads and about so many events in all."""
    for stage in ("ingest", "train", "cutoffs", "evaluate"):
        shutil.copytree(context.folder(stage), out / stage)
    (out / "features").mkdir()
    shutil.copy(context.folder("features") / "stage.json", out / "features")
    look = duckdb.sql(f"SELECT DISTINCT lead_id FROM '{stored_features(context, 'open')}' ORDER BY 1")
    count = len(look)
    copies = -(-leads // count)
    per_lead = duckdb.sql(
        f"SELECT count(*) FROM '{table_files(context)['events']}' WHERE lead_id IN (SELECT lead_id FROM look)"
    ).fetchall()[0][0]
    times = max(round(events / leads / (per_lead / count)), 1)
    for name, file in table_files(context).items():
        renamed = [
            "copy || '-' || lead_id AS lead_id",
            *(["copy || '-' || account_id AS account_id"] * (name == "leads")),
        ]
        rows = f"SELECT * FROM '{file}' WHERE lead_id IN (SELECT lead_id FROM look)"
        if name == "events":
            renamed.append("occurred_at - to_hours(earlier) AS occurred_at")
            rows = f"SELECT *, unnest(range({times})) AS earlier FROM ({rows})"
        time_column = {"events": ", occurred_at", "stages": ", entered_at", "changes": ", changed_at"}.get(name, "")
        duckdb.sql(
            f"COPY (SELECT * EXCLUDE (copy{', earlier' * (name == 'events')}) REPLACE ({', '.join(renamed)}) FROM "
            f"(SELECT *, lpad(unnest(range({copies}))::VARCHAR, 6, '0') AS copy FROM ({rows})) "
            f"WHERE copy < '{copies - 1:06}' OR lead_id IN (FROM look LIMIT {leads - (copies - 1) * count}) "
            f"ORDER BY lead_id{time_column}) "
            f"TO '{out / 'ingest' / table_file(name)}' (FORMAT parquet, COMPRESSION zstd)"
        )
    return replace(context, workspace=Workspace(out))


def group_by(events: Path) -> None:
    """Run the bare GROUP BY."""
    query = (
        f"SELECT lead_id, event_type, count(*) n, min(occurred_at) a, max(occurred_at) b FROM '{events}' GROUP BY ALL"
    )
    duckdb.sql(f"SELECT count(*), sum(n), min(epoch_us(a)), max(epoch_us(b)) FROM ({query})").fetchall()


def features(context: StageContext) -> None:
    """Write the features of all open leads."""
    spec, leads, stages = context.spec(), read_leads(context), read_stages(context)
    looks = open_snapshots(leads, stages, spec, as_of_us=read_observed_until(context))
    file = context.workspace.root / "features" / features_file("open")
    write_features(table_files(context), looks, spec, context.settings.features, file)


def predict(context: StageContext) -> None:
    """Read the rows and do nothing but forecast, both targets."""
    forecast = from_files(read_texts(model_folder(context)))
    for rows in read_feature_chunks(context, "open", context.settings.score.chunk_rows):
        forecast.predict(rows)


@contextmanager
def store_apart(meter: Meter, parts: list[Taken]) -> Iterator[None]:
    """Note what the store's part of the stage takes."""
    write = ScoreStore.write

    def measured_write(*arguments: Any, **options: Any) -> int:
        rows: list[int] = []
        parts.append(meter.measured(lambda: rows.append(write(*arguments, **options))))
        return rows[0]

    with patch.object(ScoreStore, "write", measured_write):
        yield


def job(context: StageContext, folder: Path, *, profile: bool) -> dict[str, tuple[Taken, Taken]]:
    """Run the job and each stage's floor, and return both by stage."""
    out = context.workspace.root
    (out / "score").mkdir()
    with postgresql(folder) as url:
        meter, profiler = Meter(folder / "pg"), cProfile.Profile(time.process_time)
        parts: list[Taken] = []
        options = context.settings.score.model_copy(update={"store": url})
        into_store = replace(context, settings=context.settings.model_copy(update={"score": options}))
        computed = meter.measured(lambda: features(context))
        with store_apart(meter, parts):
            scored = meter.measured(lambda: score_stage.run(into_store, out / "score"))
        floors = (
            meter.measured(lambda: group_by(table_files(context)["events"])),
            meter.measured(lambda: predict(context)),
            meter.measured(lambda: bare_copy(url, out / "score" / "scores.parquet")),
        )
        if profile:
            profiler.enable()
            score_stage.run(into_store, out / "score")
            profiler.disable()
            pstats.Stats(profiler).sort_stats("tottime").print_stats(25)
    stages = (computed, scored.less(parts[0]), parts[0])
    return dict(zip(("features", "scores", "store"), zip(stages, floors, strict=True), strict=True))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=float, default=1e6)
    parser.add_argument("--events", type=float, default=50e6)
    parser.add_argument("--run", type=Path, help="a finished run of the demo")
    parser.add_argument("--scratch", type=Path, help="a folder on a disk with room")
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.scratch) as scratch:
        folder = Path(scratch)
        run = finished_run(given.run) if given.run else company(DEMO_EVENTS, folder / "demo")
        context = ingested(run, folder / "night", leads=int(given.leads), events=int(given.events))
        rows = duckdb.sql(f"SELECT count(*) FROM '{table_files(context)['events']}'").fetchall()[0][0]
        taken = job(context, folder, profile=given.profile)
        scored = count_rows(context, "open")
    print(
        f"{scored:,} open leads, {rows:,} events; {platform.machine()}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    print(f"{'':10}{'processor s':>12}{'wall s':>8}{'peak MB':>9}{'floor s':>9}{'x floor':>9}")
    for name, (ours, floor) in taken.items():
        print(
            f"{name:10}{ours.processor:12.1f}{ours.wall:8.1f}{ours.peak:9.0f}{floor.processor:9.1f}"
            f"{ours.processor / floor.processor:9.1f}"
        )
    ratios = ", ".join(f"{name} {ours.processor / floor.processor:.1f}" for name, (ours, floor) in taken.items())
    minutes, processor = (sum(getattr(ours, what) for ours, _ in taken.values()) / 60 for what in ("wall", "processor"))
    print(f"nightly job: {minutes:.1f} minutes, {processor:.1f} of processor time; x floor: {ratios}")


if __name__ == "__main__":
    main()
