"""How a forecast learned from few outcomes does against the smoothed base rate, over many draws of the demo funnel.

    python benchmarks/few_outcomes.py --out DIR [--draws N] [--leads N] [--sizes 20 50 …]

One funnel is simulated. From the leads whose outcome was known before the test period began, leads are drawn at
random until so many of them have the outcome; the forecast is trained and calibrated on these as in any run, and
judged on all leads of the test period. Their true probabilities are known, so the expected log loss of a forecast is
exact: no luck of the test's outcomes is in it. The base rate is that of all drawn leads, half a lead added on either
side. Gain: log loss of the base rate less that of the forecast, in thousandths of a nat; above 0 the forecast is
better. Writes ``DIR/few_outcomes.csv``, a row a draw, and prints a row a size; intervals are 95 %, over draws.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from features.families.feature_list import feature_list
from features.labelling.time_split import SplitOptions, split_by_time
from features.source_spec import SourceSpec
from features.time_units import to_micros
from models.estimator.options import EstimatorOptions
from models.forecast.fit_forecast import fit_forecast
from models.log_odds import probability_to_log_odds
from pipeline.runner.stages import StageContext, make_context, run_all
from pipeline.settings.settings import parse_overrides

ROOT = Path(__file__).resolve().parent.parent
SIZES = (20, 50, 100, 200, 500, 2_000)
TARGET = "sql"
SEED = 5
CLEARLY = 0.01
"""Share of the base rate's log loss by which a draw must fall short of it to count as clearly worse."""


@dataclass(frozen=True)
class Funnel:
    """A simulated funnel, each lead looked at once.

    Attributes
    ----------
    history, labels : DataFrame
        Features; outcomes of the one target, of leads known before the test and of test leads.
    truth : Series
        True probability of each test row, by ``lead_id``.
    known : array of str
        Leads whose outcome was known before the test period began.
    """

    spec: SourceSpec
    context: StageContext
    history: pd.DataFrame
    labels: pd.DataFrame
    truth: pd.Series
    known: np.ndarray
    test_from_us: int

    @property
    def horizon_us(self) -> int:
        """The target's horizon."""
        return self.spec.target(TARGET).horizon


def simulate_funnel(out: Path, *, leads: int, seed: int = SEED) -> Funnel:
    """Simulate a funnel with few events a lead, looked at a week after creation, and read it."""
    overrides = [f"seed={seed}", f"simulate.leads={leads}", "simulate.events_per_lead=12", "snapshots.after=7d"]
    context = make_context(
        source_dir=ROOT / "sources" / "demo",
        data_dir=out / "simulate" / "export",
        out=out,
        params_file=None,
        overrides=parse_overrides([*overrides, "snapshots.every=null", "snapshots.until=null", "model.threads=1"]),
    )
    run_all(context, ("simulate", "ingest", "features", "labels"))
    spec = context.spec()
    spec = spec.model_copy(update={"targets": {TARGET: spec.target(TARGET)}})
    labels = pd.read_parquet(context.folder("labels") / "labels.parquet")
    labels = labels[(labels["target"] == TARGET) & labels["at_risk"] & labels["y"].notna()]
    labels = labels.assign(as_of_us=to_micros(labels["as_of"])).reset_index(drop=True)
    test_from = int(labels.loc[labels["part"] == "test", "as_of_us"].min())
    known = labels["as_of_us"] + spec.target(TARGET).horizon <= test_from
    labels = labels[known | (labels["part"] == "test")]
    truth = pd.read_parquet(out / "simulate" / "truth" / "truth.parquet").set_index("lead_id")["p_sql"]
    history = pd.read_parquet(context.folder("features") / "history.parquet")
    leads_known = labels.loc[known, "lead_id"].to_numpy(dtype=str)
    return Funnel(spec, context, history, labels, truth, leads_known, test_from)


def draw_leads(funnel: Funnel, outcomes: int, rng: np.random.Generator) -> np.ndarray:
    """Return leads drawn at random, as many as it takes to hold ``outcomes`` of them with the outcome."""
    won = funnel.labels.set_index("lead_id")["y"].astype(int)
    order = rng.permutation(funnel.known)
    reached = np.cumsum(won.loc[order].to_numpy())
    if reached[-1] < outcomes:
        raise SystemExit(f"the funnel holds only {reached[-1]} outcomes before its test; give more --leads")
    return order[: int(np.searchsorted(reached, outcomes)) + 1]


def judge_draw(funnel: Funnel, leads: np.ndarray, *, options: EstimatorOptions, seed: int) -> dict[str, float | str]:
    """Train on the drawn leads, forecast every test lead; return both expected log losses."""
    split = SplitOptions(test_from=funnel.test_from_us)
    labels = funnel.labels[(funnel.labels["part"] == "test") | funnel.labels["lead_id"].isin(leads)]
    labels = labels.assign(part=split_by_time(labels, horizon_us=funnel.horizon_us, options=split))
    feature_options = funnel.context.settings.features
    started = time.perf_counter()
    forecast = fit_forecast(
        funnel.history,
        labels,
        spec=funnel.spec,
        features=feature_list(funnel.spec, feature_options),
        feature_options=feature_options,
        options=options,
        seed=seed,
    )
    seconds = time.perf_counter() - started
    test = funnel.history.merge(labels.loc[labels["part"] == "test", ["lead_id", "as_of"]], on=["lead_id", "as_of"])
    truth = funnel.truth.loc[test["lead_id"]].to_numpy()
    drawn = labels.loc[labels["part"] != "test", "y"].astype(float)
    base = probability_to_log_odds((drawn.sum() + 0.5) / (len(drawn) + 1.0))
    own = forecast.predict(test)[f"log_odds_{TARGET}"].to_numpy()
    return {
        "leads": len(drawn),
        "level": forecast.levels[TARGET],
        "slope": forecast.targets[TARGET].calibration.slope,
        "base": expected_loss(np.full(len(test), base), truth),
        "forecast": expected_loss(own, truth),
        "truth": expected_loss(probability_to_log_odds(np.clip(truth, 1e-12, 1 - 1e-12)), truth),
        "seconds": seconds,
    }


def expected_loss(log_odds: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean log loss that outcomes drawn with the true probabilities would give in the long run."""
    return float(np.mean(np.logaddexp(0.0, log_odds) - truth * log_odds))


def run_draws(
    funnel: Funnel, sizes: Sequence[int], *, draws: int, options: EstimatorOptions | None = None
) -> Iterator[dict[str, float | str]]:
    """Yield a row a draw; large sizes, which vary less and cost more, are drawn less often."""
    chosen = options or funnel.context.settings.model
    for size in sizes:
        count = draws if size < 500 else max(4, draws // (2 if size < 2_000 else 5))
        for number in range(count):
            leads = draw_leads(funnel, size, np.random.default_rng([SEED, size, number]))
            yield {"outcomes": size, "draw": number} | judge_draw(funnel, leads, options=chosen, seed=number)


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row a size: mean gain with its interval, share of draws that are worse, and clearly worse."""
    table = []
    for size, part in rows.groupby("outcomes"):
        gain = (part["base"] - part["forecast"]).to_numpy()
        half = 1.96 * gain.std(ddof=1) / np.sqrt(len(gain)) if len(gain) > 1 else np.nan
        table.append(
            {
                "outcomes": size,
                "draws": len(part),
                "leads": part["leads"].mean(),
                "model": (part["level"] == "model").mean(),
                "gain": 1e3 * gain.mean(),
                "low": 1e3 * (gain.mean() - half),
                "high": 1e3 * (gain.mean() + half),
                "worst": 1e3 * gain.min(),
                "worse": (gain < 0).mean(),
                "clearly_worse": (gain < -CLEARLY * part["base"]).mean(),
                "possible": 1e3 * (part["base"] - part["truth"]).mean(),
                "slope": part["slope"].mean(),
                "seconds": part["seconds"].mean(),
            }
        )
    return pd.DataFrame(table)


def main() -> None:
    """Simulate, draw, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=40)
    parser.add_argument("--leads", type=int, default=80_000)
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    funnel = simulate_funnel(arguments.out, leads=arguments.leads)
    rows = []
    for row in run_draws(funnel, arguments.sizes, draws=arguments.draws):
        rows.append(row)
        pd.DataFrame(rows).to_csv(arguments.out / "few_outcomes.csv", index=False)
    sys.stdout.write(summarise(pd.DataFrame(rows)).round(2).to_string(index=False) + "\n")


if __name__ == "__main__":
    main()
