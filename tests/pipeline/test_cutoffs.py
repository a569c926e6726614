"""Stage ``cutoffs``: as many leads as today's points, or as many as asked; blind to the test period and to outcomes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.cutoffs import Cutoffs
from pipeline import cutoffs
from pipeline.judged_rows import read_baseline, read_features, volume_rows
from pipeline.model_files import read_forecast
from pipeline.settings import CutoffOptions
from pipeline.stage import StageContext
from pipeline.workspace import Workspace


def read(context: StageContext) -> Cutoffs:
    return Cutoffs.model_validate_json((context.folder("cutoffs") / "cutoffs.json").read_text())


def rows_with_forecast(context: StageContext) -> pd.DataFrame:
    rows = volume_rows(context, read_features(context, "history"), target="sql")
    return rows.assign(p=read_forecast(context.folder("train") / "model").predict(rows)["p_sql"])


def test_as_many_leads_as_the_points_promote(judged_by_points: StageContext) -> None:
    chosen, baseline = read(judged_by_points), read_baseline(judged_by_points)
    rows = rows_with_forecast(judged_by_points)
    may = ~baseline.excluded(rows)
    by_points = rows.loc[may & (baseline.score(rows, "sql") >= 20), "lead_id"].nunique()
    by_model = rows.loc[may & (rows["p"] >= chosen.mql).to_numpy(), "lead_id"].nunique()
    assert by_points > 10
    assert by_model == pytest.approx(by_points, abs=2)
    assert chosen.mql_volume.asked_per_week == pytest.approx(by_points / chosen.weeks)
    assert chosen.mql_volume.got_per_week == pytest.approx(by_model / chosen.weeks)
    assert chosen.mql <= chosen.sal
    assert (chosen.baseline.mql, chosen.baseline.sal, chosen.policy) == (20, 26, "same_volume_as_points")


def test_a_number_a_week_is_met(judged_by_points: StageContext) -> None:
    rows, baseline = rows_with_forecast(judged_by_points), read_baseline(judged_by_points)
    options = CutoffOptions(policy="per_week", mql_per_week=3, sal_per_week=1)
    chosen = cutoffs.decide(rows, baseline, target="sql", options=options)
    promoted = rows.loc[~baseline.excluded(rows) & (rows["p"] >= chosen.mql).to_numpy(), "lead_id"].nunique()
    # A tree gives many leads one probability, so the promise is kept to within a tie.
    assert promoted / chosen.weeks == pytest.approx(chosen.mql_volume.got_per_week)
    assert chosen.mql_volume.got_per_week == pytest.approx(3, abs=0.5)
    assert chosen.sal_volume.got_per_week <= chosen.mql_volume.got_per_week
    assert chosen.version != read(judged_by_points).version


def test_without_rules_the_best_quarter_and_tenth(judged_by_naive_bayes: StageContext) -> None:
    chosen = read(judged_by_naive_bayes)
    leads = rows_with_forecast(judged_by_naive_bayes)["lead_id"].nunique()
    assert (chosen.policy, chosen.baseline.kind) == ("default_share", "naive_bayes")
    assert chosen.mql_volume.asked_per_week * chosen.weeks == pytest.approx(round(leads / 4))
    assert chosen.sal_volume.asked_per_week * chosen.weeks == pytest.approx(round(leads / 10))
    assert chosen.baseline.mql_per_week == pytest.approx(chosen.mql_volume.asked_per_week, rel=0.1)
    assert {file.name for file in judged_by_naive_bayes.folder("cutoffs").glob("naive_bayes_*")} == {
        "naive_bayes_close.json",
        "naive_bayes_sql.json",
    }


def test_neither_the_test_period_nor_any_outcome_is_looked_at(judged_by_points: StageContext, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(judged_by_points.workspace.root, out)
    labels = pd.read_parquet(out / "labels" / "labels.parquet")
    test_from = labels.loc[(labels["target"] == "sql") & (labels["part"] == "test"), "as_of"].min()
    labels["y"] = labels["y"].where(labels["y"].isna(), 0).astype("Int8")
    labels.to_parquet(out / "labels" / "labels.parquet", index=False)
    history = pd.read_parquet(out / "features" / "history.parquet")
    later = (history["as_of"] >= test_from).to_numpy()
    for column in history.columns.drop(["lead_id", "as_of"]):
        values = history[column].to_numpy(copy=True)
        values[later] = np.random.default_rng(1).permutation(values[later])
        history[column] = values
    history.to_parquet(out / "features" / "history.parquet", index=False)
    changed = replace(judged_by_points, workspace=Workspace(out))
    (tmp_path / "again").mkdir()
    cutoffs.run(changed, tmp_path / "again")
    before = (judged_by_points.folder("cutoffs") / "cutoffs.json").read_bytes()
    assert (tmp_path / "again" / "cutoffs.json").read_bytes() == before
