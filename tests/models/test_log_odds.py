from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.log_odds import log_losses, log_odds_to_probability, probability_to_log_odds


@given(st.floats(min_value=-15, max_value=15))
def test_to_probability_and_back_is_the_same(log_odds):
    assert probability_to_log_odds(log_odds_to_probability(log_odds)) == pytest.approx(log_odds, abs=1e-8)


def test_the_ends_are_exact():
    assert log_odds_to_probability([-np.inf, np.inf]).tolist() == [0.0, 1.0]
    assert probability_to_log_odds([0.0, 1.0]).tolist() == [-np.inf, np.inf]


def test_log_loss_by_hand():
    # p = 3/4: a yes costs -ln(3/4), a no costs -ln(1/4)
    assert log_losses(np.log([3.0, 3.0]), [1, 0]) == pytest.approx([0.2876820724, 1.3862943611])


def test_log_loss_of_a_far_forecast_does_not_overflow():
    assert log_losses([1000.0, -1000.0], [1, 1]).tolist() == [0.0, 1000.0]


def test_the_log_loss_of_a_share_is_the_mean_of_both():
    # 0.3 of a yes at p = 3/4 and 0.7 of a no
    assert log_losses(np.log(3.0), 0.3) == pytest.approx(0.3 * 0.2876820724 + 0.7 * 1.3862943611)
    assert log_losses([np.inf, -np.inf], [0.3, 0.3]).tolist() == [np.inf, np.inf]
