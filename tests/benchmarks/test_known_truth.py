"""Truth recovered: the forecast lies between the points and the oracle, and says what is true in every decile."""

from __future__ import annotations

import importlib.util
import sys

import pytest


@pytest.fixture(scope="module")
def results(demo_run, project_root):
    file = project_root / "benchmarks" / "known_truth.py"
    module_spec = importlib.util.spec_from_file_location("known_truth", file)
    module = importlib.util.module_from_spec(module_spec)
    sys.modules["known_truth"] = module
    module_spec.loader.exec_module(module)
    return module.against_truth(demo_run)


@pytest.mark.parametrize("target", ["sql", "close"])
def test_the_model_lies_between_the_points_and_the_oracle(results, target):
    auc = results[target].auc
    assert auc["points"] < auc["model"] < auc["oracle"]


@pytest.mark.parametrize("target", ["sql", "close"])
def test_forecast_and_truth_agree_in_every_decile_within_the_interval(results, target):
    deciles = results[target].deciles
    assert deciles["holds"].all(), deciles.to_string()
