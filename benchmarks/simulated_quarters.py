"""Simulated companies quarter by quarter: what the job saw when cut-offs were set, and in the quarter after.

A company of the demo funnel is watched for five years. Every 13 weeks the forecast of SQL is fitted as a run would fit
it, on what was known then; the nights before are looked at by the forward forecast, as stage ``cutoffs`` does, and
those of the quarter after by the final one, as the job does. To save time no forecast of the close is fitted:
``p_close`` is that of SQL times the share of SQLs that closed before. Each quarter is left as two tables of looks, so
that a change of policies needs no new forecast. Runs go on where they were stopped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from features.as_of import AS_OF
from features.families.feature_list import feature_list
from features.labelling.labels import as_seen, build_labels
from features.labelling.seen_so_far import seen_so_far
from features.labelling.snapshots import job_snapshots
from features.labelling.time_split import SplitOptions, split_by_time
from features.source_spec import SourceSpec
from features.time_units import DAY_US, WEEK_US, from_micros, to_micros
from models.cutoffs.counting import Counting
from models.estimator.fitting import Fitting
from models.forecast.fit_forecast import fit_forecasts
from models.forecast.forecast import Forecast
from models.rules.baseline import Baseline
from models.rules.sales_veto import Veto, vetoed
from pipeline.features.stage import write_features
from pipeline.outputs.feature_rows import read_features
from pipeline.outputs.ingested_tables import read_leads, read_stages, table_files
from pipeline.outputs.rules_file import read_rules
from pipeline.replay.nightly_looks import COUNTED_WEEKS
from pipeline.runner.stages import StageContext, make_context, run_stage
from pipeline.settings.settings import parse_overrides
from pipeline.simulate.stage import simulate
from pipeline.source.folder import read_source

SOURCE = Path(__file__).resolve().parent.parent / "sources" / "demo"
KEYS = ["lead_id", AS_OF]
FIRST_DAY, LAST_DAY = "2020-01-01", "2025-01-01"
FIRST_CUT_DAYS = 548
"""The first cut-offs are set a year and a half after the first lead came."""
QUARTER_WEEKS = 13
HISTORY_DAYS = 548
"""How far back a forecast learns."""
VETO_DAYS = 90
SETTINGS = (
    "simulate.events_per_lead=15", f"simulate.first_day={FIRST_DAY}", f"simulate.last_day={LAST_DAY}",
    "snapshots.every=28d", "features.windows=[7d, 30d]", "features.half_lives=[7d]",
    "model.threads=1", "model.boosters=2", "model.max_rounds=60",
)  # fmt: skip
"""A training grid, columns and rounds that are learned in seconds; what is judged is the promise, not the forecast."""


@dataclass(frozen=True)
class Quarter:
    """A quarter of one company.

    Attributes
    ----------
    calibration, following : DataFrame
        Looks before it (forward forecast, outcomes as known then) and in it (final forecast, outcomes as they became).
        Columns as in `pipeline.replay.nightly_looks.Looks`, and ``vetoed``; ``following`` has ``true_p`` and
        ``true_p_close`` too.
    counting : Counting
        What counts of ``calibration``.
    calibration_from_us, from_us : int
        When the calibration period began, and the quarter.
    past : DataFrame
        The training grid before the quarter, by the forward forecast: how volumes moved.
    """

    company: int
    number: int
    calibration: pd.DataFrame
    following: pd.DataFrame
    counting: Counting
    calibration_from_us: int
    from_us: int
    past: pd.DataFrame


def make_company(folder: Path, *, seed: int, leads: int, every: str) -> StageContext:
    """Simulate a company with the truth of every day, ingest it, and compute its training grid."""
    overrides = parse_overrides([f"seed={seed}", f"simulate.leads={leads}", f"score.every={every}", *SETTINGS])
    data = folder / "simulate" / "export"
    context = make_context(source_dir=SOURCE, data_dir=data, out=folder, params_file=None, overrides=overrides)
    done = folder / "company.done"
    if done.is_file():
        return context
    spec = read_source(SOURCE, {}).spec
    daily = spec.model_copy(update={"snapshots": spec.snapshots.model_copy(update={"every": DAY_US})})
    with context.workspace.writing("simulate", {}) as out:
        simulate(context.settings.simulate, daily, seed, out)
    run_stage("ingest", context)
    run_stage("features", context)
    done.touch()
    return context


def cut_times(context: StageContext) -> list[int]:
    """Return when quarters begin whose outcomes are all known."""
    spec, settings = context.spec(), context.settings.simulate
    last = settings.last_day - QUARTER_WEEKS * WEEK_US - max(target.horizon for target in spec.targets.values())
    first = settings.first_day + FIRST_CUT_DAYS * DAY_US
    return list(range(first, last, QUARTER_WEEKS * WEEK_US))


def make_quarters(folder: Path, context: StageContext) -> None:
    """Leave ``quarter_N/`` for every quarter that is not there yet."""
    for number, at in enumerate(cut_times(context)):
        out = folder / f"quarter_{number:02d}"
        if not (out / "quarter.json").is_file():
            out.mkdir(exist_ok=True)
            _make_quarter(context, at, out)


def read_quarters(folder: Path, company: int) -> Iterator[Quarter]:
    """Yield the quarters of a company."""
    for told_in in sorted(folder.glob("quarter_*/quarter.json")):
        told, out = json.loads(told_in.read_text(encoding="utf-8")), told_in.parent
        yield Quarter(
            company,
            int(out.name.removeprefix("quarter_")),
            pd.read_parquet(out / "calibration.parquet"),
            pd.read_parquet(out / "following.parquet"),
            Counting(told["counted_from_us"], told["weeks"]),
            told["calibration_from_us"],
            told["from_us"],
            pd.read_parquet(out / "past.parquet"),
        )


@dataclass(frozen=True)
class Known:
    """What was known when a quarter began."""

    labels: pd.DataFrame
    calibration_from_us: int
    since_calibration: pd.Index
    """Leads first looked at in the calibration period."""
    closing: float
    """Deals for each SQL, among outcomes that were known."""


def _known(history: pd.DataFrame, stages: pd.DataFrame, spec: SourceSpec, at: int) -> Known:
    """Label and split as stage ``labels`` does, with the test beginning at ``at``; leads of the last months only."""
    first = history.groupby("lead_id")[AS_OF].transform("min")
    keys = history.loc[(first >= at - HISTORY_DAYS * DAY_US) & (first < at + DAY_US * 30), KEYS]
    labels = build_labels(keys, stages, spec, observed_until_us=at + spec.target("sql").horizon + DAY_US * 30)
    horizon = spec.target("sql").horizon
    rows = labels[labels["target"] == "sql"].reset_index(drop=True)
    part = split_by_time(rows, horizon_us=horizon, options=SplitOptions(test_from=at))
    seen = as_seen(rows[part == "young"], seen_until_us=at)
    cut = pd.concat([rows.drop(seen.index), seen]).sort_index().assign(part=part)
    cut = cut.join(seen_so_far(cut, stages, horizon_us=horizon, seen_until_us=at))
    cut = cut.assign(as_of=from_micros(cut[AS_OF]), outcome_at=from_micros(cut["outcome_us"]))
    looked = cut.groupby("lead_id")[AS_OF].min()
    calibration_from = int(looked[cut.loc[part == "calibration", "lead_id"].unique()].min())
    matured = labels[labels[AS_OF] + horizon <= at].groupby("target")["y"].mean()
    since = looked.index[(looked >= calibration_from) & (looked < at)]
    return Known(cut.drop(columns=["outcome_us"]), calibration_from, since, float(matured["close"] / matured["sql"]))


def _make_quarter(context: StageContext, at: int, out: Path) -> None:
    history, stages, spec = read_features(context, "history"), read_stages(context), context.spec()
    known, features = _known(history, stages, spec, at), feature_list(spec, context.settings.features)
    fitted = fit_forecasts(
        history,
        known.labels,
        Fitting(features, context.settings.model, context.settings.seed),
        spec=spec.model_copy(update={"targets": {"sql": spec.targets["sql"]}}),
        feature_options=context.settings.features,
    )
    baseline, closing = Baseline(read_rules(context, features), {}, spec.exclusions), known.closing
    runin = (spec.snapshots.until or 0) - spec.snapshots.after
    every = context.settings.score.every
    nights = np.arange(at - QUARTER_WEEKS * WEEK_US * 4, at + QUARTER_WEEKS * WEEK_US, every, dtype="int64")
    before = nights[(nights >= known.calibration_from_us - runin) & (nights < at)]
    after = nights[nights >= at - runin]
    looks = _looks(context, before, baseline, fitted.forward, fitted.final, closing, known_until_us=at)
    looks = looks.assign(unseen=looks["lead_id"].isin(known.since_calibration))
    looks.to_parquet(out / "calibration.parquet", index=False)
    end = context.settings.simulate.last_day
    following = _looks(context, after, baseline, fitted.final, fitted.final, closing, known_until_us=end)
    following = following.assign(unseen=True)
    _with_truth(following, context).to_parquet(out / "following.parquet", index=False)
    weeks = min((at - known.calibration_from_us) // DAY_US / 7, COUNTED_WEEKS)
    grid = history[history[AS_OF] < at].reset_index(drop=True)
    grid = grid[~fitted.forward.predict(grid)["reached_sql"].to_numpy(dtype=bool)].reset_index(drop=True)
    past = _decisions(grid, baseline, fitted.forward, fitted.forward, closing)
    past.assign(excluded=past["excluded"] | past["vetoed"])[[*KEYS, "p", "excluded", "gates_open"]].to_parquet(
        out / "past.parquet", index=False
    )
    told = {
        "counted_from_us": int(at - weeks * WEEK_US),
        "weeks": weeks,
        "calibration_from_us": known.calibration_from_us,
        "from_us": at,
    }
    (out / "quarter.json").write_text(json.dumps(told) + "\n", encoding="utf-8")


def _looks(
    context: StageContext,
    nights: np.ndarray,
    baseline: Baseline,
    forecast: Forecast,
    final: Forecast,
    closing: float,
    *,
    known_until_us: int,
) -> pd.DataFrame:
    """Return looks at the leads that had not reached the target; features of a night are computed once."""
    spec, stages = context.spec(), read_stages(context)
    cache, step = context.workspace.root / "nights", context.settings.score.every
    cache.mkdir(exist_ok=True)
    parts = []
    quarter_us = QUARTER_WEEKS * WEEK_US  # nights are counted from one beginning of a quarter to the next
    offset = int(nights[0] % quarter_us % step)
    for number in np.unique((nights - offset) // quarter_us):
        file = cache / f"{number}.parquet"
        if not file.is_file():
            _write_nights(context, np.arange(number * quarter_us + offset, (number + 1) * quarter_us, step), file)
        rows = pq.read_table(file).to_pandas()
        rows[AS_OF] = to_micros(rows["as_of"])
        rows = rows[(rows[AS_OF] >= nights[0]) & (rows[AS_OF] <= nights[-1])].reset_index(drop=True)
        parts.append(_decisions(rows, baseline, forecast, final, closing))
    looks = pd.concat(parts, ignore_index=True).sort_values(KEYS, ignore_index=True)
    stages = stages[stages["entered_us"] <= known_until_us]
    labels = build_labels(looks[KEYS], stages, spec, observed_until_us=known_until_us)
    for name in spec.targets:
        own = labels[labels["target"] == name]
        looks = looks.merge(own[[*KEYS, "y", "at_risk"]], on=KEYS, validate="one_to_one")
        at_risk = looks.pop("at_risk")
        looks["y" if name == "sql" else f"y_{name}"] = looks.pop("y").astype("float64")
        looks = looks[at_risk] if name == "sql" else looks
    return looks.reset_index(drop=True)


def _write_nights(context: StageContext, nights: np.ndarray, file: Path) -> None:
    """Write the features of all looks of some nights."""
    spec = context.spec()
    snapshots = job_snapshots(read_leads(context), read_stages(context), spec, nights_us=nights)
    partial = file.with_suffix(".partial")
    write_features(table_files(context), snapshots, spec, context.settings.features, partial)
    partial.rename(file)


def _decisions(
    rows: pd.DataFrame, baseline: Baseline, forecast: Forecast, final: Forecast, closing: float
) -> pd.DataFrame:
    predicted = forecast.predict(rows)
    later = predicted if final is forecast else final.predict(rows)
    return pd.DataFrame(
        {
            "lead_id": rows["lead_id"],
            AS_OF: rows[AS_OF],
            "p": predicted["p_sql"].to_numpy(),
            "p_close": closing * predicted["p_sql"].to_numpy(),
            "p_final": later["p_sql"].to_numpy(),
            "points": baseline.score(rows, "sql"),
            "excluded": baseline.excluded(rows),
            "gates_open": baseline.gates_open(rows),
            "vetoed": vetoed(rows, Veto.of(forecast.spec, VETO_DAYS * DAY_US)),
        }
    )


def _with_truth(looks: pd.DataFrame, context: StageContext) -> pd.DataFrame:
    """Add the true probabilities at the end of the lead's day, by which its events of that day are known to them."""
    truth = pd.read_parquet(context.workspace.folder("simulate") / "truth" / "truth.parquet")
    created = read_leads(context).set_index("lead_id")["created_us"]
    truth_day = (to_micros(truth["as_of"]).to_numpy() - created.loc[truth["lead_id"]].to_numpy()) // DAY_US
    known = truth.assign(day=truth_day)[["lead_id", "day", "p_sql", "p_close"]]
    age = looks[AS_OF].to_numpy() - created.loc[looks["lead_id"]].to_numpy()
    keyed = looks[KEYS].assign(day=-(-age // DAY_US))
    found = keyed.merge(known, on=["lead_id", "day"], how="left", validate="one_to_one")
    settled = {"true_p": found["p_sql"].fillna(looks["y"]), "true_p_close": found["p_close"].fillna(looks["y_close"])}
    return looks.assign(**settled)  # who is won or lost by the end of that day has its outcome
