"""Forward folds: they look at nothing of the test, and a search can go by them."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest

from features.errors import InputError
from features.time_units import from_micros
from models.estimator.options import EstimatorOptions
from pipeline.cross_validation.command import JudgedSettings
from pipeline.cross_validation.folds import _folds, cross_validated
from pipeline.outputs.labels_file import read_test_from
from pipeline.runner.finished_run import open_run

QUICK = EstimatorOptions(boosters=2, max_rounds=30, threads=1)


def test_what_happens_after_the_test_began_changes_nothing(judged_by_points, tmp_path):
    until = read_test_from(judged_by_points)
    before = cross_validated(judged_by_points, folds=2, options=QUICK, draws=20)
    for stage in ("ingest", "features", "labels"):
        shutil.copytree(judged_by_points.folder(stage), tmp_path / stage)
    stages = pd.read_parquet(tmp_path / "ingest" / "stages.parquet")
    later = stages["entered_at"] >= from_micros(pd.Series([until]))[0]
    assert later.any()
    stages[~later].to_parquet(tmp_path / "ingest" / "stages.parquet", index=False)
    history = pd.read_parquet(tmp_path / "features" / "history.parquet")
    unseen = history["as_of"] >= from_micros(pd.Series([until]))[0]
    assert unseen.any()
    history[~unseen].to_parquet(tmp_path / "features" / "history.parquet", index=False)
    again = cross_validated(open_run(tmp_path), folds=2, options=QUICK, draws=20)
    assert again == before


def test_a_fold_learns_from_what_was_seen_and_judges_leads_that_came_later(judged_by_points):
    folds = list(_folds(judged_by_points, 2))
    starts = [start for start, _ in folds]
    until = read_test_from(judged_by_points)
    assert starts == sorted(set(starts))
    judged_before: set[str] = set()
    for start, labels in folds:
        judged = labels[labels["part"] == "test"]
        learned = labels[labels["part"].isin(["train", "between", "calibration", "young"])]
        assert judged["as_of_us"].min() >= start
        assert judged["as_of_us"].max() < until
        assert learned["as_of_us"].max() < start
        assert not set(judged["lead_id"]) & (set(learned["lead_id"]) | judged_before)
        assert learned.loc[learned["part"] == "young", "y"].dropna().eq(1).all()
        judged_before |= set(judged["lead_id"])


def test_a_search_can_go_by_the_mean_and_the_json_says_the_same(judged_by_points):
    result = cross_validated(judged_by_points, folds=2, options=QUICK, draws=20)
    base_rate = cross_validated(
        judged_by_points, folds=2, options=QUICK.model_copy(update={"min_outcomes": 10_000}), draws=20
    )
    assert result.mean("sql") < base_rate.mean("sql")
    assert base_rate.mean("sql", "auc") == pytest.approx(0.5)
    said = json.loads(JudgedSettings(result).to_json())
    assert said["targets"]["sql"]["mean"]["log_loss"] == result.mean("sql")
    assert len(said["folds_from"]) == len(said["targets"]["sql"]["folds"]) == 2
    text = JudgedSettings(result).to_text()
    assert f"{result.mean('sql'):.4f}" in text
    with pytest.raises(InputError, match="one of auc"):
        result.mean("sql", "accuracy")


def test_too_few_leads_for_so_many_folds_are_said(judged_by_points):
    with pytest.raises(InputError, match=r"(Take fewer folds|Give a longer history)"):
        cross_validated(judged_by_points, folds=20, options=QUICK, draws=20)
