"""What stages ``cutoffs`` and ``evaluate`` leave for later questions about cut-offs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from models.cutoffs.first_promotions import first_promotions
from pipeline.cutoffs.stage import decide
from pipeline.outputs.baseline import read_baseline
from pipeline.outputs.cutoffs_file import read_cutoffs
from pipeline.outputs.feature_rows import read_first_looks
from pipeline.outputs.looks_file import read_looks, write_looks
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import Workspace


@pytest.mark.parametrize("stage", ["cutoffs", "evaluate"])
def test_what_is_written_is_read(judged_by_points: StageContext, stage: str, tmp_path: Path) -> None:
    looks = read_looks(judged_by_points, stage)
    with Workspace(tmp_path).writing(stage, {}) as folder:
        write_looks(looks, folder)
    again = read_looks(replace(judged_by_points, workspace=Workspace(tmp_path)), stage)
    pd.testing.assert_frame_equal(again.rows, looks.rows)
    assert (again.counting, again.every_us) == (looks.counting, looks.every_us)
    columns = {
        "lead_id",
        "p",
        "p_close",
        "p_final",
        "points",
        "naive_bayes",
        "excluded",
        "gates_open",
        "y",
        "y_close",
        "unseen",
    }
    assert set(looks.rows.columns) == columns | {"as_of_us"}


def test_the_same_cut_offs_follow_from_the_stored_looks(judged_by_points: StageContext) -> None:
    looks, options = read_looks(judged_by_points, "cutoffs"), judged_by_points.settings.cutoffs
    again = decide(looks, read_baseline(judged_by_points), target="sql", options=options)
    assert again == read_cutoffs(judged_by_points)


def test_outcomes_are_those_known_when_the_test_begins(judged_by_points: StageContext) -> None:
    rows = read_looks(judged_by_points, "cutoffs").rows
    first = read_first_looks(judged_by_points, "sql")
    horizon = judged_by_points.spec().target("sql").horizon
    over = rows["as_of_us"] + horizon <= first.test_from_us
    assert over.any()
    assert (~over).any()
    assert rows["y"].notna().equals(over)
    assert set(rows.loc[rows["unseen"], "lead_id"]) <= set(first.since_calibration)
    # Every lead that the forecast was not fitted on is followed from its first look on.
    began = first_promotions(rows["lead_id"], rows["as_of_us"], rows["unseen"]).set_index("lead_id")["as_of_us"]
    assert (began >= first.calibration_from_us).all()


def test_open_leads_are_left_with_both_bands(judged_by_points: StageContext) -> None:
    opened = pd.read_parquet(judged_by_points.folder("evaluate") / "open.parquet")
    cutoffs = read_cutoffs(judged_by_points)
    may = ~opened["excluded"]
    assert opened["lead_id"].is_unique
    assert ((opened["model_band"] != "none") == (may & (opened["p"] >= cutoffs.mql))).all()
    assert ((opened["baseline_band"] != "none") == (may & (opened["points"] >= cutoffs.baseline.mql))).all()
    assert any(column.startswith("fit_") for column in opened)


def test_naive_bayes_stands_beside_the_points(judged_by_points: StageContext) -> None:
    baseline = read_baseline(judged_by_points)
    assert baseline.kind == "points"
    rows = read_looks(judged_by_points, "evaluate").rows
    assert rows["naive_bayes"].nunique() > 10
    assert not rows["naive_bayes"].equals(rows["points"])
    with_none = replace(baseline, rules=None)
    assert with_none.kind == "naive_bayes"
