"""A company that works promoted leads alone: who comes to sales, and that its truth is recovered by weights alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.labelling.labels import build_labels
from features.tables.handovers import first_handovers, handover_weights, promotion_weights
from features.time_units import DAY_US, to_micros
from models.evaluation.promoted_precision import promoted_outcomes, promoted_precision
from models.log_odds import probability_to_log_odds
from models.measures.bootstrap import interval
from pipeline.settings.simulate_options import SimulateOptions
from pipeline.simulate.stage import simulate
from pipeline.source.folder import read_source

DEMO = Path(__file__).resolve().parents[3] / "sources" / "demo"
SHARE = 0.4
PROMOTABLE = ("practitioner", "researcher", "competitor")


@dataclass(frozen=True)
class World:
    """What a company sees, and ``rows``: a look each, with label, weight and the truth if handed over."""

    export: Path
    truth: Path
    rows: pd.DataFrame

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.export / f"{name}.parquet")


SPEC = read_source(DEMO).spec.model_copy(update={"follow_up": "promoted_only"})


def handed_over(export: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return stages and hand-overs with their times in microseconds."""
    stages, told = (pd.read_parquet(export / f"{name}.parquet") for name in ("stages", "handovers"))
    stages["entered_us"], told["handed_over_us"] = to_micros(stages["entered_at"]), to_micros(told["handed_over_at"])
    return stages, told


def make_world(folder: Path, share: float, *, seed: int = 5) -> World:
    options = SimulateOptions(leads=2_500, events_per_lead=10, follow_up="promoted_only", explore_share=share)
    folder.mkdir(exist_ok=True)
    simulate(options, SPEC, seed, folder)
    export, truth = folder / "export", folder / "truth"
    stages, told = handed_over(export)
    rows = pd.read_parquet(truth / "if_worked.parquet").merge(pd.read_parquet(truth / "latents.parquet"))
    rows["as_of_us"] = to_micros(rows["as_of"])
    labels = build_labels(rows[["lead_id", "as_of_us"]], stages, SPEC, observed_until_us=options.last_day)
    labels = labels[(labels["target"] == "sql") & labels["y"].notna()].merge(rows, on=["lead_id", "as_of_us"])
    labels = labels[labels["kind"].isin(PROMOTABLE)].astype({"y": "float64"}).reset_index(drop=True)
    return World(export, truth, labels.join(handover_weights(labels, first_handovers(stages, told, SPEC))))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("lane"), SHARE)


@pytest.fixture(scope="module")
def no_lane(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("no_lane"), 0.0)


def by_lead(rows: pd.DataFrame, value: pd.Series) -> tuple[np.ndarray, int]:
    """Return the sums of a value by lead, to judge means of rows by lead."""
    sums = value.groupby(rows["lead_id"]).sum().to_numpy()
    return sums, len(rows)


def test_without_a_lane_nobody_comes_to_sales_but_by_the_cut_off(no_lane: World) -> None:
    told, stages = no_lane.table("handovers"), no_lane.table("stages")
    assert set(told["handed_over_by"]) == {"cutoff"}
    assert set(stages.loc[stages["stage"].isin(["SRL", "SAL", "SQL", "WON"]), "lead_id"]) <= set(told["lead_id"])
    assert (no_lane.rows.loc[no_lane.rows["how"] == "silent", "weight"] == 0).all()
    assert set(no_lane.rows["how"]) == {"silent", "worked"}


def test_the_log_of_the_lane_says_what_happened(world: World) -> None:
    told = world.table("handovers").merge(world.table("leads")[["lead_id", "created_at"]])
    lane = told[told["handed_over_by"] == "exploration"]
    assert lane["probability"].unique().tolist() == pytest.approx([1 - (1 - SHARE) ** (1 / 6)])
    days = (to_micros(lane["handed_over_at"]) - to_micros(lane["created_at"]) - 1) // DAY_US
    assert set(days) == {1, 15, 29, 43, 57, 71}  # the looks of the source
    kinds = pd.read_parquet(world.truth / "latents.parquet").set_index("lead_id")["kind"]
    assert not told["lead_id"].map(kinds).isin(["student", "applicant", "private"]).any()
    assert not told["lead_id"].duplicated().any()


def test_weights_average_to_one_over_all_who_can_come_to_sales(world: World) -> None:
    sums, rows = by_lead(world.rows, world.rows["weight"] - 1)
    assert world.rows["weight"].max() > 5
    assert abs(sums.sum() / rows) < 4 * sums.std() * np.sqrt(len(sums)) / rows


def test_weights_recover_the_truth_where_silence_as_a_no_does_not(world: World) -> None:
    rows = world.rows
    truth = rows["p_sql"].mean()
    naive = rows["y"] - truth
    weighted = rows["weight"] * (rows["y"] - rows["p_sql"])
    error = {}
    for name, value in (("naive", naive), ("weighted", weighted)):
        sums, count = by_lead(rows, value)
        error[name] = (sums.sum() / count, sums.std() * np.sqrt(len(sums)) / count)
    assert abs(error["weighted"][0]) < 3 * error["weighted"][1]
    assert error["naive"][0] < -0.25 * truth
    assert error["naive"][0] < -8 * error["naive"][1]
    silent = rows[rows["how"] == "silent"]
    assert silent["y"].mean() < 0.5 * silent["p_sql"].mean()


def test_weighted_precision_at_a_cut_off_is_nearer_the_truth_than_the_naive_one(tmp_path: Path) -> None:
    """Of a forecast that knows much and promotes leads that the points in force never would; several companies."""
    errors = []
    for seed in range(6):
        rows = make_world(tmp_path / str(seed), SHARE, seed=50 + seed).rows.drop(columns=["weight", "how"])
        first = first_handovers(*handed_over(tmp_path / str(seed) / "export"), SPEC)
        told = promotion_weights(rows, first, draw_us=14 * DAY_US, look_us=DAY_US)
        noisy = probability_to_log_odds(rows["p_sql"]) + np.random.default_rng(seed).normal(size=len(rows))
        promoted = noisy >= np.quantile(noisy, 0.8)
        truth = promoted_outcomes(rows.assign(y=rows["p_sql"]), promoted)["y"].mean()
        naive = promoted_precision(rows, promoted)
        weighted = promoted_precision(rows.assign(weight=told["weight"]), promoted)
        assert weighted["low"] < truth < weighted["high"]
        assert naive["high"] < truth
        errors.append([naive["precision"] - truth, weighted["precision"] - truth])
    of_naive, of_weighted = np.abs(np.mean(errors, axis=0))
    assert of_weighted < 0.6 * of_naive
    naive_square, weighted_square = np.square(errors).mean(axis=0)
    assert weighted_square < naive_square


def test_the_rows_of_the_lane_are_like_those_it_stands_for(world: World) -> None:
    """Among looks at leads that are not with sales yet, the drawn have the same mean truth as all."""
    waiting = world.rows[world.rows["how"] != "worked"]
    drawn = waiting.loc[waiting["how"] == "drawn", "p_sql"]
    draws = [drawn.sample(frac=1, replace=True, random_state=i).mean() for i in range(400)]
    bounds = interval(drawn.mean(), draws, level=0.999)
    assert bounds.low < waiting["p_sql"].mean() < bounds.high


def test_a_lane_for_everyone_makes_the_usual_truth_that_of_the_handed_over(tmp_path: Path) -> None:
    options = SimulateOptions(leads=300, events_per_lead=5, follow_up="promoted_only", explore_share=1.0)
    simulate(options, read_source(DEMO).spec, 3, tmp_path)
    truth, if_worked = ((tmp_path / "truth" / f"{name}.parquet").read_bytes() for name in ("truth", "if_worked"))
    assert truth == if_worked


def test_a_lane_beside_usual_follow_up_is_refused() -> None:
    with pytest.raises(ValueError, match=r"explore_share needs simulate\.follow_up: promoted_only"):
        SimulateOptions(explore_share=0.1)
