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
from typing import Any

import numpy as np
import pandas as pd
from ablation_funnels import FUNNELS, Trial, drawn_trials, public_trials

from features.feature import Dtype, Feature
from features.spec import Words
from models.estimator_options import EstimatorOptions
from models.fit_estimator import fit_estimator
from models.log_odds import log_losses, log_odds_to_probability, probability_to_log_odds

ROOT = Path(__file__).resolve().parent.parent
LARGE = ("80,000 leads", "1 % of 40,000")
RESAMPLES = 2_000
Forecaster = Callable[[Trial], np.ndarray]

BEFORE: dict[str, Any] = {
    "linear_steps": 1,
    "categories": "codes",
    "shallow_depth": 0,
    "default_linear_share": 0.3,
    "shrinkages": (1.0,),
    "min_category_leads": 10,
    "max_categories": 100,
}


def ours(*, half_life: float | None = None, **changed: object) -> Forecaster:
    """Return the estimator with some options changed; ``half_life`` of the weights in shares of the training rows."""

    def forecast(trial: Trial) -> np.ndarray:
        rows = len(trial.X)
        age = np.arange(rows)[::-1] / rows
        weights = np.ones(rows) if half_life is None else 0.5 ** (age / half_life)
        estimator = fit_estimator(
            trial.X,
            trial.y,
            weights=weights * rows / weights.sum(),
            lead_ids=np.char.zfill(np.arange(rows).astype(str), 7),
            as_of_us=np.arange(rows),
            features=columns_as_features(trial.X),
            options=EstimatorOptions.model_validate({"threads": 1, **changed}),
            seed=7,
        )
        return estimator.log_odds(trial.X_test)

    return forecast


def base_rate(trial: Trial) -> np.ndarray:
    """Return the log-odds of the smoothed rate for every row."""
    return np.full(len(trial.X_test), probability_to_log_odds((trial.y.sum() + 0.5) / (len(trial.y) + 1.0)))


def logistic(trial: Trial) -> np.ndarray:
    """Return what scikit-learn's logistic regression says, with medians, standard scores and one column a value."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    values = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=20)
    encoder = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (values, make_column_selector(dtype_exclude="number")),
    )
    model = make_pipeline(encoder, LogisticRegression(max_iter=2000, C=0.3))
    return np.asarray(model.fit(filled(trial.X), trial.y).decision_function(filled(trial.X_test)))


def catboost(trial: Trial) -> np.ndarray:
    """Return what CatBoost says as it comes (it must be installed)."""
    from catboost import CatBoostClassifier, Pool

    names = list(trial.X.select_dtypes(exclude="number"))
    model = CatBoostClassifier(verbose=0, random_seed=0, allow_writing_files=False, thread_count=1)
    model.fit(filled(trial.X), trial.y.astype(int), cat_features=names)
    return np.asarray(model.predict(Pool(filled(trial.X_test), cat_features=names), prediction_type="RawFormulaVal"))


CANDIDATES: dict[str, Forecaster] = {
    "default": ours(),
    "before: none of the parts below": ours(**BEFORE),
    "linear part without steps": ours(linear_steps=1),
    "categories as codes in all trees": ours(categories="codes"),
    "no shallow trees": ours(shallow_depth=0),
    "shallow trees of depth 1": ours(shallow_depth=1, shallow_learning_rate=0.15),
    "share fixed at its default": ours(linear_shares=(), min_forward_outcomes=10**9),
    "share always from the folds": ours(min_forward_outcomes=10**9),
    "no shrinkage": ours(shrinkages=(1.0,)),
    "trees alone": ours(linear_shares=(0.0,), default_linear_share=0.0),
    "linear part alone": ours(linear_shares=(1.0,), default_linear_share=1.0),
    "rates of categories from earlier leads": ours(rates_from="earlier leads"),
    "category prior 10 leads": ours(category_prior=10.0, category_prior_outcomes=0.0),
    "category prior 60 leads": ours(category_prior=60.0),
    "categories of fewer than 5 leads count as rare": ours(min_category_leads=5),
    "categories of fewer than 10 leads count as rare": ours(min_category_leads=10),
    "categories of fewer than 20 leads count as rare": ours(min_category_leads=20),
    "linear ridge 10": ours(linear_ridge=10.0),
    "linear ridge 100": ours(linear_ridge=100.0),
    "recent leads weigh more (half-life half of the history)": ours(half_life=0.5),
    "recent leads weigh more (half-life all of the history)": ours(half_life=1.0),
    "slower trees": ours(learning_rate=0.03, shallow_learning_rate=0.04, max_rounds=900, patience=60),
    "larger trees": ours(num_leaves=31, max_depth=8),
    "10 boosters of each kind": ours(boosters=10),
    "peer: base rate": base_rate,
    "peer: logistic regression": logistic,
    "peer: CatBoost": catboost,
}


def columns_as_features(X: pd.DataFrame) -> list[Feature]:
    """Return the columns of any table as features."""
    listed = []
    for name in X.columns:
        dtype: Dtype = "number" if pd.api.types.is_numeric_dtype(X[name]) else "category"
        words = Words(de=name, en=name)
        listed.append(Feature(name, "fit", dtype, "", name, words, words, ""))
    return listed


def filled(X: pd.DataFrame) -> pd.DataFrame:
    """Return the table with missing texts said aloud."""
    return X.assign(**{str(name): X[name].fillna("?").astype(str) for name in X.select_dtypes(exclude="number")})


def measure(trial: Trial, log_odds: np.ndarray) -> dict[str, float]:
    """Return log loss and AUC; against the truth, where it is known, instead of the outcomes that happened to come."""
    y = trial.y_test if trial.truth is None else trial.truth
    order = np.argsort(log_odds, kind="stable")
    values, place = np.unique(log_odds[order], return_inverse=True)
    yes, no = np.bincount(place, y[order], len(values)), np.bincount(place, 1.0 - y[order], len(values))
    auc = float(yes @ (np.cumsum(no) - no / 2) / (yes.sum() * no.sum()))
    far = probability_to_log_odds(1 - 1e-6)
    loss = float(log_losses(np.clip(log_odds, -far, far), y).mean())
    return {"log_loss": loss, "auc": auc, "mean": float(log_odds_to_probability(log_odds).mean())}


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


def main() -> None:
    """Measure what is asked for and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "data" / "ablation")
    own = [name for name in CANDIDATES if name != "peer: CatBoost"]
    parser.add_argument("--candidate", nargs="*", default=own, choices=list(CANDIDATES))
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
    table = compare(results, names)
    table.to_csv(arguments.out / "table.csv", index=False)
    sys.stdout.write(table.to_string(index=False) + "\n")
    pivot = results.pivot_table(index="kind", columns="candidate", values="log_loss", sort=False)
    sys.stdout.write(pivot[[name for name in names if name in pivot]].round(4).to_string() + "\n")


if __name__ == "__main__":
    main()
