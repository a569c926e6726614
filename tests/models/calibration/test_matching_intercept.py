from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calibration.matching_intercept import LARGEST_SHIFT, matching_intercept
from models.log_odds import log_odds_to_probability


@given(st.integers(0, 10_000), st.floats(-8, 8))
def test_a_shift_is_recovered_from_the_mean_it_gave(seed, shift):
    rng = np.random.default_rng(seed)
    log_odds, weights = rng.normal(-1, 2, 50), rng.uniform(0.1, 2, 50)
    like = log_odds_to_probability(log_odds + shift)
    assert matching_intercept(like, log_odds, weights) == pytest.approx(shift, abs=1e-9)


def test_outcomes_and_forecasts_have_the_same_mean_afterwards():
    rng = np.random.default_rng(4)
    y, log_odds, weights = rng.integers(0, 2, 200).astype(float), rng.normal(2, 1, 200), rng.uniform(0, 1, 200)
    shifted = log_odds_to_probability(log_odds + matching_intercept(y, log_odds, weights))
    assert weights @ shifted == pytest.approx(weights @ y, abs=1e-9)


@pytest.mark.parametrize(("outcome", "end"), [(0.0, -LARGEST_SHIFT), (1.0, LARGEST_SHIFT)])
def test_a_mean_that_no_shift_gives_ends_at_the_bound(outcome, end):
    assert matching_intercept(np.full(3, outcome), np.zeros(3), np.ones(3)) == end


def test_rows_without_weight_say_nothing():
    assert matching_intercept(np.ones(3), np.zeros(3), np.zeros(3)) == 0.0
