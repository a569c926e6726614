from __future__ import annotations

import numpy as np
import pytest

from models.calibration import SMALLEST_SLOPE, Calibration, fit_calibration
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


def test_five_leads_hardly_move_it():
    found = fit_calibration([-1.0, 0.0, 1.0, 2.0, 0.5], [1, 1, 1, 1, 1], np.ones(5))
    assert 0 < found.intercept < 0.25
    assert abs(found.slope - 1) < 0.05


def test_the_gradient_vanishes_at_the_solution():
    rng = np.random.default_rng(2)
    raw, y, weights = rng.normal(0, 1, 300), rng.integers(0, 2, 300), rng.random(300)
    found = fit_calibration(raw, y, weights)

    def loss(a, b):  # the ridges as documented: 10 on the intercept, 40 on the slope
        return weights @ log_losses(a + b * raw, y) + 5 * a**2 + 20 * (b - 1) ** 2

    here = loss(found.intercept, found.slope)
    for step in (-1e-3, 1e-3):
        assert loss(found.intercept + step, found.slope) > here
        assert loss(found.intercept, found.slope + step) > here


def test_a_forecast_that_points_the_wrong_way_is_flattened_but_not_turned_round():
    rng = np.random.default_rng(3)
    raw = rng.normal(0, 1, 5000)
    y = rng.random(5000) < log_odds_to_probability(-2 * raw)
    found = fit_calibration(raw, y, np.ones(5000))
    assert found.slope == SMALLEST_SLOPE
    assert log_odds_to_probability(found.apply(raw)).mean() == pytest.approx(y.mean(), abs=0.01)
