"""Hold a finished demo run against the truth behind the simulated company: points, model and oracle on the test period.

    python benchmarks/known_truth.py [--out data]

Prints, for each target, the AUC of points, model and oracle (the true probability itself), how the level and the
spread of the forecast compare with the truth, which needs no outcomes and so has no luck in it, and by decile of the
forecast the mean forecast, the mean truth, the observed rate, and how far from the truth so many leads cannot tell one
rate from another: the forecast should lie within. Rows count alike; intervals are by lead, bootstrapped, 95 % for the
ten deciles together (Bonferroni).
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from models.measures.lead_weights import even_weights

DECILES = 10
RESAMPLES = 2_000
SEED = 11


@dataclass(frozen=True)
class AgainstTruth:
    """One target's test rows against the truth.

    Attributes
    ----------
    auc : dict
        Of ``points``, ``model`` and ``oracle``.
    deciles : DataFrame
        One row a decile of the forecast: ``forecast``, ``truth``, ``observed``, ``within``, ``leads`` and
        ``holds``.
    """

    auc: dict[str, float]
    deciles: pd.DataFrame
    ratio: float
    """Mean truth over mean forecast: 1 where the level is right."""
    slope: float
    """Of the truth on the forecast, by weighted least squares: 1 where differences between leads are right, 0 where the
    forecast knows nothing. It takes no outcome, so it has no luck in it."""


def against_truth(out: Path) -> dict[str, AgainstTruth]:
    """Compare every target of the run in ``out`` with ``simulate/truth/truth.parquet``."""
    truth = pd.read_parquet(out / "simulate" / "truth" / "truth.parquet")
    predictions = pd.read_parquet(out / "evaluate" / "test_predictions.parquet")
    rows = predictions.merge(truth, on=["lead_id", "as_of"], how="left", validate="many_to_one")
    if rows[["p_sql", "p_close"]].isna().any(axis=None):
        raise ValueError("some test rows have no truth: were they simulated with the same snapshots?")
    return {str(name): _compare(part, f"p_{name}") for name, part in rows.groupby("target")}


def _compare(rows: pd.DataFrame, truth: str) -> AgainstTruth:
    weights = pd.Series(even_weights(rows["lead_id"]), index=rows.index)
    y = rows["y"].astype(int)
    named = {"points": rows["points"], "model": rows["p"], "oracle": rows[truth]}
    auc = {name: float(roc_auc_score(y, values, sample_weight=weights)) for name, values in named.items()}
    order = rows["p"].rank(method="first").to_numpy()
    decile = np.minimum((order - 1) * DECILES // len(rows), DECILES - 1).astype(int)
    table = [
        _decile(part.assign(y=y[part.index], weight=weights[part.index]), truth) for _, part in rows.groupby(decile)
    ]
    ratio, slope = level_and_slope(rows["p"], rows[truth], weights)
    return AgainstTruth(auc, pd.DataFrame(table), ratio, slope)


def level_and_slope(forecast: pd.Series, truth: pd.Series, weights: pd.Series) -> tuple[float, float]:
    """Return mean truth over mean forecast, and the weighted slope of truth on forecast (NaN if it is constant)."""
    means = np.average(np.column_stack([forecast, truth]), axis=0, weights=weights)
    centred = forecast - means[0]
    spread = float((weights * centred**2).sum())
    slope = float((weights * centred * (truth - means[1])).sum()) / spread if spread > 0 else float("nan")
    return float(means[1] / means[0]), slope


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
        sys.stdout.write(f"\n{name}: AUC {shown}; {held} of {DECILES} deciles hold; ")
        sys.stdout.write(f"truth / forecast {result.ratio:.2f}, slope of truth on forecast {result.slope:.2f}\n")
        sys.stdout.write(result.deciles.round(4).to_string(index=False) + "\n")


if __name__ == "__main__":
    main()
