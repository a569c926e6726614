"""Compare ways to declare a source inside its training period: no row of the test is looked at.

    python benchmarks/inside_training.py --data DIR --source FOLDER [FOLDER …] [--after 0d 3d …] [--set KEY=VALUE …]

Each folder is a source folder on the same data, with another ``source.yaml``. For every look (``--after``, the days
after the anchor) the rows whose outcome was known when the test begins are taken, and the estimator is judged twice:
by four random folds of the leads, and forward in time at three cuts. The difference to the first folder has an
interval, bootstrapped by lead over the folds' forecasts. The forward trials keep no embargo between their two parts:
they serve to compare, not to promise a figure.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss, roc_auc_score

from features.families.feature_list import feature_list
from features.time_units import to_micros
from models.estimator.fit_estimator import fit_estimator
from models.estimator.fitting import Fitting
from models.estimator.training_rows import Rows
from models.log_odds import log_odds_to_probability
from pipeline.runner.stages import StageContext, make_context, run_all
from pipeline.settings.settings import parse_overrides

FOLDS, SEED, RESAMPLES = 4, 11, 1_000
CUTS = ((0.5, 0.67), (0.65, 0.83), (0.8, 1.0))
"""Shares of the rows, oldest first: trained up to the first, judged from there to the second."""


def known_rows(context: StageContext) -> pd.DataFrame:
    """Return the feature rows of training and calibration with their outcome ``y``, oldest first."""
    history = pd.read_parquet(context.folder("features") / "history.parquet")
    labels = pd.read_parquet(context.folder("labels") / "labels.parquet")
    primary = labels["target"] == context.spec().primary_target
    known = labels[primary & labels["part"].isin(["train", "calibration"])]
    rows = known[["lead_id", "as_of", "y"]].merge(history, on=["lead_id", "as_of"])
    return rows.sort_values(["as_of", "lead_id"], ignore_index=True)


def _forecast(rows: pd.DataFrame, train: np.ndarray, judged: np.ndarray, context: StageContext) -> np.ndarray:
    old = rows.iloc[train]
    features = feature_list(context.spec(), context.settings.features)
    estimator = fit_estimator(
        Rows.of(old, old["y"], lead_ids=old["lead_id"], as_of_us=to_micros(old["as_of"])),
        Fitting(features, context.settings.model, context.settings.seed),
    )
    return log_odds_to_probability(estimator.log_odds(rows.iloc[judged]))


def judged_twice(rows: pd.DataFrame, context: StageContext) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """Return the folds' forecasts of all rows, and AUC and log loss at each cut in time."""
    rng = np.random.default_rng(SEED)
    leads = rows["lead_id"].unique()
    fold = rows["lead_id"].map(dict(zip(leads, rng.permutation(len(leads)) % FOLDS, strict=True))).to_numpy()
    p = np.empty(len(rows))
    for number in range(FOLDS):
        judged = np.flatnonzero(fold == number)
        p[judged] = _forecast(rows, np.flatnonzero(fold != number), judged, context)
    forward, y = [], rows["y"].to_numpy(int)
    for begin, end in CUTS:
        old, new = np.arange(int(len(rows) * begin)), np.arange(int(len(rows) * begin), int(len(rows) * end))
        new = new[~rows["lead_id"].iloc[new].isin(rows["lead_id"].iloc[old]).to_numpy()]
        ahead = _forecast(rows, old, new, context)
        forward.append((float(roc_auc_score(y[new], ahead)), float(log_loss(y[new], ahead))))
    return p, forward


def interval(rows: pd.DataFrame, ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float]:
    """Return the 95 % interval of the difference in AUC, bootstrapped by lead."""
    rng, y = np.random.default_rng(SEED), rows["y"].to_numpy(int)
    of_lead = list(rows.groupby("lead_id").indices.values())
    gains = []
    for _ in range(RESAMPLES):
        drawn = np.concatenate([of_lead[i] for i in rng.integers(0, len(of_lead), len(of_lead))])
        gains.append(roc_auc_score(y[drawn], ours[drawn]) - roc_auc_score(y[drawn], theirs[drawn]))
    low, high = np.quantile(gains, [0.025, 0.975])
    return float(low), float(high)


def main() -> None:
    """Print a line for each folder and look."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--source", type=Path, nargs="+", required=True)
    parser.add_argument("--after", nargs="+", default=["0d", "3d", "7d", "14d"])
    parser.add_argument("--set", nargs="*", default=[])
    parser.add_argument("--out", type=Path, default=Path("data") / "inside_training")
    arguments = parser.parse_args()
    for after in arguments.after:
        first: np.ndarray | None = None
        for number, source in enumerate(arguments.source):
            context = make_context(
                source_dir=source,
                data_dir=arguments.data,
                out=arguments.out / f"{number}_after_{after}",
                params_file=None,
                overrides=parse_overrides([f"snapshots.after={after}", *arguments.set]),
            )
            run_all(context, ("ingest", "features", "labels"))
            rows = known_rows(context)
            p, forward = judged_twice(rows, context)
            y = rows["y"].to_numpy(int)
            auc, loss = np.mean(forward, axis=0)
            line = f"{after:>4} {source}: folds AUC {roc_auc_score(y, p):.4f} log loss {log_loss(y, p):.4f}, "
            line += f"forward AUC {auc:.4f} log loss {loss:.4f}, {len(rows)} rows"
            if first is None:
                first = p
            else:
                low, high = interval(rows, p, first)
                line += f"; folds AUC against the first folder {low:+.4f} to {high:+.4f}"
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
