"""The benchmark's measures, worked by hand."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    file = Path(__file__).resolve().parents[2] / "benchmarks" / "follow_up_bias.py"
    spec = importlib.util.spec_from_file_location("follow_up_bias", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["follow_up_bias"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_the_truth_has_no_excess_and_a_flat_forecast_its_share_of_leads(bench: ModuleType) -> None:
    truth, weight = np.array([0.1, 0.2, 0.3, 0.8]), np.ones(4)
    itself = bench.against_truth(truth, truth, weight)
    assert itself["ratio"] == pytest.approx(1)
    assert itself["excess_loss"] == pytest.approx(0, abs=1e-9)
    flat = bench.against_truth(np.full(4, 0.7), truth, weight)
    # mean truth is 0.35; the "best" tenth of leads that are all alike holds a tenth of the outcomes
    assert (flat["ratio"], flat["auc"], flat["found"]) == pytest.approx((2.0, 0.5, 0.1))
    # p ln(p/q) + (1-p) ln((1-p)/(1-q)) for q = 0.7 and p = 0.1, 0.2, 0.3, 0.8: 0.7942, 0.5341, 0.3389, 0.0257
    assert flat["excess_loss"] == pytest.approx((0.7942 + 0.5341 + 0.3389 + 0.0257) / 4, abs=1e-4)
    # pairs of one that qualifies and one that does not, weighed p (1 - p'): equal truths tie
    pairs = [(p * (1 - q), 1.0 if p > q else 0.5 if p == q else 0.0) for p in truth for q in truth]
    expected = sum(share * wins for share, wins in pairs) / sum(share for share, _ in pairs)
    assert itself["auc"] == pytest.approx(expected)


def test_means_and_paired_differences_over_draws(bench: ModuleType) -> None:
    table = pd.DataFrame(
        {"seed": [1, 1, 2, 2], "way": ["naive", "lane", "naive", "lane"], "group": "all", "auc": [0.5, 0.6, 0.7, 0.9]}
    )
    shown = bench.summary(table, ["way", "group"])
    # naive: mean 0.6, standard deviation 0.1414, t(1, 97.5 %) = 12.706, half = 12.706 · 0.1414 / √2 = 1.271
    assert shown["auc"].tolist()[0] == "0.600 ± 1.271"
    gaps = bench.differences(table, ["way", "group"], reference="naive")
    assert gaps["auc"].tolist() == pytest.approx([0.1, 0.2])
    assert set(gaps["way"]) == {"lane"}
