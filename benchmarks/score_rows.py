"""What a whole score row costs beside ``predict``: probabilities, curve, points, bands and reasons.

    python benchmarks/score_rows.py [--out DIR] [--leads N] [--rows N] [--chunk N]

Simulates a company and trains its forecast in ``--out`` (a finished run there is used again), then scores its rows,
repeated up to ``--rows``, in chunks as the nightly job does, on one thread of processor time. Each figure is the least
of some turns, which ``predict`` and ``score_rows`` take one after the other.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from models.cutoffs.cutoffs import Cutoffs
from models.forecast.saved_form import from_files
from models.rules.points import PointsRules
from models.scoring.score_rows import score_rows
from pipeline.runner.stages import make_context, run_all
from pipeline.settings.settings import parse_overrides

ROOT = Path(__file__).resolve().parent.parent
TURNS = 3


def processor_seconds(work: Callable[[pd.DataFrame], object], rows: pd.DataFrame, chunk: int) -> float:
    """Return what it takes to do some work chunk by chunk, of all threads."""
    start = time.process_time()
    for first in range(0, len(rows), chunk):
        work(rows.iloc[first : first + chunk])
    return time.process_time() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("data/benchmark_reasons"))
    parser.add_argument("--leads", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--chunk", type=int, default=5_000)
    given = parser.parse_args()
    context = make_context(
        source_dir=ROOT / "sources" / "demo",
        data_dir=given.out / "simulate" / "export",
        out=given.out,
        params_file=None,
        overrides=parse_overrides([f"simulate.leads={given.leads}"]),
    )
    run_all(context, ("simulate", "ingest", "features", "labels", "train", "cutoffs"))
    model = given.out / "train" / "model"
    forecast = from_files({file.name: file.read_text(encoding="utf-8") for file in model.iterdir()})
    cutoffs = Cutoffs.model_validate_json((given.out / "cutoffs" / "cutoffs.json").read_text(encoding="utf-8"))
    rules = PointsRules.model_validate_json((given.out / "ingest" / "rules.json").read_text(encoding="utf-8"))
    X = pd.read_parquet(given.out / "features" / "open.parquet")
    X = X.iloc[np.arange(given.rows) % len(X)].reset_index(drop=True)

    def whole(rows: pd.DataFrame) -> pd.DataFrame:
        return score_rows(rows, rows, forecast=forecast, cutoffs=cutoffs, rules=rules)

    whole(X.head(2))  # compiles what is to be compiled
    turns = [
        (processor_seconds(forecast.predict, X, given.chunk), processor_seconds(whole, X, given.chunk))
        for _ in range(TURNS)
    ]
    predict, scores = (min(turn[place] for turn in turns) for place in (0, 1))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(X)} rows in chunks of {given.chunk}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for name, seconds in (("predict", predict), ("score_rows", scores)):
        print(f"{name:12}{seconds:8.2f} processor s{seconds / len(X) * 1e6:8.1f} µs a row")
    print(f"peak memory {peak:.0f} MB")
    print(f"score rows: {scores / predict:.1f} x predict")


if __name__ == "__main__":
    main()
