"""What each part of the estimator is worth: each left out or changed in turn, on trials that are no test of anything.

    python benchmarks/ablation.py [--bench DIR] [--candidate NAME …] [--kind NAME …] [--out DIR] [--large]

The trials are funnels drawn with a known truth and, where ``--bench`` holds ``public_data.py``, forward splits inside
the training periods of the public data sets; the test rows there are never looked at. What has been measured stays in
``--out`` and is not measured again. Every candidate is compared with the default trial by trial; kinds of trials count
the same, and the interval is from resampling kinds and the trials within them.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from ablation_funnels import FUNNELS, Trial, drawn_trials, measure, public_trials
from ablation_peers import PEERS, installed

from models.estimator.options import EstimatorOptions
from models.sklearn_api.lead_classifier import LeadClassifier

ROOT = Path(__file__).resolve().parent.parent
LARGE = ("80,000 leads", "1 % of 40,000")
RESAMPLES = 2_000
Forecaster = Callable[[Trial], np.ndarray]

PLAIN = {
    "linear_steps": 1,
    "linear_ridges": (),
    "categories": "codes",
    "shallow_depth": 0,
    "min_category_leads": 10,
    "max_categories": 100,
}


def ours(**changed: object) -> Forecaster:
    """Return the whole forecast of a table, training and calibration, with some options changed."""

    def forecast(trial: Trial) -> np.ndarray:
        options = EstimatorOptions.model_validate({"threads": 1, **changed})
        model = LeadClassifier(options=options).fit(trial.X.reset_index(drop=True), trial.y)
        return np.asarray(model.decision_function(trial.X_test))

    return forecast


CANDIDATES: dict[str, Forecaster] = {
    "default": ours(),
    "one kind of trees, on codes; linear part without steps, one ridge": ours(**PLAIN),
    "linear part without steps": ours(linear_steps=1),
    "one ridge for all, 30": ours(linear_ridges=()),
    "categories as codes in all trees": ours(categories="codes"),
    "no shallow trees": ours(shallow_depth=0),
    "shares fixed at their defaults": ours(linear_share=0.35, linear_share_spread=1e-6),
    "shares freer (standard deviation 0.4)": ours(linear_share_spread=0.4),
    "folds count in full in the choice of shares": ours(fold_outcomes=1e9),
    "trees alone": ours(linear_share=0.0),
    "linear part alone": ours(linear_share=1.0),
    "rates of categories from earlier leads": ours(rates_from="earlier leads"),
    "category prior 10 leads": ours(category_prior=10.0, category_prior_outcomes=0.0),
    "category prior 60 leads": ours(category_prior=60.0),
    "no category counts as rare": ours(min_category_leads=1),
    "categories of fewer than 5 leads count as rare": ours(min_category_leads=5),
    "categories of fewer than 20 leads count as rare": ours(min_category_leads=20),
    "slower trees": ours(learning_rate=0.03, shallow_learning_rate=0.04, max_rounds=900, patience=60),
    "larger trees": ours(num_leaves=31, max_depth=8),
    "all columns in every tree": ours(feature_fraction=1.0),
    "10 boosters of each kind": ours(boosters=10),
    **{f"peer: {name}": peer for name, peer in PEERS.items()},
}


def run(trials: Iterator[Trial], names: list[str], file: Path) -> pd.DataFrame:
    """Measure every candidate on every trial that has not been measured, and return all of it."""
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    done = {(line["candidate"], line["trial"]) for line in lines}
    with file.open("a") as out:
        for trial in trials:
            for name in names:
                if (name, trial.name) in done:
                    continue
                started = time.process_time()
                measures = measure(trial, CANDIDATES[name](trial))
                seconds = round(time.process_time() - started, 2)
                line = {"candidate": name, "kind": trial.kind, "trial": trial.name, **measures, "seconds": seconds}
                lines.append(line)
                out.write(json.dumps(line) + "\n")
                out.flush()
    return pd.DataFrame(lines)


def compare(results: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return one row a candidate: mean difference from the default with its 95 % interval, in thousandths."""
    wide = results.pivot_table(index=["kind", "trial"], columns="candidate", values=["log_loss", "auc", "seconds"])
    rows = []
    for name in names:
        if name == "default" or ("log_loss", name) not in wide:
            continue
        row: dict[str, object] = {"candidate": name}
        for measure_name in ("log_loss", "auc"):
            difference = (1000 * (wide[measure_name, name] - wide[measure_name, "default"])).dropna()
            low, high = interval(difference)
            mean = difference.groupby(level="kind").mean().mean()
            row[measure_name] = f"{mean:+.1f} ({low:+.1f} to {high:+.1f})"
            row["trials"] = len(difference)
        row["worse in kinds"] = _worse(wide, name)
        row["CPU seconds"] = round(wide["seconds", name].mean(), 1)
        rows.append(row)
    return pd.DataFrame(rows)


def interval(difference: pd.Series) -> tuple[float, float]:
    """Return the 95 % interval of the mean over kinds: kinds are drawn again, and trials within them."""
    kinds = [group.to_numpy() for _, group in difference.groupby(level="kind")]
    rng = np.random.default_rng(1)
    means = []
    for _ in range(RESAMPLES):
        chosen = rng.integers(0, len(kinds), len(kinds))
        means.append(np.mean([rng.choice(kinds[i], len(kinds[i])).mean() for i in chosen]))
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def _worse(wide: pd.DataFrame, name: str) -> str:
    difference = (wide["log_loss", name] - wide["log_loss", "default"]).dropna().groupby(level="kind").mean()
    return f"{int((difference > 0).sum())} of {len(difference)}"


def against_peers(results: pd.DataFrame) -> pd.DataFrame:
    """Return one row a kind: the best peer's log loss and AUC there, and the default less it, in thousandths.

    A peer that was measured on some trials of the kind only takes no part there.
    """
    rows = []
    for kind, part in results.groupby("kind", sort=False):
        by_candidate = part.groupby("candidate")
        means = by_candidate[["log_loss", "auc"]].mean()[by_candidate["trial"].nunique() == part["trial"].nunique()]
        peers = means[means.index.str.startswith("peer: ") & (means.index != "peer: base rate")]
        if "default" in means.index and len(peers):
            row: dict[str, object] = {"kind": kind, "trials": part["trial"].nunique()}
            for name, best in (("log_loss", str(peers["log_loss"].idxmin())), ("auc", str(peers["auc"].idxmax()))):
                own, theirs = float(means[name]["default"]), float(peers[name][best])
                row[f"{name} of"] = best.removeprefix("peer: ")
                row[name] = round(theirs, 4)
                row[f"{name}, ours less it"] = round(1000 * (own - theirs), 1)
            rows.append(row)
    return pd.DataFrame(rows)


def main() -> None:
    """Measure what is asked for and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "data" / "ablation")
    at_hand = [name for name in CANDIDATES if name != "peer: CatBoost" or installed("catboost")]
    parser.add_argument("--candidate", nargs="*", default=at_hand, choices=list(CANDIDATES))
    parser.add_argument("--kind", nargs="*", help="kinds of trials, all but the large ones by default")
    parser.add_argument("--large", action="store_true", help="with 40,000 and 80,000 leads")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    drawn = [kind for kind in FUNNELS if kind not in LARGE or arguments.large]

    def trials() -> Iterator[Trial]:
        if arguments.bench:
            yield from public_trials(arguments.bench, arguments.kind)
        yield from drawn_trials([kind for kind in drawn if arguments.kind is None or kind in arguments.kind])

    names = list(dict.fromkeys(["default", *arguments.candidate]))
    results = run(trials(), names, arguments.out / "results.jsonl")
    elsewhere = [name for name in results["candidate"].unique() if name not in CANDIDATES]  # ablation_autogluon.py
    table = compare(results, [*names, *elsewhere])
    table.to_csv(arguments.out / "table.csv", index=False)
    sys.stdout.write(table.to_string(index=False) + "\n")
    sys.stdout.write(against_peers(results).to_string(index=False) + "\n")
    pivot = results.pivot_table(index="kind", columns="candidate", values="log_loss", sort=False)
    sys.stdout.write(pivot[[name for name in names if name in pivot]].round(4).to_string() + "\n")


if __name__ == "__main__":
    main()
