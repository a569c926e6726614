"""Run the whole chain on public funnels and hold its test rows and metrics beside those of other tools.

    python benchmarks/public_funnels.py --data DIR [--bench DIR] [--out DIR] [--name NAME …]

``--data`` holds one folder a data set (see the README of each source folder for where to get it). ``--bench``, where
given, holds ``public_data.py`` with the splits and ``results.csv`` with the peers' rows.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
import warnings
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from pipeline.settings import parse_overrides
from pipeline.stage import make_context, run_all

ROOT = Path(__file__).resolve().parent.parent
CHAIN = ("ingest", "features", "labels", "train", "cutoffs", "evaluate")
RUNS = {
    "x_education": ("x_education", ()),
    "olist_funnel": ("olist_funnel", ()),
    **{f"bpi2012+{days}": ("bpi2012", (f"snapshots.after={days}d",)) for days in (0, 3, 7, 14)},
}


def scores(y: np.ndarray, p: np.ndarray) -> dict[str, float]:
    """Return the peers' six figures, computed as the peers' script does (each row counts once)."""
    p = np.clip(p, 1e-6, 1 - 1e-6)
    order = np.argsort(p)
    gaps = [abs(y[i].mean() - p[i].mean()) * len(i) for i in np.array_split(order, 10)]
    top = np.argsort(-p)[: max(1, len(p) // 10)]
    return {
        "auc": roc_auc_score(y, p),
        "ap": average_precision_score(y, p),
        "logloss": log_loss(y, p),
        "brier": brier_score_loss(y, p),
        "ece": float(sum(gaps) / len(p)),
        "lift10": float(y[top].mean() / y.mean()),
    }


def run_one(name: str, data: Path, out: Path) -> tuple[pd.DataFrame, float]:
    """Run the chain on one funnel; return its test predictions (target close) and the seconds training took."""
    source, overrides = RUNS[name]
    context = make_context(
        source_dir=ROOT / "sources" / source,
        data_dir=data / source,
        out=out / name.replace("+", "_after_"),
        params_file=None,
        overrides=parse_overrides(overrides),
    )
    run_all(context, CHAIN[:3])
    started = time.perf_counter()
    run_all(context, CHAIN[3:4])
    seconds = time.perf_counter() - started
    run_all(context, CHAIN[4:])
    predictions = pd.read_parquet(context.folder("evaluate") / "test_predictions.parquet")
    return predictions[predictions["target"] == "close"].set_index("lead_id"), seconds


def _module(file: Path) -> ModuleType:
    module_spec = importlib.util.spec_from_file_location(file.stem, file)
    assert module_spec is not None
    assert module_spec.loader is not None
    module = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(module)
    return module


def same_rows(name: str, ours: pd.DataFrame, bench: Path) -> str:
    """Say whether our test rows and outcomes are those of the reference split."""
    with warnings.catch_warnings():  # the splits are not ours to modernise
        warnings.simplefilter("ignore")
        theirs = _module(bench / "public_data.py").load(name)[3]
    theirs.index = theirs.index.astype(str)
    if set(ours.index) != set(theirs.index):
        return f"{len(set(ours.index) ^ set(theirs.index))} rows differ"
    differing = int((ours["y"].astype(int) != theirs.reindex(ours.index)).sum())
    return "same" if differing == 0 else f"{differing} outcomes differ"


def main() -> None:
    """Run the funnels asked for and print one table each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--bench", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "data" / "public_funnels")
    parser.add_argument("--name", nargs="*", default=list(RUNS), choices=list(RUNS))
    arguments = parser.parse_args()
    rows = []
    for name in arguments.name:
        ours, seconds = run_one(name, arguments.data, arguments.out)
        row = {"data": name, "peer": "leadscore", **scores(ours["y"].to_numpy(int), ours["p"].to_numpy(float))}
        row |= {"fit_s": round(seconds), "rows": len(ours)}
        row["test rows"] = same_rows(name, ours, arguments.bench) if arguments.bench else "not compared"
        rows.append(row)
    table = pd.DataFrame(rows)
    if arguments.bench:
        peers = pd.read_csv(arguments.bench / "results.csv")
        table = pd.concat([table, peers[peers["data"].isin(arguments.name)]]).sort_values(["data", "logloss"])
    arguments.out.mkdir(parents=True, exist_ok=True)
    table.to_csv(arguments.out / "table.csv", index=False)
    sys.stdout.write(table.round(4).to_string(index=False) + "\n")


if __name__ == "__main__":
    main()
