"""Calibration that keeps reasons exact: intercept + slope · log-odds, drawn to what few outcomes can bear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

from models.arrays import Floats
from models.calibration.level_drift import level_drift
from models.log_odds import log_odds_to_probability, probability_to_log_odds

LEVEL_RIDGE: Final = 20.0
"""Certainty that the level is right, as much as some 120 leads at a base rate of 20 % give (120 · 0.2 · 0.8)."""
SLOPE_RIDGE: Final = 40.0
"""Certainty of the slope before any data: a standard deviation of 0.16."""
TRUSTED_OUTCOMES: Final = 3.0
"""So many outcomes in the calibration rows make the expected slope a half; nine times as many make it 0.9."""
SMALLEST_SLOPE: Final = 0.05
"""A forecast is flattened at most this far, never turned round."""


@dataclass(frozen=True)
class Calibration:
    """Calibrated log-odds are ``intercept + slope · log_odds``.

    Examples
    --------
    >>> Calibration(intercept=0.5, slope=2.0).apply([0.0, 1.0]).tolist()
    [0.5, 2.5]
    """

    intercept: float = 0.0
    slope: float = 1.0
    leads: float = 0.0
    """Sum of the weights it was fitted on."""
    drift: float = 0.0
    """Share of the intercept that is the level's way from the whole period to its end; 0 where time was not given."""

    def apply(self, log_odds: ArrayLike) -> Floats:
        """Return calibrated log-odds."""
        return self.intercept + self.slope * np.asarray(log_odds, dtype=np.float64)


def fit_calibration(
    log_odds: ArrayLike,
    y: ArrayLike,
    weights: ArrayLike,
    *,
    as_of_us: ArrayLike | None = None,
    slope: float | None = None,
    certainty: float = SLOPE_RIDGE,
) -> Calibration:
    """Fit intercept and slope on rows the estimator was not trained on, by penalised maximum likelihood (Newton).

    Parameters
    ----------
    log_odds, y, weights : array-like of length n
        Forecast, outcome in [0, 1], and weight; weights sum to the number of leads, so that the ridges count in leads.
    as_of_us : array-like of length n, optional
        Time of each row. Given, the level is that of the end of the period (`models.calibration.level_drift`): what
        comes next is more like it than like the mean of the period.
    slope : float, optional
        What is expected of the slope, where more is known than the number of outcomes.
    certainty : float
        How certain that is; the square of the standard deviation before any data is its inverse.

    Notes
    -----
    With ``c`` the log-odds of the mean forecast, calibrated log-odds are ``c + level + slope · (log_odds - c)``.
    Minimises the weighted log loss plus ``LEVEL_RIDGE / 2 · level²`` plus ``certainty / 2 · (slope - expected)²``.
    The expected slope is ``n / (n + TRUSTED_OUTCOMES)`` for ``n`` outcomes of the rarer kind: what was learned from
    few outcomes says more about them than about the next ones, so their forecast is drawn to the base rate. With no
    rows it is the identity, with many it is Platt's calibration.
    """
    x, outcome, weight = (np.asarray(values, dtype=np.float64) for values in (log_odds, y, weights))
    if weight.sum() <= 0:
        return Calibration()
    with threadpool_limits(limits=1, user_api="blas"):  # sums in one order, so the same bits on any number of cores
        mean = float(np.clip(weight @ log_odds_to_probability(x) / weight.sum(), 1e-9, 1 - 1e-9))
        centre = float(probability_to_log_odds(mean))
        rarer = float(min(weight @ outcome, weight @ (1.0 - outcome)))
        design = np.column_stack([np.ones_like(x), x - centre])
        expected = expected_slope(rarer) if slope is None else slope
        ridge, prior = np.array([LEVEL_RIDGE, certainty]), np.array([centre, expected])
        level, fitted_slope = penalised_logistic(design, outcome, weight, ridge, prior)
        if fitted_slope < SMALLEST_SLOPE:
            fitted_slope, fixed = SMALLEST_SLOPE, np.array([LEVEL_RIDGE, 1e12])
            level = penalised_logistic(design, outcome, weight, fixed, np.array([centre, SMALLEST_SLOPE]))[0]
        shift = 0.0
        if as_of_us is not None:
            calibrated, offset = design @ np.array([level, fitted_slope]), float(level - centre)
            shift = level_drift(calibrated, outcome, weight, as_of_us, offset=offset, ridge=LEVEL_RIDGE).shift
    intercept = float(level) + shift - float(fitted_slope) * centre
    return Calibration(intercept, float(fitted_slope), float(weight.sum()), shift)


def expected_slope(outcomes: float) -> float:
    """Return how much of a forecast is believed before any is held against outcomes, so many having taught it.

    Examples
    --------
    >>> expected_slope(27.0)
    0.9
    """
    return outcomes / (outcomes + TRUSTED_OUTCOMES)


def penalised_logistic(
    design: Floats, y: Floats, weights: Floats, ridge: Floats, centre: Floats, *, offset: Floats | float = 0.0
) -> Floats:
    """Return the coefficients that minimise the weighted log loss plus ``ridge / 2 · (coefficients - centre)²``.

    Newton's steps, halved until the penalised loss falls.
    """

    def loss(at: Floats) -> float:
        odds = offset + design @ at
        fit = weights @ (np.logaddexp(0.0, odds) - y * odds)
        return float(fit + 0.5 * ridge @ (at - centre) ** 2)

    at = centre.copy()
    for _ in range(100):
        p = log_odds_to_probability(offset + design @ at)
        gradient = design.T @ (weights * (p - y)) + ridge * (at - centre)
        curvature = design.T @ (design * (weights * p * (1.0 - p))[:, None]) + np.diag(ridge)
        step = np.linalg.solve(curvature, gradient)
        here = loss(at)
        while loss(at - step) > here and np.abs(step).max() > 1e-12:
            step = step / 2.0
        at = at - step
        if np.abs(step).max() < 1e-10:
            break
    return at
