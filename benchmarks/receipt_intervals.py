"""How often the receipt's interval of the difference covers the difference that is to be expected.

    python benchmarks/receipt_intervals.py [--companies N] [--draws N]

Companies of 500 leads are made up: each lead has a log-odds, two scorers see it with noise (the points with twice as
much), and it leaves the list when it reaches SQL. The points' cut-off sets the depth; the model hands over as many in
the same turns, as in a receipt. What the model finds more, averaged over all companies, is the difference to be
expected; printed is how often the interval of one company's receipt lies around it, and on which side it misses;
95 % are claimed. The width needed is that of 95 % of the companies' differences.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
import pandas as pd

from features.time_units import WEEK_US
from models.evaluation.working_depth import FOUND, compare_at_depth, turns

DAY_US = WEEK_US // 7
LEADS, NIGHTS, DAYS = 500, 20, 60
CASES = (("one look a lead", False, -0.2), ("every night", True, 1.8), ("every night, few", True, 3.0))
"""Name, whether leads are looked at every night, and the points' cut-off."""


def company(rng: np.random.Generator, *, nightly: bool) -> pd.DataFrame:
    """Make up the looks of one company: ``lead_id, as_of_us, y, model, points``."""
    looks = NIGHTS if nightly else 1
    log_odds = rng.normal(-1.8, 1.2, LEADS)
    reaches = rng.random(LEADS) < 1 / (1 + np.exp(-log_odds))
    age = np.tile(np.arange(looks), LEADS)
    model = np.repeat(log_odds + rng.normal(0, 1, LEADS), looks) + rng.normal(0, 0.5, LEADS * looks) * nightly
    points = np.repeat(log_odds + rng.normal(0, 2, LEADS), looks) + 0.05 * age
    leaves = np.where(reaches, rng.integers(1, 40, LEADS), looks + 1)
    rows = {
        "lead_id": np.repeat(np.arange(LEADS), looks).astype(str),
        "as_of_us": (np.repeat(rng.integers(0, DAYS, LEADS), looks) + age) * DAY_US,
        "y": np.repeat(reaches, looks).astype("float64"),
        "model": model,
        "points": points,
    }
    return pd.DataFrame(rows)[age < np.repeat(leaves, looks)].reset_index(drop=True)


def receipt(rows: pd.DataFrame, *, nightly: bool, cut: float, draws: int, seed: int) -> dict[str, float]:
    """Return the difference that one company's receipt shows, its bounds, and how many leads were handed over."""
    may, turn = np.ones(len(rows), dtype=bool), turns(rows["as_of_us"], every_us=DAY_US if nightly else None)
    scores = {name: rows[name].to_numpy() for name in ("model", "points")}
    passes = scores["points"] >= cut
    at_depth = compare_at_depth(
        rows, scores, baseline="points", passes=passes, may=may, turn=turn, deal=None, draws=draws, seed=seed
    )
    gap = at_depth.difference("model", "points", FOUND)
    depth = at_depth.values["points"]["handed_over"]
    return {"gap": gap.value, "low": gap.low, "high": gap.high, "depth": depth}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one row a case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--companies", type=int, default=400)
    parser.add_argument("--draws", type=int, default=300)
    given = parser.parse_args(arguments)
    rng = np.random.default_rng(1)
    for name, nightly, cut in CASES:
        found = pd.DataFrame(
            [
                receipt(company(rng, nightly=nightly), nightly=nightly, cut=cut, draws=given.draws, seed=seed)
                for seed in range(given.companies)
            ]
        )
        expected = found["gap"].mean()
        above, below = (found["low"] > expected).mean(), (found["high"] < expected).mean()
        width = (found["high"] - found["low"]).mean()
        print(
            f"{name}: {found['depth'].mean():.0f} handed over, {expected:+.1f} found; covers {1 - above - below:.1%} "
            f"(too high {above:.1%}, too low {below:.1%}); width {width:.1f}, of {3.92 * found['gap'].std():.1f} needed"
        )


if __name__ == "__main__":
    main()
