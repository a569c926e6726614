"""The linear part: a logistic regression with a strong ridge, whose contributions are coefficient times distance."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from models.encoding import Encoding
from models.log_odds import Floats, log_losses, log_odds_to_probability, probability_to_log_odds

FAR = 4.0
"""Standard deviations beyond which a number counts as this far: outliers do not run away with a forecast."""


@dataclass(frozen=True)
class LinearPart:
    """Log-odds as ``intercept`` plus a sum of terms, each zero at the mean of training.

    A number enters as sign(x)·log(1 + |x|), standardised and cut at ``FAR``; a missing number sits at the mean and
    has a term of its own. A category has one term a code, and one for missing.

    Attributes
    ----------
    intercept : float
        Log-odds where every term is at its mean.
    centre, scale, slope, missing_shift, missing_mean : array, one entry a number column
        ``slope`` times the standardised number, plus ``missing_shift`` times (is missing - ``missing_mean``).
    shifts : tuple of arrays, one a category column
        The centred term of each code; the last entry is for missing.
    """

    intercept: float
    centre: Floats
    scale: Floats
    slope: Floats
    missing_shift: Floats
    missing_mean: Floats
    shifts: tuple[Floats, ...]

    def contributions(self, matrix: Floats) -> Floats:
        """Return each column's share of the log-odds, shape as ``matrix``; rows sum to log-odds - intercept."""
        count = len(self.slope)
        numbers = matrix[:, :count]
        standard = _standardised(numbers, self.centre, self.scale)
        result = np.empty_like(matrix)
        result[:, :count] = standard * self.slope + (np.isnan(numbers) - self.missing_mean) * self.missing_shift
        for position, shift in enumerate(self.shifts, start=count):
            codes = matrix[:, position]
            result[:, position] = shift[np.where(np.isnan(codes), len(shift) - 1, codes).astype(np.int64)]
        return result

    def log_odds(self, matrix: Floats) -> Floats:
        """Return the log-odds of each row."""
        return self.intercept + np.asarray(self.contributions(matrix).sum(axis=1))

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        arrays = ("centre", "scale", "slope", "missing_shift", "missing_mean")
        tree: dict[str, Any] = {name: getattr(self, name).tolist() for name in arrays}
        return {"intercept": self.intercept, "shifts": [shift.tolist() for shift in self.shifts]} | tree

    @classmethod
    def from_json(cls, tree: dict[str, Any]) -> LinearPart:
        """Rebuild the linear part."""
        arrays = ("centre", "scale", "slope", "missing_shift", "missing_mean")
        numbers = {name: np.asarray(tree[name], dtype=np.float64) for name in arrays}
        shifts = tuple(np.asarray(shift, dtype=np.float64) for shift in tree["shifts"])
        return cls(intercept=tree["intercept"], shifts=shifts, **numbers)


def fit_linear(matrix: Floats, y: Floats, weights: Floats, *, encoding: Encoding, ridge: float) -> LinearPart:
    """Fit the linear part by penalised maximum likelihood (L-BFGS; the problem is convex).

    Parameters
    ----------
    matrix : array of shape (rows, columns)
        From ``encoding.matrix``.
    y, weights : array of length n
        Outcome 0 or 1; weights sum to the number of leads, so ``ridge`` counts in leads.
    ridge : float
        Half of it times the squared coefficients is added to the log loss; the intercept is free.
    """
    count = len(encoding.numbers)
    numbers, total = matrix[:, :count], weights.sum()
    missing = np.isnan(numbers)
    logged = np.where(missing, 0.0, _logged(numbers))
    there = np.maximum(weights @ ~missing, 1e-12)
    centre = (weights @ logged) / there
    spread = np.sqrt((weights @ np.where(missing, 0.0, logged - centre) ** 2) / there)
    scale = np.where(spread > 1e-12, spread, 1.0)
    hot = [_one_hot(matrix[:, count + i], v.size) for i, v in enumerate(encoding.vocabularies)]
    design = np.hstack([_standardised(numbers, centre, scale), missing.astype(np.float64), *hot])
    means = (weights @ design) / total
    means[:count] = 0.0
    design -= means
    intercept, coefficients = _ridge_logistic(design, y, weights, ridge)
    edges = np.cumsum([2 * count] + [block.shape[1] for block in hot])
    blocks = [slice(start, end) for start, end in pairwise(edges)]
    shifts = tuple(coefficients[block] - means[block] @ coefficients[block] for block in blocks)
    return LinearPart(
        intercept=intercept,
        centre=centre,
        scale=scale,
        slope=coefficients[:count],
        missing_shift=coefficients[count : 2 * count],
        missing_mean=means[count : 2 * count],
        shifts=shifts,
    )


def _ridge_logistic(design: Floats, y: Floats, weights: Floats, ridge: float) -> tuple[float, Floats]:
    from scipy.optimize import minimize  # here, since reading a saved model needs no optimiser

    total = weights.sum()

    def loss_and_slope(parameters: Floats) -> tuple[float, Floats]:
        odds = parameters[0] + design @ parameters[1:]
        error = weights * (log_odds_to_probability(odds) - y)
        loss = weights @ log_losses(odds, y) + 0.5 * ridge * parameters[1:] @ parameters[1:]
        gradient = np.concatenate([[error.sum()], error @ design + ridge * parameters[1:]])
        return float(loss / total), gradient / total

    start = np.zeros(design.shape[1] + 1)
    start[0] = probability_to_log_odds((weights @ y + 0.5) / (total + 1.0))
    options = {"maxiter": 500, "gtol": 1e-7, "ftol": 1e-12}
    found = minimize(loss_and_slope, start, jac=True, method="L-BFGS-B", options=options)
    return float(found.x[0]), np.asarray(found.x[1:], dtype=np.float64)


def _logged(numbers: Floats) -> Floats:
    return np.asarray(np.sign(numbers) * np.log1p(np.abs(numbers)))


def _standardised(numbers: Floats, centre: Floats, scale: Floats) -> Floats:
    return np.nan_to_num(np.clip((_logged(numbers) - centre) / scale, -FAR, FAR), nan=0.0)


def _one_hot(codes: Floats, size: int) -> Floats:
    """Return one column a code, and a last one for missing."""
    column = np.where(np.isnan(codes), size, codes).astype(np.int64)
    return np.eye(size + 1)[column]
