"""Promotion: precision at a volume worked by hand, volume that rises, differences that pair."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.time_units import DAY_US
from models.evaluation.promoted_precision import precision_against_volume, precision_difference, promoted_precision


def test_precision_counts_a_lead_at_its_first_passing_row() -> None:
    rows = pd.DataFrame(
        {
            "lead_id": ["a", "a", "b", "b", "c"],
            "as_of_us": [0, 7 * DAY_US, 0, 7 * DAY_US, 14 * DAY_US],
            "y": [0.0, 1.0, 1.0, 0.0, 0.0],
        }
    )
    # a passes at its second row (won), b at both, so at its first (won), c passes (not won): 2 of 3 in two weeks.
    result = promoted_precision(rows, [False, True, True, True, True])
    assert (result["leads"], result["per_week"]) == (3, 1.5)
    assert result["precision"] == pytest.approx(2 / 3)
    assert np.isnan(promoted_precision(rows, [False] * 5)["precision"])


def test_weights_of_one_change_nothing_and_others_count_as_by_hand() -> None:
    rows = pd.DataFrame({"lead_id": list("abcd"), "as_of_us": 0, "y": [1.0, 0.0, 1.0, 1.0]})
    other, everybody = [True, True, False, False], [True] * 4
    plain, one = promoted_precision(rows, everybody), promoted_precision(rows.assign(weight=1.0), everybody)
    assert plain == one
    assert (plain["worked"], plain["effective_leads"]) == (4, 4)
    # a and b are with sales, c was drawn with probability 1 in 8, d says nothing: 9 of 10, and a and b alone 1 of 2.
    weighted = rows.assign(weight=[1.0, 1.0, 8.0, 0.0])
    found = promoted_precision(weighted, everybody)
    assert (found["leads"], found["worked"], found["precision"]) == (4, 3, 0.9)
    assert found["effective_leads"] == pytest.approx(100 / 66)
    assert found["high"] - found["low"] > plain["high"] - plain["low"]
    assert precision_difference(weighted, everybody, other, draws=20, seed=1).value == pytest.approx(0.4)
    curve = precision_against_volume(weighted, [4.0, 3.0, 2.0, 1.0], may=[True] * 4, steps=4)
    assert curve["precision"].tolist() == pytest.approx([0.5, 0.9, 0.9])
    silent = promoted_precision(weighted, [False, False, False, True])
    assert (silent["leads"], silent["worked"]) == (1, 0)
    assert np.isnan(silent["precision"])


def test_volume_rises_as_the_threshold_falls_and_excluded_leads_never_count() -> None:
    generator = np.random.default_rng(12)
    rows = pd.DataFrame({"lead_id": np.repeat(np.arange(50), 3), "as_of_us": np.tile([0, 7, 14], 50) * DAY_US})
    rows["y"] = generator.integers(0, 2, 150).astype(float)
    score = generator.integers(0, 12, 150).astype(float)
    may = (rows["lead_id"] >= 10).to_numpy()
    curve = precision_against_volume(rows, score, may=may, steps=20)
    assert (curve["threshold"].diff().dropna() < 0).all()
    assert (curve["leads"].diff().dropna() > 0).all()
    assert curve["leads"].iloc[-1] == 40
    assert curve["precision"].between(curve["low"], curve["high"]).all()


def test_the_difference_of_a_rule_to_itself_is_nothing_and_to_a_worse_one_is_clear() -> None:
    generator = np.random.default_rng(15)
    rows = pd.DataFrame({"lead_id": [f"L{n}" for n in range(400)], "as_of_us": 0})
    rows["y"] = (generator.random(400) < 0.3).astype(float)
    good = rows["y"].eq(1) | (generator.random(400) < 0.2)
    same = precision_difference(rows, good, good, draws=50, seed=1)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    worse = generator.random(400) < 0.5
    gap = precision_difference(rows, good, worse, draws=100, seed=1)
    by_hand = rows.loc[good, "y"].mean() - rows.loc[worse, "y"].mean()
    assert gap.value == pytest.approx(by_hand)
    assert 0 < gap.low < gap.value < gap.high
