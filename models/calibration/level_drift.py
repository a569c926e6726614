"""Where the level of a forecast stands at the end of a period in which it may have wandered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from features.time_units import DAY_US
from models.arrays import Floats
from models.log_odds import log_odds_to_probability

MONTH_US: Final = 30 * DAY_US
PACES: Final = (0.0, 0.05, 0.1, 0.2, 0.4)
"""Standard deviations of the level's change in a month, in log-odds; each is tried, none is chosen."""
PACE_PRIOR: Final = (0.5, 0.125, 0.125, 0.125, 0.125)
"""Before any data: as likely as not, the level stands still."""
MOST_STEPS: Final = 12
STEP_INFORMATION: Final = 8.0
"""Information on the level in one step of time: a standard error of about a third in log-odds."""
FEWEST_STEPS: Final = 3


@dataclass(frozen=True)
class Drift:
    """How far the level at the end lies from that of the whole period.

    Attributes
    ----------
    shift : float
        In log-odds; 0 where the period is too short to tell.
    pace : float
        Expected standard deviation of the level's change in a month, in log-odds.
    """

    shift: float = 0.0
    pace: float = 0.0


def level_drift(
    log_odds: ArrayLike, y: ArrayLike, weights: ArrayLike, as_of_us: ArrayLike, *, offset: float, ridge: float
) -> Drift:
    """Follow the level of a calibrated forecast through its period and say where it stands at the end.

    Parameters
    ----------
    log_odds, y, weights, as_of_us : array-like of length n
        Calibrated forecast, outcome in [0, 1], weight and time of each row.
    offset : float
        Intercept that the calibration found, as distance from its prior mean 0.
    ridge : float
        Certainty of that prior.

    Returns
    -------
    Drift
        The mean over all paces, each weighted by its prior and by how well it foretells each step from those before.

    Notes
    -----
    The level is a random walk with a noisy sight of it in each step of time (Kalman's filter; the steps hold equal
    information, the sight is the score of the log loss over its curvature). The expected level of the next period is
    the last one filtered, so old rows count less the faster the level has been seen to move.
    """
    odds, outcome, weight = (np.asarray(values, dtype=np.float64) for values in (log_odds, y, weights))
    times = np.asarray(as_of_us, dtype=np.int64)
    steps = _steps(odds, outcome, weight, times)
    if steps is None:
        return Drift()
    middle, sights, information = steps
    levels, fits = zip(
        *(_filtered(middle, sights + offset, information, pace=pace, ridge=ridge) for pace in PACES), strict=True
    )
    plausible = np.asarray(PACE_PRIOR) * np.exp(np.asarray(fits) - max(fits))
    plausible = plausible / plausible.sum()
    shift = float(plausible @ (np.asarray(levels) - levels[0]))
    return Drift(shift, float(np.sqrt(plausible @ np.square(PACES))))


def _steps(odds: Floats, y: Floats, weights: Floats, times: NDArray[np.int64]) -> tuple[Floats, Floats, Floats] | None:
    """Cut the period into steps of equal information: middle in months, distance of the level, information."""
    order = np.lexsort((odds, times))
    p = log_odds_to_probability(odds[order])
    curvature, score = weights[order] * p * (1 - p), weights[order] * (y[order] - p)
    total = float(curvature.sum())
    count = min(MOST_STEPS, int(total / STEP_INFORMATION))
    if count < FEWEST_STEPS:
        return None
    step = np.minimum((np.cumsum(curvature) - curvature / 2) / total * count, count - 1).astype(np.int64)
    months = (times[order] - times.min()) / MONTH_US
    information = np.asarray(np.bincount(step, curvature, minlength=count), dtype=np.float64)
    nonempty = information > 0
    sums = (np.bincount(step, values, minlength=count)[nonempty] for values in (curvature * months, score))
    middle, distance = (values / information[nonempty] for values in sums)
    return middle, distance, information[nonempty]


def _filtered(middle: Floats, sights: Floats, information: Floats, *, pace: float, ridge: float) -> tuple[float, float]:
    """Return the last level and the log likelihood of all that was seen, each step foretold from those before."""
    level, variance, fit, before = 0.0, 1.0 / ridge, 0.0, middle[0]
    for now, sight, certainty in zip(middle, sights, information, strict=True):
        variance += pace**2 * max(now - before, 0.0)
        before = now
        spread = variance + 1.0 / certainty
        fit -= 0.5 * (np.log(spread) + (sight - level) ** 2 / spread)
        gain = variance / spread
        level += gain * (sight - level)
        variance *= 1.0 - gain
    return float(level), float(fit)
