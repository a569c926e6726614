"""The linear part: a logistic regression with a ridge, whose contributions are each column's own terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled
from models.arrays import Floats, Ints
from models.estimator.encoding import Encoding
from models.estimator.linear_curvature import Curvature, Whitening
from models.estimator.linear_terms import FAR, LinearDesign, LinearScale, Ridge, fit_scale, logged
from models.log_odds import log_odds_to_probability, probability_to_log_odds


@dataclass(frozen=True)
class Effort:
    """When the optimiser stops: after so many rounds, or where the loss in leads falls no steeper than this."""

    rounds: int
    steepness: float


FULL = Effort(rounds=500, steepness=1e-3)
"""No coefficient is then further off than can be seen."""
TRIAL = Effort(rounds=50, steepness=1e-2)
"""By which two ridges can be told apart, and unseen rows forecast as by the full effort."""
ROUGH = Effort(rounds=25, steepness=1e-2)
"""From where the curvature is nearly that of the optimum."""
FLAT = 1e-9
"""Relative fall of the loss in a round below which the optimiser stops as well."""
START = Ridge(30.0, 30.0)
CURVATURE_ROWS = 8_192
"""Rows from which the curvature is taken at most."""
ROWS_AT_ONCE = 2_048
"""Rows whose terms are summed together: few enough to stay in a cache."""


@dataclass(frozen=True)
class LinearPart:
    """Log-odds as ``intercept`` plus one term a column, each zero on the average of training.

    A number enters as sign(x)·log(1 + |x|), standardised and cut, and by steps at its quantiles, so that it may level
    off or turn; a missing number has a term of its own. A category has one term a code, and one for missing.

    Attributes
    ----------
    intercept : float
        Log-odds where every term is at its mean.
    slope : array, one entry a number column
        Times the standardised number.
    shifts : tuple of arrays, one a column
        What each code of ``scale.codes`` adds, centred; the last entry is for missing.
    """

    intercept: float
    scale: LinearScale
    slope: Floats
    shifts: tuple[Floats, ...]

    def contributions(self, matrix: Floats) -> Floats:
        """Return each column's share of the log-odds, shape as ``matrix``; rows sum to log-odds - intercept."""
        values, result = np.ascontiguousarray(matrix), np.empty(matrix.shape)
        scale, edges, shifts = self.scale, self._edges, self._shifts
        for start in range(0, len(matrix), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            numbers = logged(values[rows, : scale.numbers])
            _add_terms(
                values[rows], numbers, scale.centre, scale.scale, *edges, *shifts, self.slope, result[rows]
            )  # fmt: skip
        return result

    def log_odds(self, matrix: Floats) -> Floats:
        """Return the log-odds of each row."""
        return self.intercept + np.asarray(self.contributions(matrix).sum(axis=1))

    def log_odds_of(self, rows: LinearDesign) -> Floats:
        """Return the log-odds of rows that are read by the part's own scale already."""
        result = np.empty((len(rows.standard), len(rows.codes)))
        for position, (codes, shift) in enumerate(zip(rows.codes, self.shifts, strict=True)):
            result[:, position] = shift[codes]
        result[:, : len(self.slope)] += rows.standard * self.slope
        return self.intercept + np.asarray(result.sum(axis=1))

    @cached_property
    def _edges(self) -> tuple[Floats, Ints]:
        return _joined(self.scale.edges)

    @cached_property
    def _shifts(self) -> tuple[Floats, Ints]:
        return _joined(self.shifts)

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        scale = self.scale
        return {
            "intercept": self.intercept,
            "centre": scale.centre.tolist(),
            "scale": scale.scale.tolist(),
            "edges": [edges.tolist() for edges in scale.edges],
            "sizes": list(scale.sizes),
            "slope": self.slope.tolist(),
            "shifts": [shift.tolist() for shift in self.shifts],
        }

    @classmethod
    def from_json(cls, tree: dict[str, Any]) -> LinearPart:
        """Rebuild the linear part."""
        edges, shifts = _arrays(tree["edges"]), _arrays(tree["shifts"])
        centre, spread, slope = _arrays([tree["centre"], tree["scale"], tree["slope"]])
        return cls(tree["intercept"], LinearScale(centre, spread, edges, tuple(tree["sizes"])), slope, shifts)


@dataclass(frozen=True)
class Optimum:
    """Where the penalised loss is least: intercept and coefficients, in the order of `LinearDesign`."""

    intercept: float
    coefficients: Floats


@dataclass(frozen=True)
class LinearFitting:
    """Rows made ready for the linear part, whatever the ridge.

    Attributes
    ----------
    design : LinearDesign
    y, weights : array of length n
        Outcome 0 to 1; weights sum to the number of leads, so ridges count in leads.
    curvature : Curvature
        Of these rows, or of more rows of the same kind.
    """

    design: LinearDesign
    y: Floats
    weights: Floats
    curvature: Curvature

    @classmethod
    def of(cls, matrix: Floats, y: Floats, weights: Floats, *, encoding: Encoding, steps: int) -> LinearFitting:
        """Make rows of ``encoding.matrix`` ready; ``steps`` as for `fit_linear`.

        The curvature is taken twice from some of the rows: at the base rate, and where that leads to.
        """
        design = LinearDesign.of(matrix, fit_scale(matrix, weights, encoding=encoding, steps=steps)).compact()
        every = slice(None, None, max(1, -(-len(y) // CURVATURE_ROWS)))
        few, outcomes, counts = design.where(every), y[every], weights[every]
        rate = _rate(outcomes, counts)
        even = Curvature.of(few, counts * (rate * (1.0 - rate)), counts)
        at_base_rate = cls(few, outcomes, counts, even)
        found = at_base_rate.optimum(START, at_base_rate.whitening(START), ROUGH)
        p = log_odds_to_probability(found.intercept + few.times(found.coefficients))
        return cls(design, y, weights, Curvature.of(few, counts * (p * (1.0 - p)), counts))

    def where(self, chosen: NDArray[np.bool_]) -> LinearFitting:
        """Return some of the rows; scale and curvature stay."""
        return LinearFitting(self.design.where(chosen), self.y[chosen], self.weights[chosen], self.curvature)

    def whitening(self, ridge: Ridge) -> Whitening:
        """Return what leads `optimum` straight to the minimum, for these rows and for parts of them."""
        return self.curvature.whitening(self.design.ridges(ridge), leads=float(self.weights.sum()))

    def fit(self, ridge: Ridge, whitening: Whitening | None = None, effort: Effort = FULL) -> LinearPart:
        """Fit by penalised maximum likelihood."""
        return self.part(self.optimum(ridge, self.whitening(ridge) if whitening is None else whitening, effort))

    def part(self, optimum: Optimum) -> LinearPart:
        """Return the linear part, each column's terms zero on the average of these rows."""
        scale, intercept, shifts = self.design.scale, optimum.intercept, []
        for codes, shift in zip(self.design.codes, self.design.shifts(optimum.coefficients), strict=True):
            mean = float(self.weights @ shift[codes] / self.weights.sum())
            intercept += mean
            shifts.append(shift - mean)
        return LinearPart(intercept, scale, optimum.coefficients[: scale.numbers].copy(), tuple(shifts))

    def optimum(
        self, ridge: Ridge, whitening: Whitening, effort: Effort = FULL, start: Optimum | None = None
    ) -> Optimum:
        """Return where the penalised loss is least (L-BFGS; the problem is convex, so the start does not matter).

        The optimiser sees centred terms that the curvature has made independent of each other: the same minimum in a
        fifth of the steps.
        """
        from scipy.optimize import minimize  # here, since reading a saved model needs no optimiser

        design, y, weights = self.design, self.y, self.weights
        ridges, mean = design.ridges(ridge), design.transposed_times(weights) / weights.sum()

        def loss_and_slope(parameters: Floats) -> tuple[float, Floats]:
            coefficients = whitening.coefficients(parameters[1:])
            odds = parameters[0] - mean @ coefficients + design.times(coefficients)
            error = weights * (log_odds_to_probability(odds) - y)
            loss = weights @ (np.logaddexp(0.0, odds) - y * odds) + 0.5 * ridges @ np.square(coefficients)
            slope = design.transposed_times(error) - error.sum() * mean + ridges * coefficients
            return float(loss), np.concatenate([[error.sum()], whitening.slopes(slope)])

        first = np.zeros(design.size + 1)
        first[0] = probability_to_log_odds(_rate(y, weights))
        if start is not None:
            first[0] = start.intercept + mean @ start.coefficients
            first[1:] = whitening.parameters(start.coefficients)
        stopping = {"gtol": effort.steepness, "ftol": FLAT, "maxiter": effort.rounds}
        found = minimize(loss_and_slope, first, jac=True, method="L-BFGS-B", options=stopping)
        coefficients = whitening.coefficients(np.asarray(found.x[1:], dtype=np.float64))
        return Optimum(float(found.x[0] - mean @ coefficients), coefficients)


def fit_linear(
    matrix: Floats, y: Floats, weights: Floats, *, encoding: Encoding, ridge: Ridge, steps: int
) -> LinearPart:
    """Fit the linear part.

    Parameters
    ----------
    matrix : array of shape (rows, columns)
        From ``encoding.matrix``.
    y, weights : array of length n
        Outcome 0 to 1; weights sum to the number of leads, so ``ridge`` counts in leads.
    ridge : Ridge
        How strongly coefficients are drawn to 0; the intercept is free.
    steps : int
        Groups into which the steps cut each number; 1: no steps, the logarithm alone.
    """
    return LinearFitting.of(matrix, y, weights, encoding=encoding, steps=steps).fit(ridge)


def _joined(parts: Sequence[Floats]) -> tuple[Floats, Ints]:
    """Return arrays in one, and where each begins and the last one ends."""
    start = np.cumsum([0, *map(len, parts)]).astype(np.int64)
    return np.concatenate([*parts, np.empty(0)]), start


@compiled
def _add_terms(
    matrix: Floats,
    numbers: Floats,
    centre: Floats,
    scale: Floats,
    edges: Floats,
    edge_start: Ints,
    shifts: Floats,
    shift_start: Ints,
    slope: Floats,
    result: Floats,
) -> None:
    """Write each column's term of each row; see `LinearScale` for how a value is read."""
    for row in range(matrix.shape[0]):
        for column in range(matrix.shape[1]):
            x, first, last = matrix[row, column], shift_start[column], shift_start[column + 1] - 1
            if column >= slope.size:
                result[row, column] = shifts[last if np.isnan(x) else first + np.int64(x)]
                continue
            if np.isnan(x):
                result[row, column] = shifts[last]
                continue
            standard = (numbers[row, column] - centre[column]) / scale[column]
            standard = min(max(standard, -FAR), FAR)
            low, high = edge_start[column], edge_start[column + 1]
            while low < high:
                middle = (low + high) // 2
                if edges[middle] < x:
                    low = middle + 1
                else:
                    high = middle
            result[row, column] = shifts[first + low - edge_start[column]] + standard * slope[column]


def _rate(y: Floats, weights: Floats) -> float:
    return float((weights @ y + 0.5) / (weights.sum() + 1.0))


def _arrays(lists: Sequence[Sequence[float]]) -> tuple[Floats, ...]:
    return tuple(np.asarray(values, dtype=np.float64) for values in lists)
