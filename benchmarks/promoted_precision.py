"""Precision at a cut-off where sales works promoted leads alone: silence as a no, left out, and weighted.

    python benchmarks/promoted_precision.py [--draws 30] [--first-seed 50] [--leads 2500] [--shares 0.1 0.4]

Each draw simulates a company with a lane. A rule that knows the true probabilities but for noise (standard deviation 1
in log-odds) promotes the top fifth of the looks, whatever the company's own cut-off did. The truth is the mean true
probability, if handed over, of the promoted leads at their first passing look. Prints the mean error of each way of
counting, its spread over draws, and how often the weighted interval held the truth.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from features.labelling.labels import build_labels
from features.tables.handovers import first_handovers, promotion_weights
from features.time_units import DAY_US, to_micros
from models.evaluation.promoted_precision import promoted_outcomes, promoted_precision
from models.log_odds import probability_to_log_odds
from pipeline.settings.simulate_options import SimulateOptions
from pipeline.simulate.stage import simulate
from pipeline.source.folder import read_source

SPEC = read_source(Path(__file__).resolve().parent.parent / "sources" / "demo").spec.model_copy(
    update={"follow_up": "promoted_only"}
)
PROMOTABLE = ("practitioner", "researcher", "competitor")
PROMOTED = 0.2
EVENTS_PER_LEAD = 10


def looks_of(folder: Path, *, seed: int, leads: int, share: float) -> pd.DataFrame:
    """Simulate a company; return its looks at leads that may be promoted: ``y``, ``weight`` and the truth ``p_sql``."""
    options = SimulateOptions(
        leads=leads, events_per_lead=EVENTS_PER_LEAD, follow_up="promoted_only", explore_share=share
    )
    simulate(options, SPEC, seed, folder)
    stages, told = (pd.read_parquet(folder / "export" / f"{name}.parquet") for name in ("stages", "handovers"))
    stages["entered_us"], told["handed_over_us"] = to_micros(stages["entered_at"]), to_micros(told["handed_over_at"])
    rows, latents = (pd.read_parquet(folder / "truth" / f"{name}.parquet") for name in ("if_worked", "latents"))
    rows = rows.assign(as_of_us=to_micros(rows["as_of"])).merge(latents, on="lead_id")
    labels = build_labels(rows[["lead_id", "as_of_us"]], stages, SPEC, observed_until_us=options.last_day)
    labels = labels[(labels["target"] == "sql") & labels["y"].notna()].merge(rows, on=["lead_id", "as_of_us"])
    labels = labels[labels["kind"].isin(PROMOTABLE)].astype({"y": "float64"}).reset_index(drop=True)
    first, every = first_handovers(stages, told, SPEC), SPEC.snapshots.every
    assert every is not None
    return labels.assign(weight=promotion_weights(labels, first, draw_us=every, look_us=DAY_US)["weight"])


def one_draw(rows: pd.DataFrame, *, seed: int) -> dict[str, float]:
    """Return the truth, the precision by each way of counting, and what the weighted one rests on."""
    noise = np.random.default_rng(seed).normal(size=len(rows))
    known = probability_to_log_odds(rows["p_sql"].clip(1e-4, 1 - 1e-4).to_numpy()) + noise
    promoted = known >= np.quantile(known, 1 - PROMOTED)
    truth = float(promoted_outcomes(rows.assign(y=rows["p_sql"]), promoted)["y"].mean())
    weighted = promoted_precision(rows, promoted)
    return {
        "truth": truth,
        "naive": promoted_precision(rows.drop(columns="weight"), promoted)["precision"] - truth,
        "worked only": promoted_precision(rows.assign(weight=np.sign(rows["weight"])), promoted)["precision"] - truth,
        "weighted": weighted["precision"] - truth,
        "held": float(weighted["low"] <= truth <= weighted["high"]),
        "promoted": weighted["leads"],
        "effective": weighted["effective_leads"],
    }


def main() -> None:
    """Run the draws and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=30)
    parser.add_argument("--first-seed", type=int, default=50)
    parser.add_argument("--leads", type=int, default=2_500)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.1, 0.4])
    given = parser.parse_args()
    found = []
    for share in given.shares:
        for seed in range(given.first_seed, given.first_seed + given.draws):
            with tempfile.TemporaryDirectory() as folder:
                rows = looks_of(Path(folder), seed=seed, leads=given.leads, share=share)
            found.append({"share": share, **one_draw(rows, seed=seed)})
    table = pd.DataFrame(found).groupby("share").agg(["mean", "std"]).round(3)
    sys.stdout.write(table.T.to_string() + "\n")


if __name__ == "__main__":
    main()
