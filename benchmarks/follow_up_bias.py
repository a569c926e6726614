"""What follow-up of promoted leads alone does to forecast and evaluation, and what a random lane mends.

    python benchmarks/follow_up_bias.py --out DIR [--leads 6000] [--draws 8] [--first-seed 100] [--shares 0.03 0.05 0.1]
        [--workers 1]

The simulated company works promoted leads alone, so the probability of each lead *if it were handed over* is known but
shows in no label. Each draw simulates a company without a lane and one for each share of the lane, trains on each as a
company would, and holds the forecasts of target SQL against that truth for all leads that may be promoted of a fresh
company, none of whose leads was in training.

- ``naive``: no lane; a lead that was never handed over counts as a no.
- ``worked only``: no lane; leads that were handed over alone.
- ``lane S``: a lane of share S, as ``leadscore train`` does it: weights of 1 / p in calibration and evaluation, damped
  in training (power 0.25). ``lane S, full weights``: 1 / p in training too.
- ``everyone``: no lane, yet every look labelled as if that lead had been handed over right then: what cannot be had.

``DIR/draws.csv`` has one row a draw, way and group of leads; ``DIR/evaluation.csv`` what a company would have measured
in its own test period, against the truth of the same rows; ``DIR/tables.md`` their means with 95 % intervals over
draws.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from features.families.feature_list import feature_list
from features.source_spec import SourceSpec
from models.forecast.fit_forecast import fit_forecast
from models.forecast.forecast import Forecast
from models.measures.lead_weights import even_weights
from models.measures.metrics import Scored, metric_values
from models.measures.observed_outcomes import TRAINING_POWER, WEIGHT, observed_rows
from pipeline.runner.stages import StageContext, make_context, run_stage
from pipeline.settings.settings import parse_overrides

SOURCE = Path(__file__).resolve().parent.parent / "sources" / "demo"
KEYS = ["lead_id", "as_of"]
STAGES = ("simulate", "ingest", "features", "labels")
PROMOTABLE = ("practitioner", "researcher", "competitor")
TOP = 0.1
EVENTS_PER_LEAD = 15
FULL = "full weights"


@dataclass(frozen=True)
class Company:
    """One simulated company: rows of target SQL with features, labels, and the truth if handed over (``truth``)."""

    context: StageContext
    spec: SourceSpec
    history: pd.DataFrame
    labels: pd.DataFrame


def company(folder: Path, *, seed: int, leads: int, share: float) -> Company:
    """Simulate a company and run it to its labels."""
    given = (f"seed={seed}", f"simulate.leads={leads}", f"simulate.explore_share={share}")
    fixed = (
        "simulate.follow_up=promoted_only", "follow_up=promoted_only",
        f"simulate.events_per_lead={EVENTS_PER_LEAD}", "model.threads=1",
    )  # fmt: skip
    overrides = parse_overrides([*given, *fixed])
    data = folder / "simulate" / "export"
    context = make_context(source_dir=SOURCE, data_dir=data, out=folder, params_file=None, overrides=overrides)
    for stage in STAGES:
        run_stage(stage, context)
    spec = context.spec()
    spec = spec.model_copy(update={"targets": {"sql": spec.targets["sql"]}})
    history = pd.read_parquet(folder / "features" / "history.parquet")
    labels = pd.read_parquet(folder / "labels" / "labels.parquet")
    labels = labels[(labels["target"] == "sql") & labels["at_risk"]]
    truth = pd.read_parquet(folder / "simulate" / "truth" / "if_worked.parquet", columns=[*KEYS, "p_sql"])
    kinds = pd.read_parquet(folder / "simulate" / "truth" / "latents.parquet", columns=["lead_id", "kind"])
    labels = labels.merge(truth.rename(columns={"p_sql": "truth"}), on=KEYS, validate="one_to_one")
    labels = labels.merge(kinds, on="lead_id", validate="many_to_one")
    labels["may"] = labels["kind"].isin(PROMOTABLE)
    labels["below"] = labels["may"] & (labels[WEIGHT] != 1.0)
    return Company(context, spec, history, labels)


def train(own: Company, labels: pd.DataFrame, *, full: bool = False) -> Forecast:
    """Train as the pipeline does; ``full`` leaves the weights of training undamped."""
    settings = own.context.settings
    return fit_forecast(
        own.history,
        labels,
        spec=own.spec,
        features=feature_list(own.spec, settings.features),
        feature_options=settings.features,
        options=settings.model,
        seed=settings.seed,
        weight_power=1.0 if full else TRAINING_POWER,
    )


def if_everyone(own: Company) -> pd.DataFrame:
    """Return the labels as they would be if each lead had been handed over at each look, drawn from the truth."""
    rng = np.random.default_rng(own.context.settings.seed)
    y = pd.Series(rng.random(len(own.labels)) < own.labels["truth"], index=own.labels.index).astype("Int8")
    return own.labels.assign(y=y.where(own.labels["y"].notna()), weight=own.labels["may"].astype(float))


def ways(without: Company, lanes: dict[float, Company]) -> Iterator[tuple[str, Forecast]]:
    """Yield the name and the forecast of each way to train."""
    yield "naive", train(without, without.labels.drop(columns=WEIGHT))
    yield "worked only", train(without, without.labels)
    for share, own in lanes.items():
        yield f"lane {share:.0%}", train(own, own.labels)
        yield f"lane {share:.0%}, {FULL}", train(own, own.labels, full=True)
    yield "everyone", train(without, if_everyone(without))


def against_truth(p: np.ndarray, truth: np.ndarray, weight: np.ndarray) -> dict[str, float]:
    """Hold forecasts against true probabilities; no outcome is drawn, so there is no luck in it.

    ``ratio``: mean forecast over mean truth. ``auc``: chance that a lead that would qualify stands above one that would
    not. ``excess_loss``: log loss beyond that of the truth. ``found``: share of all that would qualify among the tenth
    with the highest forecasts.
    """
    clipped, q = np.clip(p, 1e-6, 1 - 1e-6), np.clip(truth, 1e-12, 1 - 1e-12)
    loss = -(truth * np.log(clipped) + (1 - truth) * np.log1p(-clipped))
    least = -(truth * np.log(q) + (1 - truth) * np.log1p(-q))
    won = np.r_[np.ones(len(p)), np.zeros(len(p))]
    both = Scored.from_probability(np.r_[p, p])
    measured = metric_values(won, both, np.r_[weight * truth, weight * (1 - truth)])
    return {
        "ratio": float(np.average(p, weights=weight) / np.average(truth, weights=weight)),
        "auc": measured["auc"],
        "excess_loss": float(np.average(loss - least, weights=weight)),
        "found": measured["lift10"] * TOP,
    }


def one_draw(seed: int, *, out: Path, leads: int, shares: list[float]) -> tuple[list[Any], list[Any]]:
    """Return the rows of both tables for one draw."""
    folder = out / f"draw_{seed}"
    try:
        without = company(folder / "none", seed=seed, leads=leads, share=0.0)
        lanes = {s: company(folder / f"{s:g}", seed=seed, leads=leads, share=s) for s in shares}
        fresh = company(folder / "fresh", seed=seed + 10_000, leads=leads // 2, share=0.0)
        rows = fresh.labels[fresh.labels["may"]].merge(fresh.history, on=KEYS, validate="one_to_one")
        weight, below = even_weights(rows["lead_id"]), rows["below"].to_numpy()
        forecasts, drawn = dict(ways(without, lanes)), []
        for name, forecast in [*forecasts.items(), ("the truth itself", None)]:
            truth = rows["truth"].to_numpy()
            p = truth if forecast is None else forecast.predict(rows)["p_sql"].to_numpy()
            for group, mask in (("all", np.ones(len(rows), dtype=bool)), ("below", below)):
                measured = against_truth(p[mask], truth[mask], weight[mask])
                drawn.append({"seed": seed, "way": name, "group": group, **measured})
        judged = [
            {"seed": seed, "lane": f"{share:.0%}", **row}
            for share, own in lanes.items()
            for row in evaluations(own, forecasts[f"lane {share:.0%}"])
        ]
        return drawn, judged
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def evaluations(own: Company, forecast: Forecast) -> Iterator[dict[str, Any]]:
    """Yield what would be measured of one forecast in the company's own test period, by each way of counting."""
    test = own.labels[(own.labels["part"] == "test") & own.labels["may"]]
    rows = test.merge(own.history, on=KEYS, validate="one_to_one").astype({"y": "float64"})
    rows = rows.assign(p=forecast.predict(rows)["p_sql"].to_numpy())
    truth, weight = rows["truth"].to_numpy(), even_weights(rows["lead_id"])
    true = against_truth(rows["p"].to_numpy(), truth, weight)
    yield {"counted": "truth", "rate": float(np.average(truth, weights=weight)), "auc": true["auc"]}
    counted = {
        "naive": rows.drop(columns=WEIGHT),
        "worked only": rows.assign(weight=(rows[WEIGHT] > 0).astype(float)),
        "weighted": rows,
    }
    for name, chosen in counted.items():
        kept, weights = observed_rows(chosen)
        measured = metric_values(kept["y"], Scored.from_probability(kept["p"]), weights)
        yield {"counted": name, "rate": float(np.average(kept["y"], weights=weights)), "auc": measured["auc"]}


def summary(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return mean and 95 % interval (Student's t over draws) of each measure."""
    measures = [name for name in table.columns if name not in ("seed", *by)]
    grouped = table.groupby(by, sort=False)[measures]
    count, mean = grouped.size(), grouped.mean()
    half = grouped.std().mul(student.ppf(0.975, np.maximum(count - 1, 1)) / np.sqrt(count), axis=0)
    shown = {name: [f"{m:.3f} ± {h:.3f}" for m, h in zip(mean[name], half[name], strict=True)] for name in measures}
    return pd.DataFrame(shown, index=mean.index).reset_index()


def differences(table: pd.DataFrame, by: list[str], *, reference: str) -> pd.DataFrame:
    """Return each measure less that of the reference in the same draw: the draw's own luck falls out."""
    keys = ["seed", *(name for name in by if name != by[0])]
    base = table[table[by[0]] == reference].drop(columns=by[0])
    paired = table[table[by[0]] != reference].merge(base, on=keys, suffixes=("", "_of_reference"))
    measures = [name for name in table.columns if name not in ("seed", *by)]
    for name in measures:
        paired[name] = paired[name] - paired[f"{name}_of_reference"]
    return paired[["seed", *by, *measures]]


def markdown(table: pd.DataFrame) -> str:
    """Return a table as Markdown."""
    rows = [table.columns.tolist(), ["---"] * len(table.columns), *table.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def write(out: Path, drawn: list[Any], judged: list[Any]) -> None:
    """Write what is there so far."""
    draws, evaluation = pd.DataFrame(drawn), pd.DataFrame(judged)
    draws.to_csv(out / "draws.csv", index=False)
    evaluation.to_csv(out / "evaluation.csv", index=False)
    parts = {
        "Forecasts against the truth": summary(draws, ["way", "group"]),
        "Less naive, same draws": summary(differences(draws, ["way", "group"], reference="naive"), ["way", "group"]),
        "Own evaluation": summary(evaluation, ["lane", "counted"]),
        "Own evaluation less the truth": summary(
            differences(evaluation, ["counted", "lane"], reference="truth"), ["lane", "counted"]
        ),
    }
    texts = [f"## {title} ({draws['seed'].nunique()} draws)\n\n{markdown(table)}" for title, table in parts.items()]
    (out / "tables.md").write_text("\n".join(texts), encoding="utf-8")


def main() -> None:
    """Run the draws and write the tables after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--leads", type=int, default=6_000)
    parser.add_argument("--draws", type=int, default=8)
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.03, 0.05, 0.10])
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    drawn: list[Any] = []
    judged: list[Any] = []
    seeds = range(given.first_seed, given.first_seed + given.draws)
    draw = partial(one_draw, out=given.out, leads=given.leads, shares=given.shares)
    with ProcessPoolExecutor(given.workers, mp_context=get_context("spawn")) as pool:
        for more in pool.map(draw, seeds):
            drawn, judged = drawn + more[0], judged + more[1]
            write(given.out, drawn, judged)
    sys.stdout.write((given.out / "tables.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
