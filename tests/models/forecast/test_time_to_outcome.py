from __future__ import annotations

import numpy as np
import pytest

from features.time_units import DAY_US
from models.forecast.time_to_outcome import FEWEST_OUTCOMES, Timing, fit_timing
from models.measures.lead_weights import lead_folds

HORIZON = 30 * DAY_US


def draw(count, *, seed=0):
    """Draw delays whose median doubles with the feature, cut off at the horizon."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=4 * count)
    days = np.expm1(np.log(6.0) + 0.5 * x + 0.4 * rng.normal(size=4 * count))
    fits = np.flatnonzero((days > 0) & (days <= 30))[:count]
    return np.column_stack([x[fits], rng.normal(size=len(fits))]), days[fits] * DAY_US


def fit(matrix, delays, **options) -> Timing:
    folds = lead_folds([f"L{i}" for i in range(len(delays))], np.ones(len(delays)), folds=5, seed=1)
    return fit_timing(matrix, delays, np.ones(len(delays)), folds, **{"horizon_us": HORIZON, "seed": 3} | options)


def test_shares_of_new_leads_come_true_for_fast_and_slow_ones():
    timing = fit(*draw(3000))
    matrix, delays = draw(3000, seed=1)
    for group in (matrix[:, 0] < 0, matrix[:, 0] >= 0):
        for days in (2, 5, 10, 20):
            expected = timing.share_within(matrix[group], [days * DAY_US]).mean()
            assert expected == pytest.approx((delays[group] <= days * DAY_US).mean(), abs=0.05)
    few, many = timing.share_within(np.array([[1.5, 0.0], [-1.5, 0.0]]), [5 * DAY_US])[:, 0]
    assert few + 0.2 < many


def test_a_curve_rises_from_0_to_1_at_the_horizon():
    timing = fit(*draw(400))
    curve = timing.share_within(draw(50, seed=2)[0], np.linspace(0, HORIZON, 40))
    assert (np.diff(curve, axis=1) >= 0).all()
    assert curve[:, 0] == pytest.approx(0)
    assert curve[:, -1] == pytest.approx(1)


def test_few_outcomes_leave_one_shape_and_none_an_even_one():
    matrix, delays = draw(FEWEST_OUTCOMES - 1)
    few = fit(matrix, delays)
    assert few.text is None
    shares = few.share_within(matrix, [7 * DAY_US])
    assert (shares == shares[0]).all()
    assert shares[0, 0] == pytest.approx((delays <= 7 * DAY_US).mean(), abs=0.03)
    none = fit(np.zeros((0, 2)), np.zeros(0))
    assert none.share_within(np.zeros((1, 2)), [HORIZON // 3])[0, 0] == pytest.approx(1 / 3, abs=0.01)


def test_the_same_seed_gives_the_same_text_and_the_saved_form_the_same_shares():
    matrix, delays = draw(500)
    timing = fit(matrix, delays)
    assert timing == fit(matrix, delays) == fit(matrix, delays, threads=2)
    again = Timing.from_json(timing.to_json(), timing.text)
    times = [DAY_US, 9 * DAY_US]
    np.testing.assert_array_equal(again.share_within(matrix, times), timing.share_within(matrix, times))
