"""Truth recovered: the forecast lies between the points and the oracle, and says what is true in every decile."""

from __future__ import annotations

import importlib.util
import sys

import pandas as pd
import pytest

LEVEL, SLOPE = (0.6, 1.6), (0.6, 1.6)
"""How far a model of some hundred outcomes may be off; what a wrong forecast gives is tested below."""


@pytest.fixture(scope="module")
def known_truth(project_root):
    file = project_root / "benchmarks" / "known_truth.py"
    module_spec = importlib.util.spec_from_file_location("known_truth", file)
    module = importlib.util.module_from_spec(module_spec)
    sys.modules["known_truth"] = module
    module_spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def results(known_truth, demo_run):
    return known_truth.against_truth(demo_run)


@pytest.mark.parametrize("target", ["sql", "close"])
def test_the_model_lies_between_the_points_and_the_oracle(results, target):
    auc = results[target].auc
    assert auc["points"] < auc["model"] < auc["oracle"]


@pytest.mark.parametrize("target", ["sql", "close"])
def test_forecast_and_truth_agree_in_every_decile_within_the_interval(results, target):
    deciles = results[target].deciles
    assert deciles["holds"].all(), deciles.to_string()


def right(ratio, slope):
    return LEVEL[0] < ratio < LEVEL[1] and SLOPE[0] < slope < SLOPE[1]


def test_level_and_spread_of_the_forecast_are_those_of_the_truth(results):
    assert right(results["sql"].ratio, results["sql"].slope), results["sql"]


@pytest.mark.parametrize("wrong", ["doubled", "halved", "shuffled", "constant"])
def test_a_wrong_forecast_would_not_pass(wrong, known_truth, demo_run):
    truth = pd.read_parquet(demo_run / "simulate" / "truth" / "truth.parquet")["p_sql"]
    true = truth[truth < 1].reset_index(drop=True)
    spoilt = {
        "doubled": 2 * true,
        "halved": true / 2,
        "shuffled": true.sample(frac=1, random_state=1, ignore_index=True),
        "constant": true * 0 + true.mean(),
    }[wrong]
    weights = true * 0 + 1
    assert right(*known_truth.level_and_slope(true, true, weights))
    assert not right(*known_truth.level_and_slope(spoilt, true, weights))
