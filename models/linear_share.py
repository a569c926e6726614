"""How much of the log-odds the linear part gives: learned on leads that neither part was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from models.calibration import expected_slope, penalised_logistic
from models.estimator_options import EstimatorOptions
from models.log_odds import Floats, log_odds_to_probability, probability_to_log_odds

LEVEL_SPREAD = 0.3
"""How far the level of newer leads is believed to lie from what was forecast (standard deviation, in log-odds)."""


@dataclass(frozen=True)
class Blend:
    """How the parts are combined.

    log-odds = base rate + ``shrinkage`` · ((1 - ``share``) · trees + ``share`` · linear - base rate)
    """

    share: float
    shrinkage: float = 1.0

    def log_odds(self, trees: Floats, linear: Floats, rate_log_odds: float) -> Floats:
        """Return the blended log-odds of each row."""
        mixed = (1.0 - self.share) * trees + self.share * linear
        return rate_log_odds + self.shrinkage * (mixed - rate_log_odds)


@dataclass(frozen=True)
class Unseen:
    """What both parts say of rows of leads that they were not trained on, and what came of them.

    Attributes
    ----------
    trees, linear : array of length n
        Log-odds.
    y, weights : array of length n
        Outcome 0 to 1; the weights of a lead sum to 1.
    """

    trees: Floats
    linear: Floats
    y: Floats
    weights: Floats

    def mixed(self, share: float) -> Floats:
        """Return the log-odds of both parts together."""
        return Blend(share).log_odds(self.trees, self.linear, 0.0)

    def where(self, chosen: NDArray[Any]) -> Unseen:
        """Return some of the rows, or all in another order."""
        return Unseen(self.trees[chosen], self.linear[chosen], self.y[chosen], self.weights[chosen])

    @property
    def rarer(self) -> float:
        """Leads with the outcome, or without it, whichever are fewer."""
        return float(min(self.weights @ self.y, self.weights @ (1.0 - self.y)))


def choose_blend(folds: Unseen, newer: Unseen | None, *, options: EstimatorOptions) -> Blend:
    """Return the most credible share and shrinkage, given the rows and what is believed of them without any.

    With ``c`` the log-odds of the mean forecast, outcomes are taken to follow ``c + level + shrinkage · (mixed - c)``,
    ``mixed`` being both parts together. That is a logistic regression on two columns, the default mixture and the
    distance between the parts, whose coefficients are believed to be normal: about ``options.default_linear_share``
    for the share, about what so many outcomes can bear for the shrinkage. With few rows that holds; with many they
    decide. The loss counts by lead, so many rows of a lead prove no more.

    Parameters
    ----------
    folds : Unseen
        Training rows by parts that were trained on the other folds. They know nothing of the world to come, so that
        they count as ``options.fold_outcomes`` outcomes at most where there are newer rows.
    newer : Unseen, optional
        Rows from after the training, whose level may have moved.
    """
    given, share = options.linear_share, options.default_linear_share
    if given is not None:
        share = given
    counts = min(1.0, options.fold_outcomes / max(folds.rarer, 1e-9)) if newer is not None else 1.0
    parts = [(folds, counts, 0.0)] + ([(newer, 1.0, 1.0)] if newer is not None else [])
    tables = [_columns(part, share) for part, _, _ in parts]
    centre = np.concatenate([at for at, _ in tables])
    moves = np.concatenate([np.full(len(part.y), level) for part, _, level in parts])
    design = np.column_stack([moves, np.concatenate([columns for _, columns in tables])])
    y = np.concatenate([part.y for part, _, _ in parts])
    weights = np.concatenate([part.weights * factor for part, factor, _ in parts])
    share_spread = options.linear_share_spread if given is None else 1e-6
    ridge = 1.0 / np.square([LEVEL_SPREAD, options.shrinkage_spread, share_spread])
    expected = expected_slope(sum(part.rarer for part, _, _ in parts))
    with threadpool_limits(limits=1, user_api="blas"):  # sums in one order, so the same bits on any number of cores
        found = penalised_logistic(design, y, weights, ridge, np.array([0.0, expected, 0.0]), offset=centre)
    shrinkage = max(float(found[1]), 0.0)
    moved = float(np.clip(share + found[2] / max(shrinkage, 0.1), 0.0, 1.0))
    return Blend(share if given is not None else moved, shrinkage)


def _columns(part: Unseen, share: float) -> tuple[Floats, Floats]:
    """Return the log-odds of the mean forecast of each row, and the two columns around it."""
    mixed = part.mixed(share)
    mean = part.weights @ log_odds_to_probability(mixed) / max(part.weights.sum(), 1e-12)
    centre = float(probability_to_log_odds(np.clip(mean, 1e-9, 1.0 - 1e-9)))
    return np.full(len(mixed), centre), np.column_stack([mixed - centre, part.linear - part.trees])
