"""What young leads are worth: train on everything known when the test begins, against leads of known outcome alone.

    python benchmarks/young_leads.py --out DIR [--data DIR] [--leads N] [--seeds N …]

Demo funnels (a seed each) and, with ``--data``, bpi2012 at four anchors. Prints log loss and AUC on the same test
rows for three ways of training, the gain in log loss with a 95 % interval (bootstrap by lead), and the curve P(reached
within t) at a third of the horizon:

- ``mature``: rows whose whole window had passed when the test began;
- ``young``: those and the young ones, by the probability of their outcome given what was seen so far;
- ``decided``: those and the young ones that were already decided, as they were: biased, for comparison.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from features.families.feature_list import feature_list
from models.estimator.fitting import Fitting
from models.forecast.fit_forecast import labelled_rows
from models.forecast.fit_target import FIT_PARTS, fit_target
from models.log_odds import log_losses, log_odds_to_probability
from models.measures.lead_weights import even_weights
from pipeline.runner.stages import StageContext, make_context, run_all
from pipeline.settings.settings import parse_overrides

ROOT = Path(__file__).resolve().parent.parent
RESAMPLES = 1000
ANCHORS = (0, 3, 7, 14)
PART_OF_HORIZON = 3


def contexts(data: Path | None, out: Path, leads: int, seeds: list[int]) -> dict[str, StageContext]:
    """Make features and labels of every funnel."""
    found = {}
    for seed in seeds:
        folder = out / f"demo_{seed}"
        found[f"demo, seed {seed}"] = make_context(
            source_dir=ROOT / "sources" / "demo",
            data_dir=folder / "simulate" / "export",
            out=folder,
            params_file=None,
            overrides=parse_overrides([f"simulate.leads={leads}", f"seed={seed}"]),
        )
        run_all(found[f"demo, seed {seed}"], ("simulate",))
    bpi2012 = data or Path()
    for days in ANCHORS if data is not None else ():
        found[f"bpi2012+{days}"] = make_context(
            source_dir=ROOT / "sources" / "bpi2012",
            data_dir=bpi2012 / "bpi2012",
            out=out / f"bpi2012_after_{days}",
            params_file=None,
            overrides=parse_overrides([f"snapshots.after={days}d"]),
        )
    for context in found.values():
        run_all(context, ("ingest", "features", "labels"))
    return found


def decided(rows: pd.DataFrame, closed: pd.Series, test_from: pd.Timestamp) -> pd.DataFrame:
    """Return the rows without the young ones that are still open; lost ones count as no."""
    lost = rows["lead_id"].map(closed) <= test_from
    young = rows["part"] == "young"
    known = rows[~young | rows["y"].notna() | lost].copy()
    known["y"] = known["y"].fillna(0)
    known["part"] = known["part"].replace("young", "between")
    return known.reset_index(drop=True)


def gain(loss: np.ndarray, than: np.ndarray, leads: pd.Series, seed: int = 0) -> tuple[float, float, float]:
    """Return how much smaller ``loss`` is than the other, a lead counting once, with a 95 % bootstrap interval."""
    by_lead = pd.Series(than - loss).groupby(leads.to_numpy()).mean().to_numpy()
    rng = np.random.default_rng(seed)
    drawn = by_lead[rng.integers(len(by_lead), size=(RESAMPLES, len(by_lead)))].mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(by_lead.mean()), float(low), float(high)


def compare(name: str, context: StageContext, target: str) -> list[dict[str, object]]:
    """Train the three ways and judge them on the test rows."""
    spec, settings = context.spec(), context.settings
    history = pd.read_parquet(context.folder("features") / "history.parquet")
    labels = pd.read_parquet(context.folder("labels") / "labels.parquet")
    stages = pd.read_parquet(context.folder("ingest") / "stages.parquet")
    closed = stages[stages["stage"].isin(spec.closed_stages)].groupby("lead_id")["entered_at"].min()
    rows = labelled_rows(history, labels, target, FIT_PARTS)
    test = labelled_rows(history, labels, target, ("test",))
    y, weights = test["y"].to_numpy(dtype=float), even_weights(test["lead_id"])
    mature = rows[rows["part"] != "young"].reset_index(drop=True)
    ways = {"mature": mature, "young": rows, "decided": decided(rows, closed, test["as_of"].min())}
    losses, found = {}, []
    delays = test["delay_us"].to_numpy(dtype=float)
    for way, known in ways.items():
        features = feature_list(spec, settings.features)
        horizon = spec.target(target).horizon
        fitted = fit_target(known, Fitting(features, settings.model, settings.seed), horizon_us=horizon)
        odds = fitted.final.log_odds(test)
        losses[way] = log_losses(odds, y)
        part = horizon // PART_OF_HORIZON
        early = log_odds_to_probability(odds) * fitted.final.share_within(test, [part])[:, 0]
        better, low, high = gain(losses[way], losses["mature"], test["lead_id"])
        found.append(
            {
                "funnel": name,
                "target": target,
                "way": way,
                "rows": len(known),
                "leads": known["lead_id"].nunique(),
                "log loss": float(weights @ losses[way] / weights.sum()),
                "AUC": roc_auc_score(y, odds, sample_weight=weights),
                "mean forecast": float(np.average(log_odds_to_probability(odds), weights=weights)),
                "observed": float(np.average(y, weights=weights)),
                "mean forecast, a third of the horizon": float(np.average(early, weights=weights)),
                "observed in it": float(np.average((y == 1) & (delays <= part), weights=weights)),
                "gain": better,
                "from": low,
                "to": high,
            }
        )
    return found


def main() -> None:
    """Run all and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--leads", type=int, default=8000)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3])
    arguments = parser.parse_args()
    rows: list[dict[str, object]] = []
    for name, context in contexts(arguments.data, arguments.out, arguments.leads, arguments.seeds).items():
        for target in context.spec().targets:
            rows += compare(name, context, str(target))
    table = pd.DataFrame(rows)
    arguments.out.mkdir(parents=True, exist_ok=True)
    table.to_csv(arguments.out / "young_leads.csv", index=False)
    sys.stdout.write(table.round(4).to_string(index=False) + "\n")


if __name__ == "__main__":
    main()
