"""A level that wanders is followed, one that stands still is left alone, and nothing is said of too short a time."""

from __future__ import annotations

import numpy as np
import pytest

from models.calibration.intercept_and_slope import fit_calibration
from models.calibration.level_drift import MONTH_US, Drift, _filtered, level_drift
from models.log_odds import log_losses, log_odds_to_probability


def period(level, *, leads: int, seed: int, months: float = 6.0):
    """Leads over some months whose true log-odds are the forecast plus ``level(month)``."""
    rng = np.random.default_rng(seed)
    raw, month = rng.normal(-2, 1, leads), rng.uniform(0, months, leads)
    y = (rng.random(leads) < log_odds_to_probability(raw + level(month))).astype(float)
    return raw, y, np.ones(leads), (month * MONTH_US).astype(np.int64)


def test_a_level_that_fell_is_followed():
    raw, y, weights, times = period(lambda month: -0.8 * (month > 3), leads=20_000, seed=1)
    static = fit_calibration(raw, y, weights)
    aware = fit_calibration(raw, y, weights, as_of_us=times)
    assert static.drift == 0
    assert aware.slope == static.slope
    assert static.intercept + aware.drift == pytest.approx(aware.intercept)
    assert static.intercept == pytest.approx(-0.35, abs=0.1)  # half of the time at 0, half at -0.8
    assert aware.intercept == pytest.approx(-0.8, abs=0.12)


def test_in_the_next_period_it_is_better_where_the_world_moves_and_hardly_worse_where_not():
    gains = {}
    for name, level in (("still", lambda month: 0 * month), ("moving", lambda month: 0.15 * month)):
        gains[name] = []
        for seed in range(12):
            raw, y, weights, times = period(level, leads=3_000, seed=seed)
            later = np.random.default_rng([seed, 1]).normal(-2, 1, 4_000)
            truth = log_odds_to_probability(later + level(np.full(4_000, 7.0)))
            static, aware = (fit_calibration(raw, y, weights, as_of_us=given).apply(later) for given in (None, times))
            loss = [truth @ log_losses(x, 1.0) + (1 - truth) @ log_losses(x, 0.0) for x in (static, aware)]
            gains[name].append((loss[0] - loss[1]) / 4_000)
    assert np.mean(gains["moving"]) > 0.003
    assert abs(np.mean(gains["still"])) < 0.0006


def test_too_little_to_tell_is_no_drift():
    raw, y, weights, times = period(lambda month: -2.0 * (month > 3), leads=60, seed=3)
    assert level_drift(raw, y, weights, times, offset=0.0, ridge=20.0) == Drift(0.0, 0.0)


def test_a_filter_worked_by_hand():
    # Prior 0 with variance 1/20. First sight 1.0 with variance 1/20: halfway, 0.5, variance 1/40.
    # A month at pace 0.1 adds 0.01: variance 0.035. Second sight 0.0 with variance 0.065: gain 0.35, level 0.325.
    level, fit = _filtered(
        np.array([0.0, 1.0]), np.array([1.0, 0.0]), np.array([20.0, 1 / 0.065]), pace=0.1, ridge=20.0
    )
    assert level == pytest.approx(0.325)
    # -½ (log 0.1 + 1 / 0.1) - ½ (log 0.1 + 0.25 / 0.1)
    assert fit == pytest.approx(-0.5 * (2 * np.log(0.1) + 10 + 2.5))
