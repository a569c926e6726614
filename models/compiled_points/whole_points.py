"""From coefficients in log-odds to whole points: a common factor, rounding, and small steps while they help.

Scale and steps are judged by the average precision that the points are expected to have if the model is right: each
row counts as an outcome with the model's probability. That varies far less than average precision on outcomes, and it
charges for ties, which rounding makes and which no loss of log-odds sees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.arrays import Floats
from models.compiled_points.candidate_rules import TimesGiven

Integers = npt.NDArray[np.int64]

SCALES = (5, 8, 10, 12, 15, 20, 25, 30, 40)
"""Points that a step of 1 in log-odds may be worth."""
GOOD_ENOUGH = 0.997
"""The smallest scale that comes this near to the best is taken: small numbers are easier to read."""
STEPS = (-4, -2, -1, 1, 2, 4)
PASSES = 6
LEAST_GAIN = 1e-6


@dataclass(frozen=True)
class WholePoints:
    """Whole points of the chosen rules.

    Attributes
    ----------
    points : array of int
        One a rule, in the order of the coefficients; never 0 where the coefficient is not.
    scale : int
        Points that a step of 1 in log-odds is worth.
    expected_precision : float
        Average precision on the rows if the model is right.
    """

    points: Integers
    scale: int
    expected_precision: float


def expected_average_precision(points: Integers, p: Floats, weights: Floats) -> float:
    """Return the average precision of whole points, each row an outcome with probability ``p``.

    Examples
    --------
    >>> expected_average_precision(np.array([2, 1, 1]), np.array([1.0, 1.0, 0.0]), np.ones(3))  # (1 + 2/3) / 2
    0.8333333333333333
    """
    rank = points - points.min()
    mass = np.bincount(rank, weights=weights)[::-1].cumsum()
    outcomes = np.bincount(rank, weights=weights * p)[::-1]
    so_far = outcomes.cumsum()
    precision = np.divide(so_far, mass, out=np.zeros_like(mass), where=mass > 0)
    return float(outcomes @ precision / so_far[-1])


def whole_points(
    given: TimesGiven, coefficients: Floats, p: Floats, weights: Floats, *, highest: int | None = None
) -> WholePoints:
    """Return whole points for chosen rules.

    Parameters
    ----------
    given : array of int8, shape (rows, rules)
        What each chosen rule gives each row.
    coefficients : array of float
        In log-odds; none is 0.
    p, weights : array of float
        The model's probability and the weight of each row.
    highest : int, optional
        No row may have more points; for tools whose score ends there. The smallest scale is taken if none keeps to it.

    Returns
    -------
    WholePoints
        Signs are those of the coefficients.
    """
    columns = [np.ascontiguousarray(given[:, rule], dtype=np.int64) for rule in range(given.shape[1])]
    tried: list[WholePoints] = []
    for scale in SCALES:
        candidate = _stepped(columns, coefficients, scale, p, weights)
        if tried and highest is not None and _total(columns, candidate.points).max() > highest:
            break
        tried.append(candidate)
    best = max(candidate.expected_precision for candidate in tried)
    return next(candidate for candidate in tried if candidate.expected_precision >= GOOD_ENOUGH * best)


def _stepped(columns: list[Integers], coefficients: Floats, scale: int, p: Floats, weights: Floats) -> WholePoints:
    """Round, then change one rule's points at a time while the expected average precision rises."""
    sign = np.where(coefficients < 0, -1, 1)
    points = np.maximum(np.rint(np.abs(coefficients) * scale).astype(np.int64), 1) * sign
    total = _total(columns, points)
    best = expected_average_precision(total, p, weights)
    for _ in range(PASSES):
        before = best
        for rule, column in enumerate(columns):
            at = points[rule]
            for step in STEPS:
                if (at + step) * sign[rule] < 1:
                    continue
                value = expected_average_precision(total + (at + step - points[rule]) * column, p, weights)
                if value > best + LEAST_GAIN:
                    total = total + (at + step - points[rule]) * column
                    points[rule], best = at + step, value
        if best - before <= LEAST_GAIN:
            break
    return WholePoints(points, scale, best)


def _total(columns: list[Integers], points: Integers) -> Integers:
    total = np.zeros(len(columns[0]), dtype=np.int64)
    for column, each in zip(columns, points, strict=True):
        total += each * column
    return total
