"""The shift of log-odds that gives forecasts the mean probability they should have."""

from __future__ import annotations

from models.arrays import Floats
from models.log_odds import log_odds_to_probability

LARGEST_SHIFT = 20.0
"""Log-odds between which a shift is looked for."""
NEAR_ENOUGH = 1e-14
"""Log-odds by which the shift may miss: about what a float can tell."""


def matching_intercept(like: Floats, log_odds: Floats, weights: Floats) -> float:
    """Return what must be added to ``log_odds`` for their mean probability to be the mean of ``like``.

    Parameters
    ----------
    like : array of float
        Probabilities, or outcomes 0 and 1.
    log_odds : array of float
        Forecasts of the same rows.
    weights : array of float
        Weights of the rows, not below 0; where they sum to 0 nothing is added.

    Returns
    -------
    float
        Between ``-LARGEST_SHIFT`` and ``LARGEST_SHIFT``; one of the two where no shift between them does.

    Notes
    -----
    The mean probability grows with the shift, so there is one root at most (Brent's method).

    Examples
    --------
    >>> import numpy as np
    >>> one = np.ones(2)
    >>> round(matching_intercept(np.array([0.5, 0.5]), np.array([1.0, 1.0]), one), 9)
    -1.0
    >>> matching_intercept(np.zeros(2), np.zeros(2), one)
    -20.0
    """
    if weights.sum() <= 0:
        return 0.0
    wanted = (weights * like).sum()

    def surplus(shift: float) -> float:
        return float((weights * log_odds_to_probability(shift + log_odds)).sum() - wanted)

    if surplus(-LARGEST_SHIFT) >= 0:
        return -LARGEST_SHIFT
    if surplus(LARGEST_SHIFT) <= 0:
        return LARGEST_SHIFT
    from scipy.optimize import brentq  # here, since it takes a moment and only who fits needs it

    return float(brentq(surplus, -LARGEST_SHIFT, LARGEST_SHIFT, xtol=NEAR_ENOUGH))
