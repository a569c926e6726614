"""How long a what-if takes from the shell, as a ratio to running stage ``cutoffs`` anew, in the same minutes.

    python benchmarks/what_if.py [--out data] [--source sources/demo] [--data data/simulate/export] [--times 5]

Three things take turns, each a process of its own, measured from outside: the question
(``leadscore what-if --capacity 120/week --promise 0.3``), an interpreter that only imports pandas and pyarrow (nobody
who reads Parquet can be faster), and, once, the stage on a copy of the outputs: what a question would cost without
stored predictions. Wall-clock seconds depend on what else runs; processor seconds and the ratio hardly do. The page's
answer, in a server that is warm, comes last.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

QUESTION = ("--capacity", "120/week", "--promise", "0.3")
SHOULD_TAKE_SECONDS = 2.0


@dataclass(frozen=True)
class Taken:
    """What one process took.

    Attributes
    ----------
    wall, processor : float
        Seconds; processor counts user and system, of all threads.
    """

    wall: float
    processor: float


def measure(command: list[str]) -> Taken:
    """Run a command to its end."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Taken(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def middle(taken: list[Taken]) -> Taken:
    """Return the medians."""
    return Taken(statistics.median(t.wall for t in taken), statistics.median(t.processor for t in taken))


def stage_again(source: Path, data: Path, out: Path) -> Taken:
    """Run stage ``cutoffs`` on a copy of what it reads."""
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("ingest", "features", "labels", "train"):
            shutil.copytree(out / name, Path(scratch) / name)
        command = [sys.executable, "-m", "pipeline.cli", "cutoffs", "--source", str(source), "--data", str(data)]
        return measure([*command, "--out", scratch, "--force"])


def warm_answers(out: Path, times: int) -> float:
    """Return the median seconds of answers in a server that has read everything, each to another question."""
    from models.what_if.question import Question
    from serve.reading.what_if_answers import StoredPast

    past = StoredPast(out)
    past.answer(Question(sal_per_week=5))
    taken = []
    for number in range(times):
        start = time.perf_counter()
        past.answer(Question(sal_per_week=6 + number / 7))
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("data"))
    parser.add_argument("--source", type=Path, default=Path("sources/demo"))
    parser.add_argument("--data", type=Path, default=Path("data/simulate/export"))
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args()
    asked = [sys.executable, "-m", "pipeline.cli", "what-if", *QUESTION, "--out", str(given.out)]
    floor = [sys.executable, "-c", "import pandas, pyarrow.parquet"]
    measure(asked)  # compiles what is not compiled yet
    turns = [(measure(asked), measure(floor)) for _ in range(given.times)]
    question, imports = middle([turn[0] for turn in turns]), middle([turn[1] for turn in turns])
    stage = stage_again(given.source, given.data, given.out)
    page = warm_answers(given.out, given.times)
    print(f"machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; medians of {given.times}")
    print(f"{'':34}{'wall s':>8}{'processor s':>13}")
    for name, taken in (("question", question), ("import pandas, pyarrow", imports), ("stage cutoffs", stage)):
        print(f"{name:34}{taken.wall:8.2f}{taken.processor:13.2f}")
    print(f"{'answer of a warm server':34}{page:8.2f}")
    print(f"question against the stage: {question.processor / stage.processor:.3f} of its processor time")
    for name, seconds in (("processor time", question.processor), ("clock at this load", question.wall)):
        print(f"under {SHOULD_TAKE_SECONDS:g} s by {name}: {'yes' if seconds < SHOULD_TAKE_SECONDS else 'no'}")


if __name__ == "__main__":
    main()
