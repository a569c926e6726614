"""The lane in stage ``score``: whom it hands over, whom never, and that the probability is told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.tables.handovers import first_handovers
from features.time_units import DAY_US, from_micros, to_micros
from models.scoring.lane_draw import chance_per_look
from models.scoring.run_about import LaneAbout
from pipeline.outputs.ingested_tables import read_stages
from pipeline.runner.finished_run import open_run
from pipeline.runner.stages import StageContext
from pipeline.score import stage as score
from pipeline.score.handed_over import describe_lane, handover_rule
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.settings.settings import ScoreOptions

SHARE = 0.5


def context_with(demo_run: Path, **options: object) -> StageContext:
    opened = open_run(demo_run)
    settings = opened.settings.model_copy(update={"score": ScoreOptions.model_validate(options)})
    return StageContext(opened.workspace, settings, None, None, {})


@pytest.fixture(scope="module")
def scores(demo_run: Path) -> pd.DataFrame:
    rows = pd.read_parquet(demo_run / "score" / "scores.parquet")
    return rows.drop(columns=["handed_over_by", "handover_probability"])


@pytest.fixture(scope="module")
def many(scores: pd.DataFrame, demo_run: Path) -> pd.DataFrame:
    """The same bands for every lead of the run at its first look: enough to count."""
    leads = pd.read_parquet(demo_run / "ingest" / "leads.parquet", columns=["lead_id", "created_at"])
    bands = scores[["band", "excluded", "reached", "counted_as"]].sample(len(leads), replace=True, random_state=1)
    as_of = from_micros(to_micros(leads["created_at"]) + DAY_US)
    return leads[["lead_id"]].assign(as_of=as_of, **{name: bands[name].to_numpy() for name in bands})


def test_without_a_lane_only_the_cut_off_hands_over(demo_run: Path, scores: pd.DataFrame) -> None:
    context = context_with(demo_run)
    result = handover_rule(context)(scores)
    promoted = result["counted_as"].isin(["MQL", "SAL"])
    assert (result.loc[promoted, "handed_over_by"] == "cutoff").all()
    assert (result.loc[promoted, "handover_probability"] == 1).all()
    assert result.loc[~promoted, ["handed_over_by", "handover_probability"]].isna().all(axis=None)
    assert describe_lane(result, context) is None


def test_the_lane_draws_from_those_below_the_cut_off_alone(demo_run: Path, many: pd.DataFrame) -> None:
    context = context_with(demo_run, explore_share=SHARE)
    result = handover_rule(context)(many)
    lane = result["handed_over_by"] == "exploration"
    stages = pd.read_parquet(demo_run / "ingest" / "stages.parquet")
    entered = result["lead_id"].isin(stages.loc[stages["stage"].isin(context.spec().ladder), "lead_id"])
    never = (result["counted_as"] != "none") | entered
    assert result["excluded"].any()
    assert entered.any()
    assert not (lane & never).any()
    chance = chance_per_look(SHARE, 6)
    took_part = ~never
    assert result.loc[took_part, "handover_probability"].unique().tolist() == [chance]
    assert abs(lane[took_part].mean() - chance) < 4 * np.sqrt(chance * (1 - chance) / took_part.sum())
    assert describe_lane(result, context) == LaneAbout(
        share=SHARE, chance=chance, took_part=int(took_part.sum()), drawn=int(lane.sum())
    )  # fmt: skip


def test_whom_sales_has_already_is_not_handed_over_again(demo_run: Path, scores: pd.DataFrame) -> None:
    context = context_with(demo_run, explore_share=SHARE)
    result = handover_rule(context)(scores)
    with_sales = result["counted_as"] == "with_sales"
    assert (result.loc[with_sales, "band"] != "none").any()
    assert result.loc[with_sales, ["handed_over_by", "handover_probability"]].isna().all(axis=None)


def test_the_log_of_first_hand_overs_needs_no_row_of_a_lead_that_sales_has(
    demo_run: Path, scores: pd.DataFrame
) -> None:
    """Such a lead entered the ladder before, and of two hand-overs the earlier one counts."""
    context = context_with(demo_run)
    stages, spec = read_stages(context), context.spec()
    rows = handover_rule(context)(scores).assign(handed_over_us=to_micros(scores["as_of"]), probability=1.0)
    again = (rows["counted_as"] == "with_sales") & (rows["band"] != "none")
    assert again.any()
    columns = ["lead_id", "handed_over_us", "handed_over_by", "probability"]
    log = rows.loc[rows["handed_over_by"].notna(), columns]
    longer = pd.concat([log, rows.loc[again, columns].assign(handed_over_by="cutoff")])
    pd.testing.assert_frame_equal(first_handovers(stages, log, spec), first_handovers(stages, longer, spec))


def test_every_night_between_two_looks_draws_the_same_leads(demo_run: Path, many: pd.DataFrame) -> None:
    context = context_with(demo_run, explore_share=SHARE)
    nights = [many.assign(as_of=from_micros(to_micros(many["as_of"]) + DAY_US * night)) for night in (0, 1, 13, 14)]
    lanes = [set(handover_rule(context)(rows).query("handed_over_by == 'exploration'")["lead_id"]) for rows in nights]
    assert lanes[0] == lanes[1] == lanes[2] != lanes[3]
    assert lanes[0]


def test_scores_store_and_summary_tell_of_the_lane(demo_run: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/scores.sqlite"
    context = context_with(demo_run, store=url, explore_share=SHARE)
    score.run(context, tmp_path)
    rows = pd.read_parquet(tmp_path / "scores.parquet")
    told = json.loads((tmp_path / "score.json").read_text())
    assert told["lane"]["drawn"] == (rows["handed_over_by"] == "exploration").sum() > 0
    store = ScoreStore(url)
    stored = store.read()
    columns = ["lead_id", "handed_over_by", "handover_probability"]
    pd.testing.assert_frame_equal(stored[columns], rows[columns], check_dtype=False)
    assert told["run_id"] != json.loads((demo_run / "score" / "score.json").read_text())["run_id"]
