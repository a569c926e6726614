"""Calibration that keeps reasons exact: intercept + slope · log-odds, drawn to the identity where data is thin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

from models.log_odds import Floats, log_odds_to_probability

INTERCEPT_RIDGE: Final = 10.0
"""Certainty that the intercept is 0, as much as some 60 leads at a base rate of 20 % give (60 · 0.2 · 0.8)."""
SLOPE_RIDGE: Final = 40.0
"""Certainty that the slope is 1: a standard deviation of 0.16 before any data."""
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

    def apply(self, log_odds: ArrayLike) -> Floats:
        """Return calibrated log-odds."""
        return self.intercept + self.slope * np.asarray(log_odds, dtype=np.float64)


def fit_calibration(
    log_odds: ArrayLike, y: ArrayLike, weights: ArrayLike, *, as_of_us: ArrayLike | None = None
) -> Calibration:
    """Fit intercept and slope on rows the estimator was not trained on, by penalised maximum likelihood (Newton).

    Minimises the weighted log loss plus ``INTERCEPT_RIDGE / 2 · intercept²`` plus ``SLOPE_RIDGE / 2 · (slope - 1)²``:
    with no rows it is the identity, with few it hardly moves, with many it is Platt's calibration.

    Parameters
    ----------
    log_odds, y, weights : array-like of length n
        Forecast, outcome 0 or 1, and weight; the weights of a lead sum to 1, so that the ridges count in leads.
    """
    x, outcome, weight = (np.asarray(values, dtype=np.float64) for values in (log_odds, y, weights))
    design = np.column_stack([np.ones_like(x), x])
    ridge, identity = np.array([INTERCEPT_RIDGE, SLOPE_RIDGE]), np.array([0.0, 1.0])
    with threadpool_limits(limits=1, user_api="blas"):  # sums in one order, so the same bits on any number of cores
        found = _newton(design, outcome, weight, ridge, identity)
        if found[1] < SMALLEST_SLOPE:
            fixed = np.array([INTERCEPT_RIDGE, 1e12])
            found = _newton(design, outcome, weight, fixed, np.array([0.0, SMALLEST_SLOPE]))
            found[1] = SMALLEST_SLOPE
    return Calibration(float(found[0]), float(found[1]), float(weight.sum()))


def _newton(design: Floats, y: Floats, weights: Floats, ridge: Floats, centre: Floats) -> Floats:
    """Return the minimum; steps are halved until the penalised loss falls."""

    def loss(at: Floats) -> float:
        odds = design @ at
        fit = weights @ (np.logaddexp(0.0, odds) - y * odds)
        return float(fit + 0.5 * ridge @ (at - centre) ** 2)

    at = centre.copy()
    for _ in range(100):
        p = log_odds_to_probability(design @ at)
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
