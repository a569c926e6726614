"""Does a calibration hold in the next period? Static against drift-aware, where the world stands still and where not.

    python benchmarks/calibration_next_period.py --out DIR [--leads N] [--draws N] [--data PUBLIC_DATA]

Simulated: an estimator is trained on the older leads of a demo funnel; calibrated on the next period and judged on
the last. Outcomes of these two are drawn anew from the true probabilities, moved in log-odds as a scenario says, so
that expected log loss, calibration error, intercept and slope in the judged period are exact. Public funnels: inside
their training rows only, at several dates; what would be their test plays no part. All figures weigh every lead 1;
intervals are 95 %, over draws (simulated) or over dates and funnels (public).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from few_outcomes import Funnel, simulate_funnel
from forecast import RUNS

from features.errors import InputError
from features.families.feature_list import feature_list
from features.labelling.time_split import SplitOptions, split_by_time
from features.source_spec import SourceSpec
from features.time_units import to_micros
from models.calibration.intercept_and_slope import fit_calibration
from models.estimator.fit_estimator import fit_estimator
from models.estimator.fitting import Fitting
from models.estimator.training_rows import Rows
from models.forecast.fit_forecast import labelled_rows
from models.log_odds import log_odds_to_probability, probability_to_log_odds
from models.measures.lead_weights import even_weights
from pipeline.runner.stages import StageContext, make_context, run_all
from pipeline.settings.settings import parse_overrides

ROOT = Path(__file__).resolve().parent.parent
WAYS = ("none", "static", "drift-aware")
BINS = 10
TRAINED, CALIBRATED = 0.5, 0.75
"""Where, as a share of the leads by time, training and calibration end."""
INNER_DATES = (0.25, 0.4, 0.55)
"""Shares of a public funnel's training leads that are judged in turn: three dates."""


@dataclass(frozen=True)
class Scenario:
    """How true log-odds move: ``moved(log_odds, at)``, ``at`` from 0 (calibration begins) to 1 (the judged end)."""

    name: str
    moved: Callable[[np.ndarray, np.ndarray], np.ndarray]


SCENARIOS = (
    Scenario("none", lambda q, at: q),
    Scenario("step down in calibration", lambda q, at: q - 0.7 * (at > 0.25)),
    Scenario("step up in calibration", lambda q, at: q + 0.7 * (at > 0.25)),
    Scenario("step down before calibration", lambda q, at: q - 0.7),
    Scenario("ramp down", lambda q, at: q - at),
    Scenario("ramp up", lambda q, at: q + at),
    Scenario("season", lambda q, at: q + 0.4 * np.sin(4 * np.pi * at)),
)


@dataclass(frozen=True)
class Period:
    """Forecasts before calibration of the rows of one period."""

    log_odds: np.ndarray
    y: np.ndarray
    """Outcomes, or probabilities of them where these are known."""
    weights: np.ndarray
    as_of_us: np.ndarray


def calibrated(way: str, fitted: Period, judged: Period) -> tuple[np.ndarray, float]:
    """Return the judged forecasts calibrated one way, and the shift of the level that drift gave."""
    if way == "none":
        return judged.log_odds, 0.0
    times = fitted.as_of_us if way == "drift-aware" else None
    calibration = fit_calibration(fitted.log_odds, fitted.y, fitted.weights, as_of_us=times)
    return calibration.apply(judged.log_odds), calibration.drift


def figures(odds: np.ndarray, judged: Period) -> dict[str, float]:
    """Return log loss, calibration error, and the intercept that the judged period would still ask for."""
    p, weights = log_odds_to_probability(odds), judged.weights / judged.weights.sum()
    order = np.argsort(odds, kind="stable")
    begins = np.cumsum(weights[order]) - weights[order]
    bins = np.minimum((begins * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, (weights * (judged.y - p))[order], minlength=BINS)
    gap = float(weights @ (judged.y - p))
    return {
        "log_loss": float(weights @ (np.logaddexp(0.0, odds) - judged.y * odds)),
        "calibration_error": float(np.abs(gaps).sum()),
        "level_error": abs(gap / float(weights @ (p * (1 - p)))),
    }


def simulated_rows(funnel: Funnel, *, draws: int, seed: int) -> Iterator[dict[str, object]]:
    """Yield figures of every scenario, way and draw on one simulated funnel."""
    labels = funnel.labels.sort_values(["as_of_us", "lead_id"], ignore_index=True)
    labels = labels.sample(frac=0.8, random_state=seed).sort_values(["as_of_us", "lead_id"], ignore_index=True)
    ends = [int(labels["as_of_us"].quantile(share)) for share in (TRAINED, CALIBRATED)]
    old = labels[labels["as_of_us"] <= ends[0]]
    later = labels[labels["as_of_us"] > ends[0]]
    odds = _trained(funnel.context, funnel.spec, funnel.history, old, seed)(later)
    truth = probability_to_log_odds(funnel.truth.loc[later["lead_id"]].clip(1e-9, 1 - 1e-9).to_numpy())
    times = later["as_of_us"].to_numpy()
    at = (times - times.min()) / (times.max() - times.min())
    last = times > ends[1]
    known = ~last & (times + funnel.horizon_us <= ends[1])
    for scenario in SCENARIOS:
        q = log_odds_to_probability(scenario.moved(truth, at))
        judged = Period(odds[last], q[last], np.ones(last.sum()), times[last])
        for draw in range(draws):
            y = (np.random.default_rng([seed, draw]).random(known.sum()) < q[known]).astype(float)
            fitted = Period(odds[known], y, np.ones(known.sum()), times[known])
            for way in WAYS:
                found, shift = calibrated(way, fitted, judged)
                yield {"data": scenario.name, "seed": seed, "draw": draw, "way": way, "shift": shift} | figures(
                    found, judged
                )


def public_rows(name: str, data: Path, out: Path) -> Iterator[dict[str, object]]:
    """Yield figures of every way at several dates inside the training rows of one public funnel."""
    source, overrides = RUNS[name]
    context = make_context(
        source_dir=ROOT / "sources" / source,
        data_dir=data / source,
        out=out / name.replace("+", "_after_"),
        params_file=None,
        overrides=parse_overrides([*overrides, "model.threads=1"]),
    )
    run_all(context, ("ingest", "features", "labels"))
    spec = context.spec()
    labels = pd.read_parquet(context.folder("labels") / "labels.parquet")
    labels = labels[(labels["target"] == "close") & labels["part"].isin(("train", "calibration"))]
    labels = labels.assign(as_of_us=to_micros(labels["as_of"])).reset_index(drop=True)
    history = pd.read_parquet(context.folder("features") / "history.parquet")
    for share in INNER_DATES:
        try:
            options = SplitOptions(test_share=share, calibration_share=0.3)
            parts = split_by_time(labels, horizon_us=spec.targets["close"].horizon, options=options)
        except InputError:
            continue
        own = {part: labels[parts == part] for part in ("train", "calibration", "test")}
        forecast = _trained(context, spec, history, own["train"], 1)
        fitted, judged = (
            Period(
                forecast(rows), rows["y"].to_numpy(float), even_weights(rows["lead_id"]), rows["as_of_us"].to_numpy()
            )
            for rows in (own["calibration"], own["test"])
        )
        for way in WAYS:
            found, shift = calibrated(way, fitted, judged)
            yield {"data": name, "seed": share, "draw": 0, "way": way, "shift": shift} | figures(found, judged)


def _trained(
    context: StageContext, spec: SourceSpec, history: pd.DataFrame, labels: pd.DataFrame, seed: int
) -> Callable[[pd.DataFrame], np.ndarray]:
    """Train on some labelled rows; return what gives the log-odds of others."""
    target = str(labels["target"].iloc[0])
    rows = labelled_rows(history, labels, target, tuple(labels["part"].unique()))
    options = context.settings.model.model_copy(update={"boosters": 2})
    estimator = fit_estimator(
        Rows.of(rows, rows["y"], lead_ids=rows["lead_id"], as_of_us=to_micros(rows["as_of"])),
        Fitting(feature_list(spec, context.settings.features), options, seed),
    )
    keys = ["lead_id", "as_of"]
    return lambda some: estimator.log_odds(some[keys].merge(history, on=keys, how="left", validate="one_to_one"))


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row a scenario or funnel and way, and what drift-awareness gains in log loss, paired, in thousandths."""
    keys = ["data", "seed", "draw"]
    static = rows[rows["way"] == "static"].set_index(keys)["log_loss"]
    rows = rows.assign(gain=1e3 * (static.loc[pd.MultiIndex.from_frame(rows[keys])].to_numpy() - rows["log_loss"]))
    grouped = rows.groupby(["data", "way"], sort=False)
    table = grouped[["log_loss", "calibration_error", "level_error", "shift", "gain"]].mean()
    half: pd.Series = 1.96 * grouped["gain"].std() / np.sqrt(grouped["gain"].size())
    return table.assign(low=table["gain"] - half, high=table["gain"] + half, runs=grouped["gain"].size()).reset_index()


def main() -> None:
    """Run what was asked for and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--leads", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--name", nargs="*", default=list(RUNS), choices=list(RUNS))
    arguments = parser.parse_args()
    rows: list[dict[str, object]] = []
    for seed in range(1, arguments.seeds + 1):
        funnel = simulate_funnel(arguments.out / f"seed_{seed}", leads=arguments.leads, seed=seed)
        rows += simulated_rows(funnel, draws=arguments.draws, seed=seed)
    for name in arguments.name if arguments.data else ():
        rows += public_rows(name, arguments.data, arguments.out)
    table = pd.DataFrame(rows)
    table.to_csv(arguments.out / "calibration_next_period.csv", index=False)
    sys.stdout.write(summarise(table).round(4).to_string(index=False) + "\n")


if __name__ == "__main__":
    main()
