"""Weighted shares and medians: with equal weights the usual ones, with others worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.measures.weighted_share import weighted_median, weighted_share
from models.measures.wilson import wilson


@settings(max_examples=50, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=60), st.sampled_from([1.0, 0.125, 7.0]))
def test_equal_weights_give_the_plain_share_and_wilsons_interval(outcomes: list[bool], weight: float) -> None:
    found = weighted_share(outcomes, np.full(len(outcomes), weight))
    low, high = wilson(sum(outcomes), len(outcomes))
    expected = (sum(outcomes) / len(outcomes), float(low), float(high))
    assert (found.share.value, found.share.low, found.share.high) == pytest.approx(expected, abs=1e-12)
    assert (found.worked, found.effective_leads) == (len(outcomes), pytest.approx(len(outcomes)))
    if weight == 1:
        assert found.share.value == expected[0]


def test_a_share_by_hand() -> None:
    # Two with sales (one won), one drawn with probability 1 in 8 (won), one that says nothing: (1 + 8) / 10.
    found = weighted_share([1, 0, 1, 1], [1, 1, 8, 0])
    assert found.share.value == 0.9
    assert (found.worked, found.effective_leads) == (3, pytest.approx(100 / 66))
    assert found.share.low < 0.9 < found.share.high
    nothing = weighted_share([1, 0], [0, 0])
    assert np.isnan(nothing.share.value)
    assert (nothing.worked, nothing.effective_leads) == (0, 0)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=30))
def test_equal_weights_give_the_usual_median(values: list[float]) -> None:
    assert weighted_median(values, np.ones(len(values))) == np.median(values)


def test_a_weight_counts_as_so_many_equal_values() -> None:
    rng = np.random.default_rng(5)
    for _ in range(30):
        values, counts = rng.normal(size=6), rng.integers(1, 5, 6)
        assert weighted_median(values, counts) == np.median(np.repeat(values, counts))
    table = rng.normal(size=(4, 7))
    np.testing.assert_array_equal(weighted_median(table, np.ones_like(table)), np.median(table, axis=1))
