"""How much of the log-odds each part gives: learned on leads that no part was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from models.arrays import Floats
from models.calibration.intercept_and_slope import expected_slope, penalised_logistic
from models.estimator.options import EstimatorOptions
from models.log_odds import log_odds_to_probability, probability_to_log_odds

LEVEL_SPREAD = 0.3
"""How far the level of newer leads is believed to lie from what was forecast (standard deviation, in log-odds)."""

HARDLY = 1e-6


@dataclass(frozen=True)
class Blend:
    """How the parts are combined.

    log-odds = base rate + ``shrinkage`` · (Σ share · part - base rate)

    Attributes
    ----------
    shares : tuple of float
        Of each kind of boosters, then of the linear part; 0 or more, 1 in sum.
    """

    shares: tuple[float, ...]
    shrinkage: float = 1.0

    def log_odds(self, parts: Floats, rate_log_odds: float) -> Floats:
        """Return the blended log-odds of each row; ``parts`` has a column a part."""
        return rate_log_odds + self.shrinkage * (self.mixed(parts) - rate_log_odds)

    def mixed(self, parts: Floats) -> Floats:
        """Return the log-odds of all parts together, unshrunken."""
        total = np.zeros(len(parts))
        for share, part in zip(self.shares, parts.T, strict=True):  # one by one: the same bits on any number of cores
            total += share * part
        return total


def default_blend(kinds: int, options: EstimatorOptions) -> Blend:
    """Return how parts are combined without evidence: all kinds of boosters alike.

    Examples
    --------
    >>> default_blend(2, EstimatorOptions(linear_share=0.4)).shares
    (0.3, 0.3, 0.4)
    """
    linear = options.default_linear_share if options.linear_share is None else options.linear_share
    return Blend((*(((1.0 - linear) / kinds,) * kinds), linear))


@dataclass(frozen=True)
class Unseen:
    """What the parts say of rows of leads that they were not trained on, and what came of them.

    Attributes
    ----------
    parts : array of shape (rows, parts)
        Log-odds; the linear part is last.
    y, weights : array of length n
        Outcome 0 to 1; weights sum to the number of leads.
    """

    parts: Floats
    y: Floats
    weights: Floats

    def mixed(self, blend: Blend) -> Floats:
        """Return the log-odds of all parts together, unshrunken."""
        return blend.mixed(self.parts)

    def where(self, chosen: NDArray[Any]) -> Unseen:
        """Return some of the rows, or all in another order."""
        return Unseen(self.parts[chosen], self.y[chosen], self.weights[chosen])

    @property
    def rarer(self) -> float:
        """Leads with the outcome, or without it, whichever are fewer."""
        return float(min(self.weights @ self.y, self.weights @ (1.0 - self.y)))


def choose_blend(folds: Unseen, newer: Unseen | None, *, options: EstimatorOptions) -> Blend:
    """Return the most credible shares and shrinkage, given the rows and what is believed of them without any.

    With ``c`` the log-odds of the mean forecast, outcomes are taken to follow ``c + level + shrinkage · (mixed - c)``,
    ``mixed`` being all parts together. That is a logistic regression on the default mixture and on the distances
    between the parts, whose coefficients are believed to be normal: about the defaults for the shares, about what so
    many outcomes can bear for the shrinkage. With few rows that holds; with many they decide. The loss counts in leads,
    so many rows of a lead prove no more.

    Parameters
    ----------
    folds : Unseen
        Training rows by parts that were trained on the other folds. They know nothing of the world to come, so that
        they count as ``options.fold_outcomes`` outcomes at most where there are newer rows.
    newer : Unseen, optional
        Rows from after the training, whose level may have moved.
    """
    with threadpool_limits(limits=1, user_api="blas"):  # sums in one order, so the same bits on any number of cores
        return _most_credible(folds, newer, options)


def _most_credible(folds: Unseen, newer: Unseen | None, options: EstimatorOptions) -> Blend:
    kinds = folds.parts.shape[1] - 1
    default = default_blend(kinds, options)
    counts = min(1.0, options.fold_outcomes / max(folds.rarer, 1e-9)) if newer is not None else 1.0
    sources = [(folds, counts, 0.0)] + ([(newer, 1.0, 1.0)] if newer is not None else [])
    tables = [_columns(part, default) for part, _, _ in sources]
    moves = np.concatenate([np.full(len(part.y), level) for part, _, level in sources])
    design = np.column_stack([moves, np.concatenate([columns for _, columns in tables])])
    y = np.concatenate([part.y for part, _, _ in sources])
    weights = np.concatenate([part.weights * factor for part, factor, _ in sources])
    linear = options.linear_share_spread if options.linear_share is None else HARDLY
    spreads = [LEVEL_SPREAD, options.shrinkage_spread, linear, *([options.linear_share_spread] * (kinds - 1))]
    prior = np.zeros(len(spreads))
    prior[1] = expected_slope(sum(part.rarer for part, _, _ in sources))
    centre = np.concatenate([at for at, _ in tables])
    coefficients = penalised_logistic(design, y, weights, 1.0 / np.square(spreads), prior, offset=centre)
    shrinkage = max(float(coefficients[1]), 0.0)
    return Blend(_shares(default, coefficients[2:] / max(shrinkage, 0.1)), shrinkage)


def _shares(default: Blend, moved: Floats) -> tuple[float, ...]:
    """Return the shares after the distances between parts have got their coefficients."""
    shares = np.asarray(default.shares)
    kinds = len(shares) - 1
    shares = shares + np.concatenate([np.full(kinds, -moved[0] / kinds), [moved[0]]])
    shares[1:kinds] += moved[1:]
    shares[0] -= moved[1:].sum()
    shares = np.maximum(shares, 0.0)
    return tuple(map(float, shares / shares.sum()))


def _columns(part: Unseen, default: Blend) -> tuple[Floats, Floats]:
    """Return the log-odds of the mean forecast of each row, and the columns around it."""
    mixed = part.mixed(default)
    mean = part.weights @ log_odds_to_probability(mixed) / max(part.weights.sum(), 1e-12)
    centre = float(probability_to_log_odds(np.clip(mean, 1e-9, 1.0 - 1e-9)))
    trees, linear = part.parts[:, :-1], part.parts[:, -1]
    against = linear - trees.mean(axis=1)
    return np.full(len(mixed), centre), np.column_stack([mixed - centre, against, trees[:, 1:] - trees[:, :1]])
