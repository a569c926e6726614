"""Stage ``evaluate``: on the test rows only, the same bytes again, and figures that another library agrees with."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from features.time_units import DAY_US
from pipeline.evaluate import stage as evaluate
from pipeline.outputs.baseline import read_baseline
from pipeline.outputs.feature_rows import judged_rows, read_features
from pipeline.outputs.model_files import read_forecast
from pipeline.replay.nightly_looks import looks_in_test
from pipeline.runner.stages import StageContext


def read(context: StageContext) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads((context.folder("evaluate") / "evaluation.json").read_text())
    return tree


def predictions(context: StageContext, target: str) -> pd.DataFrame:
    table = pd.read_parquet(context.folder("evaluate") / "test_predictions.parquet")
    return table[table["target"] == target]


@pytest.mark.parametrize("target", ["sql", "close"])
def test_exactly_the_test_rows_are_judged(judged_by_points: StageContext, target: str) -> None:
    labels = pd.read_parquet(judged_by_points.folder("labels") / "labels.parquet")
    expected = labels[(labels["target"] == target) & (labels["part"] == "test")]
    table = predictions(judged_by_points, target)
    assert list(table.columns) == ["lead_id", "as_of", "target", "y", "p", "points"]
    keys = ["lead_id", "as_of"]
    both = expected.sort_values(keys, ignore_index=True), table.sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(both[0][keys], both[1][keys])
    assert (both[0]["y"].astype(int) == both[1]["y"].astype(int)).all()


def test_points_are_those_of_the_rules(judged_by_points: StageContext) -> None:
    history = read_features(judged_by_points, "history")
    rows = predictions(judged_by_points, "sql").merge(history, on=["lead_id", "as_of"])
    # Retail 10; 3 for each blog article, at most 12; 8 for each demo request in 30 days, at most 16.
    by_hand = 10.0 * (rows["fit_industry"] == "retail")
    by_hand += np.minimum(3 * rows["behaviour_blog_count_ever"], 12)
    by_hand += np.minimum(8 * rows["behaviour_demo_count_30d"], 16)
    assert rows["points"].tolist() == by_hand.tolist()


@pytest.mark.parametrize("target", ["sql", "close"])
def test_figures_agree_with_scikit_learn(judged_by_points: StageContext, target: str) -> None:
    table, judged = predictions(judged_by_points, target), read(judged_by_points)["targets"][target]
    y = table["y"]
    assert judged["model"]["auc"]["value"] == pytest.approx(roc_auc_score(y, table["p"]))
    assert judged["baseline"]["auc"]["value"] == pytest.approx(roc_auc_score(y, table["points"]))
    assert judged["model"]["ap"]["value"] == pytest.approx(average_precision_score(y, table["p"]))
    assert judged["model"]["log_loss"]["value"] == pytest.approx(log_loss(y, table["p"]))
    for scorer in ("model", "baseline", "difference"):
        for figure in judged[scorer].values():
            assert figure["low"] <= figure["high"]


def test_the_model_that_can_see_it_beats_points_that_cannot(judged_by_points: StageContext) -> None:
    """Machinery and demos decide; the rules reward retail and blogs."""
    tree = read(judged_by_points)
    difference = tree["targets"]["sql"]["difference"]
    assert difference["auc"]["low"] > 0
    assert tree["beats_baseline"] is (difference["ap"]["low"] > 0 and difference["log_loss"]["high"] < 0)
    assert tree["beats_baseline"] is True
    shares = [share for family in tree["importance"].values() for share in family.values()]
    assert sum(shares) == pytest.approx(1)
    assert tree["importance"]["fit"]["industry"] + tree["importance"]["behaviour"]["demo"] > 0.3


def test_promotions_are_those_of_the_nightly_looks(judged_by_points: StageContext) -> None:
    tree, baseline = read(judged_by_points), read_baseline(judged_by_points)
    forecast, history = (
        read_forecast(judged_by_points.folder("train") / "model"),
        read_features(judged_by_points, "history"),
    )
    test = judged_rows(judged_by_points, history, target="sql", part="test")
    looks = looks_in_test(judged_by_points, test, baseline, forecast, "sql")
    rows = looks.rows
    assert tree["looks"] == {"every": "1d", "leads": rows["lead_id"].nunique(), "sampled_share": 1.0}
    assert rows["excluded"].any()
    assert rows["y"].notna().all()
    # A lead whose first night comes when its outcome can no longer be known is in no look.
    missed = test[~test["lead_id"].isin(rows["lead_id"])]
    assert (missed["as_of_us"] > rows["as_of_us"].max() - DAY_US).all()
    for scorer, column, cutoff in (("model", "p", tree["cutoffs"]["mql"]), ("baseline", "points", 20)):
        promoted = rows.loc[~rows["excluded"] & (rows[column] >= cutoff), "lead_id"].nunique()
        assert tree["promoted"][scorer]["MQL"]["leads"] == promoted


def test_a_sample_of_leads_is_drawn_and_volumes_scaled(judged_by_points: StageContext) -> None:
    settings = judged_by_points.settings
    few = settings.model_copy(update={"evaluate": settings.evaluate.model_copy(update={"look_leads": 50})})
    context = replace(judged_by_points, settings=few)
    baseline, forecast = read_baseline(context), read_forecast(context.folder("train") / "model")
    looks = looks_in_test(context, pd.DataFrame(), baseline, forecast, "sql")
    assert looks.rows["lead_id"].nunique() == 50
    assert looks.counting.share == pytest.approx(50 / read(judged_by_points)["looks"]["leads"])
    assert looks.counting.per_week(5) == pytest.approx(5 / looks.counting.weeks / looks.counting.share)


def test_conversion_counts_only_leads_that_could_still_convert(judged_by_points: StageContext) -> None:
    tree = read(judged_by_points)
    for scorer in ("model", "baseline"):
        for band, promoted in tree["promoted"][scorer].items():
            steps = tree["conversion"][scorer][band]
            assert list(steps) == ["SAL", "SQL", "WON"]
            for step in steps.values():
                assert step["leads"] + step["already_there"] + step["too_young"] == promoted["leads"]
                assert step["reached"] <= step["leads"]
            # The outcome of the first passing row is the step to SQL: both counts must agree.
            assert steps["SQL"]["reached"] == pytest.approx(promoted["precision"] * promoted["leads"])


def test_open_leads_add_up(judged_by_points: StageContext) -> None:
    change = read(judged_by_points)["change"]
    assert change["both"] + change["entering"] == change["model_mql"]
    assert change["both"] + change["leaving"] == change["baseline_mql"]
    assert change["model_mql"] <= change["leads"]


def test_again_gives_the_same_bytes(judged_by_points: StageContext, tmp_path: Path) -> None:
    evaluate.run(judged_by_points, tmp_path)
    first = judged_by_points.folder("evaluate")
    written = sorted(file.relative_to(tmp_path) for file in tmp_path.rglob("*") if file.is_file())
    assert {"evaluation.json", "looks.parquet", "looks.json", "open.parquet"} < {str(file) for file in written}
    for file in written:
        assert (tmp_path / file).read_bytes() == (first / file).read_bytes(), file


def test_naive_bayes_stands_in_where_there_are_no_rules(judged_by_naive_bayes: StageContext) -> None:
    tree, table = read(judged_by_naive_bayes), predictions(judged_by_naive_bayes, "sql")
    assert tree["baseline"] == "naive_bayes"
    assert table["points"].min() < 0
    assert tree["targets"]["sql"]["baseline"]["auc"]["value"] > 0.6
    # A target has its own counts, so its log-odds differ from the other's.
    close = predictions(judged_by_naive_bayes, "close").merge(table, on=["lead_id", "as_of"])
    assert (close["points_x"] != close["points_y"]).any()


def test_too_few_outcomes_never_beat_the_points(too_few_outcomes: StageContext) -> None:
    tree = read(too_few_outcomes)
    assert tree["targets"]["sql"]["level"] == "rate"
    assert tree["targets"]["sql"]["model"]["auc"]["value"] == pytest.approx(0.5)
    assert tree["beats_baseline"] is False
    assert set(tree["families"].values()) == {0}
