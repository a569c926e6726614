"""Forecast public funnels with one default configuration, and hold the figures beside those of other tools.

    python benchmarks/forecast.py --data DIR --out DIR [--bench DIR] [--name NAME …]

``--data`` holds one folder a data set (the README of each source folder says where to get it). ``--bench`` (by default
``bench`` beside it) holds ``public_data.py``, the reference splits, and ``results.csv``, the peers' rows. A name that
has a source folder here runs through the whole chain, from raw events on; any other name of ``public_data.NAMES`` is
forecast from the columns that the peers were given (`models.sklearn_api.lead_classifier.LeadClassifier`).

Writes ``OUT/NAME.parquet`` (``lead_id``, ``y``, ``p``: the reference split's test rows) and ``OUT/table.csv``.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from models.sklearn_api.lead_classifier import LeadClassifier
from pipeline.runner.stages import make_context, run_all, run_stage
from pipeline.settings.settings import parse_overrides

ROOT = Path(__file__).resolve().parent.parent
OURS = "leadscore"
CHAIN = ("ingest", "features", "labels", "train")
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


def run_chain(name: str, data: Path, out: Path) -> tuple[pd.DataFrame, float]:
    """Run the chain on one funnel; return its test forecasts (target close) and the seconds training took."""
    source, overrides = RUNS[name]
    context = make_context(
        source_dir=ROOT / "sources" / source,
        data_dir=data / source,
        out=out / "runs" / name.replace("+", "_after_"),
        params_file=None,
        overrides=parse_overrides(overrides),
    )
    run_all(context, CHAIN[:-1])
    started = time.perf_counter()
    run_stage(CHAIN[-1], context, force=True)
    seconds = time.perf_counter() - started
    predictions = pd.read_parquet(context.folder("train") / "predictions.parquet")
    chosen = predictions[(predictions["target"] == "close") & (predictions["part"] == "test")]
    return chosen[["lead_id", "y", "p"]].astype({"y": "int64"}).reset_index(drop=True), seconds


def run_columns(name: str, bench: Path) -> tuple[pd.DataFrame, float]:
    """Forecast a reference split from its columns; return its test forecasts and the seconds training took."""
    X, y, test, outcomes = reference_split(name, bench)
    started = time.perf_counter()
    model = LeadClassifier().fit(X, y)
    seconds = time.perf_counter() - started
    lead_id = outcomes.index.astype(str)
    p = model.predict_proba(test)[:, 1]
    return pd.DataFrame({"lead_id": lead_id, "y": outcomes.to_numpy(dtype="int64"), "p": p}), seconds


def reference_split(name: str, bench: Path) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame, pd.Series]:
    """Return training columns and outcomes, test columns and outcomes (index: lead) as the peers get them."""
    with warnings.catch_warnings():  # the splits are not ours to modernise
        warnings.simplefilter("ignore")
        X, y, test, outcomes = _module(bench / "public_data.py").load(name)
    return X, y, test, outcomes


def known_names(bench: Path | None) -> list[str]:
    """Return what can be run: our own funnels, and whatever the reference names."""
    listed = _module(bench / "public_data.py").NAMES if bench is not None else []
    return list(dict.fromkeys([*listed, *RUNS]))


def _module(file: Path) -> ModuleType:
    module_spec = importlib.util.spec_from_file_location(file.stem, file)
    assert module_spec is not None
    assert module_spec.loader is not None
    module = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(module)
    return module


def same_rows(name: str, ours: pd.DataFrame, bench: Path) -> str:
    """Say whether our test rows and outcomes are those of the reference split."""
    theirs = reference_split(name, bench)[3]
    theirs.index = theirs.index.astype(str)
    own = ours.set_index("lead_id")["y"]
    if set(own.index) != set(theirs.index):
        return f"{len(set(own.index) ^ set(theirs.index))} rows differ"
    differing = int((own != theirs.reindex(own.index)).sum())
    return "same" if differing == 0 else f"{differing} outcomes differ"


def against_the_best(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row a data set: our figures, the best peer's of each, the differences, and the share of time taken."""
    rows = []
    for name, group in table.groupby("data", sort=False):
        ours, peers = group[group["peer"] == OURS].iloc[0], group[group["peer"] != OURS]
        slowest = peers.loc[peers["peer"] == "autogluon", "fit_s"].astype("float64")
        seconds = float(group.loc[group["peer"] == OURS, "fit_s"].iloc[0])
        rows.append(
            {
                "data": name,
                "log loss": ours["logloss"],
                "best peer": peers["logloss"].min(),
                "difference": ours["logloss"] - peers["logloss"].min(),
                "AUC": ours["auc"],
                "best peer's": peers["auc"].max(),
                "difference ": ours["auc"] - peers["auc"].max(),
                "seconds": seconds,
                "of AutoGluon's": seconds / float(slowest.to_numpy()[0]) if len(slowest) else np.nan,
                "test rows": ours["test rows"],
            }
        )
    return pd.DataFrame(rows)


def main() -> None:
    """Run the funnels asked for and print how they compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--bench", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", nargs="*")
    arguments = parser.parse_args()
    beside = arguments.data.parent / "bench"
    bench = arguments.bench or (beside if (beside / "public_data.py").is_file() else None)
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for name in arguments.name or known_names(bench):
        if name in RUNS:
            ours, seconds = run_chain(name, arguments.data, arguments.out)
        elif bench is not None:
            ours, seconds = run_columns(name, bench)
        else:
            parser.error(f"{name} has no source folder here, and there is no --bench with public_data.py")
        ours.to_parquet(arguments.out / f"{name}.parquet", index=False)
        row = {"data": name, "peer": OURS, **scores(ours["y"].to_numpy(int), ours["p"].to_numpy(float))}
        row |= {"fit_s": round(seconds, 1), "rows": len(ours)}
        row["test rows"] = same_rows(name, ours, bench) if bench is not None else "not compared"
        rows.append(row)
    table = pd.DataFrame(rows)
    measured = bench / "results.csv" if bench is not None else None
    has_peers = measured is not None and measured.is_file()
    if measured is not None and has_peers:
        peers = pd.read_csv(measured)
        table = pd.concat([table, peers[peers["data"].isin(table["data"])]]).sort_values(["data", "logloss"])
    table.to_csv(arguments.out / "table.csv", index=False)
    sys.stdout.write(table.round(4).to_string(index=False) + "\n")
    if has_peers:
        sys.stdout.write("\n" + against_the_best(table).round(4).to_string(index=False) + "\n")
    versions = ", ".join(f"{name} {version(name)}" for name in ("lightgbm", "scikit-learn", "pandas", "numpy"))
    sys.stdout.write(f"\n{versions}, Python {sys.version.split()[0]}\n")


if __name__ == "__main__":
    main()
