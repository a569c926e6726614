"""Hold a finished demo run against the truth behind the simulated company: points, model and oracle on the test period.

    python benchmarks/known_truth.py [--out data]

Prints, for each target, the AUC of points, model and oracle (the true probability itself), and by decile of the
forecast the mean forecast, the mean truth, the observed rate, and how far from the truth so many leads cannot tell one
rate from another: the forecast should lie within. Each lead counts once; intervals are by lead,
bootstrapped, 95 % for the ten deciles together (Bonferroni).
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

DECILES = 10
RESAMPLES = 2_000
SEED = 11


@dataclass(frozen=True)
class AgainstTruth:
    """One target's test rows against the truth.

    Attributes
    ----------
    auc : dict
        Of ``points``, ``model`` and ``oracle``; each lead counts once.
    deciles : DataFrame
        One row a decile of the forecast: ``forecast``, ``truth``, ``observed``, ``within``, ``leads`` and
        ``holds``.
    """

    auc: dict[str, float]
    deciles: pd.DataFrame


def against_truth(out: Path) -> dict[str, AgainstTruth]:
    """Compare every target of the run in ``out`` with ``simulate/truth/truth.parquet``."""
    truth = pd.read_parquet(out / "simulate" / "truth" / "truth.parquet")
    predictions = pd.read_parquet(out / "evaluate" / "test_predictions.parquet")
    rows = predictions.merge(truth, on=["lead_id", "as_of"], how="left", validate="many_to_one")
    if rows[["p_sql", "p_close"]].isna().any(axis=None):
        raise ValueError("some test rows have no truth: were they simulated with the same snapshots?")
    return {str(name): _compare(part, f"p_{name}") for name, part in rows.groupby("target")}


def _compare(rows: pd.DataFrame, truth: str) -> AgainstTruth:
    weights = 1.0 / rows.groupby("lead_id")["lead_id"].transform("size")
    y = rows["y"].astype(int)
    named = {"points": rows["points"], "model": rows["p"], "oracle": rows[truth]}
    auc = {name: float(roc_auc_score(y, values, sample_weight=weights)) for name, values in named.items()}
    order = rows["p"].rank(method="first").to_numpy()
    decile = np.minimum((order - 1) * DECILES // len(rows), DECILES - 1).astype(int)
    table = [
        _decile(part.assign(y=y[part.index], weight=weights[part.index]), truth) for _, part in rows.groupby(decile)
    ]
    return AgainstTruth(auc, pd.DataFrame(table))


def _decile(part: pd.DataFrame, truth: str) -> dict[str, float | int | bool]:
    weight = part["weight"].to_numpy()
    means = {n: float(np.average(part[c], weights=weight)) for n, c in (("forecast", "p"), ("truth", truth))}
    observed = float(np.average(part["y"], weights=weight))
    within = _half_width_by_lead(part)
    holds = abs(means["forecast"] - means["truth"]) <= within
    return means | {"observed": observed, "within": within, "leads": part["lead_id"].nunique(), "holds": holds}


def _half_width_by_lead(part: pd.DataFrame) -> float:
    """Bootstrap the observed rate by lead; with few outcomes it is at least the Poisson bound for having seen none."""
    by_lead = part.assign(hits=part["weight"] * part["y"]).groupby("lead_id")
    lead = by_lead.agg(hits=("hits", "sum"), size=("weight", "sum"))
    draws = np.random.default_rng(SEED).multinomial(len(lead), np.full(len(lead), 1 / len(lead)), size=RESAMPLES)
    rates = (draws @ lead["hits"].to_numpy()) / (draws @ lead["size"].to_numpy())
    tail = 0.05 / DECILES / 2
    low, high = np.quantile(rates, [tail, 1 - tail])
    unseen = -np.log(tail) * float(lead["size"].max()) / float(lead["size"].sum())
    return float(max((high - low) / 2, unseen))


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("data"))
    for name, result in against_truth(parser.parse_args().out).items():
        shown = ", ".join(f"{who} {value:.3f}" for who, value in result.auc.items())
        held = int(result.deciles["holds"].sum())
        sys.stdout.write(f"\n{name}: AUC {shown}; {held} of {DECILES} deciles hold\n")
        sys.stdout.write(result.deciles.round(4).to_string(index=False) + "\n")


if __name__ == "__main__":
    main()
