"""Curves: reliability of a calibrated forecast, gain at its ends."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.measures.curves import gain, reliability
from models.measures.wilson import wilson


def test_reliability_of_a_calibrated_forecast_holds_the_diagonal() -> None:
    generator = np.random.default_rng(11)
    p = generator.beta(1, 5, 4000)
    y = (generator.random(4000) < p).astype(float)
    bins = reliability(y, p, lead_ids=np.arange(4000).astype(str))
    assert len(bins) == 10
    assert bins["leads"].sum() == 4000
    assert (bins["forecast"].diff().dropna() > 0).all()
    inside = (bins["low"] <= bins["forecast"]) & (bins["forecast"] <= bins["high"])
    # Ten intervals of 95 %: two or more misses happen in less than one of ten samples.
    assert inside.sum() >= 9
    wrong = reliability(y, np.sqrt(p), lead_ids=np.arange(4000).astype(str))
    assert (wrong["forecast"] > wrong["high"]).sum() >= 8


def test_many_rows_of_a_lead_make_no_interval_narrower() -> None:
    y, p = np.array([1.0, 0.0, 0.0, 1.0]), np.full(4, 0.5)
    once = reliability(y, p, lead_ids=list("abcd"))
    often = reliability(np.repeat(y, 9), np.repeat(p, 9), lead_ids=np.repeat(list("abcd"), 9))
    pd.testing.assert_frame_equal(once, often)


def test_equal_probabilities_share_a_bin_and_slivers_join_the_one_below() -> None:
    # 70 leads at 0.1 begin at 0 (bin 0); one at 0.2 begins at 0.70 and 29 at 0.3 begin at 0.71 (both bin 7).
    p = np.repeat([0.1, 0.2, 0.3], [70, 1, 29])
    bins = reliability(np.zeros(100), p, lead_ids=np.arange(100).astype(str))
    assert bins["leads"].tolist() == [70, 30]
    # 79 at 0.1, one at 0.2 (begins at 0.79, alone in bin 7), 20 at 0.3 (begins at 0.80, bin 8): the one joins the 79.
    p = np.repeat([0.1, 0.2, 0.3], [79, 1, 20])
    bins = reliability(np.zeros(100), p, lead_ids=np.arange(100).astype(str))
    assert bins["leads"].tolist() == [80, 20]


def test_gain_runs_from_nothing_to_all_and_the_best_order_is_the_steepest() -> None:
    y = np.array([1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    leads = np.arange(8).astype(str)
    best = gain(y, -np.arange(8), lead_ids=leads, steps=4)
    assert best["gain"].tolist() == pytest.approx([0, 1, 1, 1, 1])
    assert best["lift"].tolist()[1:] == pytest.approx([4, 2, 4 / 3, 1])
    none = gain(y, np.zeros(8), lead_ids=leads, steps=4)
    assert none["gain"].tolist() == pytest.approx([0, 0.25, 0.5, 0.75, 1])


def test_without_an_outcome_there_is_no_gain_and_no_warning() -> None:
    none = gain(np.zeros(4), np.arange(4.0), lead_ids=list("abcd"), steps=2)  # warnings are errors
    assert none["share"].tolist() == [0, 0.5, 1]
    assert none[["gain", "lift"]].isna().all(axis=None)


def test_wilson_is_exact_at_its_ends() -> None:
    low, high = wilson([0, 10], [10, 10])
    assert low[0] == 0
    assert high[1] == 1
    # 0 of 10: z² / (n + z²) = 3.8415 / 13.8415
    assert high[0] == pytest.approx(0.27754, abs=1e-5)
