"""From probability to log-odds and back, and what a forecast in log-odds costs."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from models.arrays import Floats


def probability_to_log_odds(p: ArrayLike) -> Floats:
    """Return log(p / (1 - p)); 0 gives -inf and 1 gives +inf.

    Examples
    --------
    >>> float(probability_to_log_odds(0.5))
    0.0
    """
    share = np.asarray(p, dtype=np.float64)
    with np.errstate(divide="ignore"):
        odds: Floats = np.log(share) - np.log1p(-share)
    return odds


def log_odds_to_probability(log_odds: ArrayLike) -> Floats:
    """Return 1 / (1 + exp(-log_odds)), without overflow and exact at both infinities.

    Examples
    --------
    >>> float(log_odds_to_probability(0.0))
    0.5
    """
    half: Floats = 0.5 * np.asarray(log_odds, dtype=np.float64)
    return 0.5 * (1.0 + np.tanh(half))


def log_losses(log_odds: ArrayLike, y: ArrayLike) -> Floats:
    """Return each row's log loss in nats, at least 0; smaller is better.

    An outcome between 0 and 1 is a share: so much of the loss of a yes and the rest of the loss of a no.

    Examples
    --------
    >>> round(float(log_losses(0.0, 1.0)), 6)
    0.693147
    """
    odds, outcome = np.asarray(log_odds, dtype=np.float64), np.asarray(y, dtype=np.float64)
    yes, no = np.logaddexp(0.0, -odds), np.logaddexp(0.0, odds)
    with np.errstate(invalid="ignore"):  # 0 times infinity, where a sure answer needs no mean
        between = outcome * yes + (1.0 - outcome) * no
    return np.asarray(np.where(outcome >= 1.0, yes, np.where(outcome <= 0.0, no, between)))
