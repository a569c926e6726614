from __future__ import annotations

import numpy as np
import pytest

from models.calibration.intercept_and_slope import SMALLEST_SLOPE, Calibration, fit_calibration
from models.log_odds import log_losses, log_odds_to_probability


def test_recovers_a_known_intercept_and_slope():
    rng = np.random.default_rng(1)
    raw = rng.normal(-1, 1.5, 200_000)
    y = rng.random(200_000) < log_odds_to_probability(0.4 + 0.7 * raw)
    found = fit_calibration(raw, y, np.ones(200_000))
    assert found.intercept == pytest.approx(0.4, abs=0.02)
    assert found.slope == pytest.approx(0.7, abs=0.02)


def test_no_rows_give_the_identity():
    assert fit_calibration([], [], []) == Calibration(0.0, 1.0, 0.0)


def test_five_leads_hardly_move_the_level():
    # certainty 20 against that of five leads, at most 5 / 4: the level moves by less than 2.5 / 20
    x = np.array([-1.0, 0.0, 1.0, 2.0, 0.5])
    found = fit_calibration(x, [1, 0, 1, 0, 1], np.ones(5))
    before, after = log_odds_to_probability(x).mean(), log_odds_to_probability(found.apply(x)).mean()
    assert abs(after - before) < 0.03


def test_the_gradient_vanishes_at_the_solution():
    rng = np.random.default_rng(2)
    raw, y, weights = rng.normal(0, 1, 300), rng.integers(0, 2, 300), rng.random(300)
    found = fit_calibration(raw, y, weights)
    mean = np.average(log_odds_to_probability(raw), weights=weights)
    centre, rarer = np.log(mean / (1 - mean)), min(weights @ y, weights @ (1 - y))

    def loss(
        intercept, slope
    ):  # as documented: 20 on the level at the mean forecast, 40 on the slope around n / (n + 3)
        level = intercept + (slope - 1) * centre
        fit = weights @ log_losses(intercept + slope * raw, y)
        return fit + 10 * level**2 + 20 * (slope - rarer / (rarer + 3)) ** 2

    here = loss(found.intercept, found.slope)
    for step in (-1e-3, 1e-3):
        assert loss(found.intercept + step, found.slope) > here
        assert loss(found.intercept, found.slope + step) > here


def test_few_outcomes_are_drawn_to_the_base_rate_and_many_are_not():
    rng = np.random.default_rng(4)
    slopes = {}
    for leads in (40, 400, 40_000):
        raw = rng.normal(-2, 1, leads)
        p = log_odds_to_probability(raw)
        found = fit_calibration(raw, p, np.ones(leads))  # outcomes exactly as forecast, fractions of them
        slopes[leads] = found.slope
        assert log_odds_to_probability(found.apply(raw)).mean() == pytest.approx(p.mean(), rel=0.06)
    assert slopes[40] < 0.75 < slopes[400] < slopes[40_000] == pytest.approx(1, abs=0.01)


def test_halved_rows_with_both_outcomes_are_one_row_with_a_fraction():
    rng = np.random.default_rng(5)
    raw, share = rng.normal(-1, 1, 200), rng.random(200)
    one = fit_calibration(raw, share, np.ones(200))
    both = fit_calibration(np.tile(raw, 2), np.repeat([1.0, 0.0], 200), np.concatenate([share, 1 - share]))
    assert (both.intercept, both.slope) == pytest.approx((one.intercept, one.slope))


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(6)
    raw, times = rng.normal(-1, 1, 3000), rng.integers(0, 200 * 86_400_000_000, 3000)
    y = (rng.random(3000) < log_odds_to_probability(raw)).astype(float)
    mixed = rng.permutation(3000)
    one = fit_calibration(raw, y, np.ones(3000), as_of_us=times)
    other = fit_calibration(raw[mixed], y[mixed], np.ones(3000), as_of_us=times[mixed])
    assert (other.intercept, other.slope) == pytest.approx((one.intercept, one.slope))


def test_a_forecast_that_points_the_wrong_way_is_flattened_but_not_turned_round():
    rng = np.random.default_rng(3)
    raw = rng.normal(0, 1, 5000)
    y = rng.random(5000) < log_odds_to_probability(-2 * raw)
    found = fit_calibration(raw, y, np.ones(5000))
    assert found.slope == SMALLEST_SLOPE
    assert log_odds_to_probability(found.apply(raw)).mean() == pytest.approx(y.mean(), abs=0.01)
