"""Probabilities for points: they rise, recover a known curve, and keep away from 0 and 1."""

from __future__ import annotations

import numpy as np
import pytest

from models.calibration.points_to_probability import ScoreCalibration, _fit_logistic, fit_score_calibration
from models.log_odds import log_odds_to_probability

LEADS = np.arange(6000).astype(str)


def test_a_logistic_truth_is_recovered() -> None:
    generator = np.random.default_rng(13)
    points = generator.integers(-50, 100, 6000).astype(float)
    truth = log_odds_to_probability(-2 + points / 25)
    y = (generator.random(6000) < truth).astype(float)
    fitted = fit_score_calibration(points, y, lead_ids=LEADS, seed=1)
    assert fitted.kind == "logistic"
    assert fitted.probability(points) == pytest.approx(truth, abs=0.04)


def test_a_step_is_found_by_isotonic() -> None:
    generator = np.random.default_rng(14)
    points = generator.integers(0, 100, 6000).astype(float)
    truth = np.where(points >= 60, 0.5, 0.05)
    y = (generator.random(6000) < truth).astype(float)
    fitted = fit_score_calibration(points, y, lead_ids=LEADS, seed=1)
    assert fitted.kind == "isotonic"
    assert np.abs(fitted.probability(points) - truth).mean() < 0.03


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_probability_rises_with_the_score_and_is_never_certain(seed: int) -> None:
    generator = np.random.default_rng(seed)
    points = generator.integers(0, 5, 40).astype(float)
    y = (points > 2).astype(float)
    fitted = fit_score_calibration(points, y, lead_ids=LEADS[:40], seed=1)
    p = fitted.probability(np.linspace(-100, 100, 50))
    assert (np.diff(p) >= 0).all()
    assert p.min() > 0
    assert p.max() < 1


def test_a_useless_score_gives_the_base_rate() -> None:
    y = np.array([1.0] * 100 + [0.0] * 300)
    fitted = fit_score_calibration(np.zeros(400), y, lead_ids=LEADS[:400], seed=1)
    assert fitted.probability([0.0, 50.0]) == pytest.approx([0.25, 0.25], abs=0.01)


def test_a_score_that_points_the_wrong_way_gives_the_base_rate() -> None:
    # points run from 0 to 999, skewed; the more points, the fewer outcomes: 291 of 1000 leads
    points, y = np.arange(1000.0) ** 2, np.repeat([1.0, 0.0], [291, 709])
    fitted = fit_score_calibration(points, y, lead_ids=LEADS[:1000], seed=1)
    assert fitted.probability(points).mean() == pytest.approx(0.291, abs=0.001)
    logistic = _fit_logistic(points, y, np.ones(1000))
    assert logistic.values[1] == 0
    assert logistic.probability([0.0, 1e6]) == pytest.approx([0.291, 0.291], abs=0.001)


def test_between_knots_the_probability_is_a_straight_line() -> None:
    fitted = ScoreCalibration("isotonic", np.array([0.0, 10.0]), np.array([0.1, 0.5]))
    assert fitted.probability([5.0]) == pytest.approx([0.3])
