"""The terms of the linear part, and their products without the table of zeros and ones that they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.arrays import Floats
from models.estimator.encoding import Encoding

FAR = 4.0
"""Standard deviations beyond which a number counts as this far: outliers do not run away with a forecast."""
SPREAD_AT_ONCE = 1_024
"""Rows whose full table of terms lies in memory at once."""


@dataclass(frozen=True)
class Ridge:
    """Half of it times the squared coefficients is added to the log loss, in leads."""

    numbers: float
    categories: float


@dataclass(frozen=True)
class LinearScale:
    """How a column enters: numbers by their distance from the mean and by steps, categories by their codes.

    Attributes
    ----------
    centre, scale : array, one entry a number column
        Mean and standard deviation of sign(x)·log(1 + |x|).
    edges : tuple of arrays, one a number column
        A number above an edge has taken that step.
    sizes : tuple of int, one a category column
        Number of codes; one more stands for missing.
    """

    centre: Floats
    scale: Floats
    edges: tuple[Floats, ...]
    sizes: tuple[int, ...]

    @property
    def numbers(self) -> int:
        """Number columns; they come first in the matrix."""
        return len(self.centre)

    def standardised(self, matrix: Floats) -> Floats:
        """Return the numbers on a logarithmic scale in standard deviations, cut at ``FAR``; missing is 0."""
        values = logged(matrix[:, : self.numbers])
        values -= self.centre
        values /= self.scale
        np.clip(values, -FAR, FAR, out=values)
        values[np.isnan(values)] = 0.0
        return values

    def codes(self, matrix: Floats) -> list[NDArray[np.int64]]:
        """Return for each column which entry of its shifts counts: steps taken, or the category; missing is last."""
        numbers = np.ascontiguousarray(matrix[:, : self.numbers].T)
        listed = self._steps(numbers)
        values = matrix[:, self.numbers :].T
        missing = np.array(self.sizes, dtype=np.int64)[:, None]
        return [*listed, *np.where(np.isnan(values), missing, values).astype(np.int64)]

    def _steps(self, numbers: Floats) -> list[NDArray[np.int64]]:
        """Return for each number column how many steps each row has taken; one more where the number is missing."""
        listed: list[NDArray[np.int64]] = []
        for values, edges in zip(numbers, self.edges, strict=True):
            taken = np.searchsorted(edges, values, side="left")  # what is missing is above all edges
            taken += np.isnan(values)
            listed.append(taken)
        return listed


def fit_scale(matrix: Floats, weights: Floats, *, encoding: Encoding, steps: int) -> LinearScale:
    """Learn mean, spread and steps of each number.

    Parameters
    ----------
    matrix : array of shape (rows, columns)
        From ``encoding.matrix``.
    weights : array of length n
        They sum to the number of leads.
    steps : int
        The numbers are cut into so many groups of about equal weight; 1 or less: no steps.
    """
    count = len(encoding.numbers)
    numbers = matrix[:, :count]
    missing = np.isnan(numbers)
    values = np.where(missing, 0.0, logged(numbers))
    there = np.maximum(weights @ ~missing, 1e-12)
    centre = (weights @ values) / there
    spread = np.sqrt((weights @ np.where(missing, 0.0, values - centre) ** 2) / there)
    edges = tuple(_edges(column, weights, steps) for column in np.ascontiguousarray(numbers.T))
    sizes = tuple(vocabulary.size for vocabulary in encoding.vocabularies)
    return LinearScale(centre, np.where(spread > 1e-12, spread, 1.0), edges, sizes)


@dataclass(frozen=True)
class LinearDesign:
    """Rows as the linear part sees them.

    Parameters are held as one vector: a slope a number; then for each number its steps and a term for missing; then
    for each category a term a code and one for missing.
    """

    standard: Floats
    codes: Sequence[NDArray[np.integer[Any]]]
    scale: LinearScale
    of_rows: tuple[LinearDesign, NDArray[np.bool_] | slice] | None = None
    """More rows, and which of those these are, where there are such."""

    @classmethod
    def of(cls, matrix: Floats, scale: LinearScale) -> LinearDesign:
        """Prepare the rows of a matrix."""
        return cls(scale.standardised(matrix), scale.codes(matrix), scale)

    @property
    def blocks(self) -> list[int]:
        """Parameters of each column beyond its slope."""
        return [len(edges) + 1 for edges in self.scale.edges] + [size + 1 for size in self.scale.sizes]

    @property
    def size(self) -> int:
        """Parameters in sum, without the intercept."""
        return self.scale.numbers + sum(self.blocks)

    @cached_property
    def _stairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return of each step its number column, its place among that one's, and its place among the parameters."""
        steps = np.array([len(edges) for edges in self.scale.edges], dtype=np.int64)
        column = np.repeat(np.arange(len(steps)), steps)
        rank = np.arange(len(column)) - np.repeat(np.cumsum(steps) - steps, steps)
        return column, rank, np.arange(len(column)) + column  # each number before has a term for missing as well

    @cached_property
    def _last(self) -> Any:
        """Return one entry for each row itself, then for each column the last step taken, or the code.

        A number that has taken no step, the most frequent case, has no entry, and so no work. Columns of rows stand
        first, those of more rows where these are some of them.
        """
        if self.of_rows is not None:
            more, chosen = self.of_rows
            return more._last[chosen]
        from scipy.sparse import csr_array  # here, since reading a saved model needs no tables of zeros

        rows, first = len(self.standard), np.cumsum([0, *self.blocks])
        places = np.empty((rows, len(self.codes) + 1), dtype=np.int32)
        places[:, 0] = np.arange(rows)
        for position, codes in enumerate(self.codes, start=1):
            number = position <= self.scale.numbers
            places[:, position] = rows + first[position - 1] + codes - number
            places[codes == 0, position] = -1 if number else rows + first[position - 1]
        there = places >= 0
        starts = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
        at = places[there]
        return csr_array((np.ones(len(at)), at, starts), shape=(rows, rows + first[-1]))

    def shifts(self, parameters: Floats) -> list[Floats]:
        """Return for each column what each code adds: steps are summed, up to the last one taken."""
        count = self.scale.numbers
        parts = np.split(parameters[count:], np.cumsum(self.blocks)[:-1]) if self.blocks else []
        stepped = [np.concatenate([[0.0], np.cumsum(part[:-1]), part[-1:]]) for part in parts[:count]]
        return stepped + list(parts[count:])

    def times(self, parameters: Floats) -> Floats:
        """Return the sum of the terms of each row."""
        count = self.scale.numbers
        place = self._stairs[2]
        shift = parameters[count:].copy()
        shift[place] = self._summed(shift[place])
        last = self._last
        terms = np.zeros(last.shape[1])
        terms[last.indices[last.indptr[:-1]]] = self.standard @ parameters[:count]
        terms[len(terms) - len(shift) :] = shift
        return np.asarray(last @ terms)

    def transposed_times(self, errors: Floats) -> Floats:
        """Return for each parameter the sum of the errors of the rows in which it counts, times how much it counts."""
        sums = self._last.T @ errors
        sums = sums[len(sums) - sum(self.blocks) :]
        place = self._stairs[2]
        sums[place] = self._summed(sums[place], downwards=True)  # who has taken a step has taken those before it
        return np.concatenate([errors @ self.standard, sums])

    def _summed(self, steps: Floats, *, downwards: bool = False) -> Floats:
        """Return the running sums over the steps of each number."""
        column, rank, _ = self._stairs
        table = np.zeros((self.scale.numbers, int(rank.max(initial=-1)) + 1))
        table[column, rank] = steps
        return np.asarray((table[:, ::-1].cumsum(axis=1)[:, ::-1] if downwards else table.cumsum(axis=1))[column, rank])

    def ridges(self, ridge: Ridge) -> Floats:
        """Return the ridge on each parameter."""
        numbers = self.scale.numbers + sum(self.blocks[: self.scale.numbers])
        return np.repeat([ridge.numbers, ridge.categories], [numbers, self.size - numbers])

    def compact(self) -> LinearDesign:
        """Return the same rows with codes of two bytes: many rows are kept to be fitted."""
        return LinearDesign(self.standard, [codes.astype(np.int16) for codes in self.codes], self.scale)

    def where(self, chosen: NDArray[np.bool_] | slice) -> LinearDesign:
        """Return some of the rows."""
        return LinearDesign(self.standard[chosen], [codes[chosen] for codes in self.codes], self.scale, (self, chosen))

    def spread(self, curvature: Floats) -> Floats:
        """Return the sums of products of the terms of all pairs of parameters, each term less its mean.

        A number that has taken no step gives nothing, and rows come in blocks, so the table of all terms, nearly all of
        them 0, never lies in memory.

        Parameters
        ----------
        curvature : array, one entry a row
            Second derivative of the row's loss in its log-odds; the weight of the row.

        Returns
        -------
        array of shape (size, size)
            To within seven digits: it tells an optimiser the way, and does not move where it arrives.
        """
        products, sums = np.zeros((self.size, self.size), dtype=np.float32), np.zeros(self.size)
        for start in range(0, len(curvature), SPREAD_AT_ONCE):
            rows = slice(start, start + SPREAD_AT_ONCE)
            terms, weights = self._terms(rows), curvature[rows].astype(np.float32)
            sums += weights @ terms
            terms *= np.sqrt(weights)[:, None]
            products += terms.T @ terms
        return products - np.outer(sums, sums) / max(float(curvature.sum()), 1e-12)

    def _terms(self, rows: slice) -> NDArray[np.float32]:
        """Return the full table of some rows: what each parameter is times."""
        standard, first = self.standard[rows], self.scale.numbers
        table = np.zeros((len(standard), self.size), dtype=np.float32)
        table[:, :first] = standard
        every = np.arange(len(standard))
        for position, (codes, size) in enumerate(zip(self.codes, self.blocks, strict=True)):
            taken, place = codes[rows], table[:, first : first + size]
            if position < self.scale.numbers:
                place[:, :-1] = np.arange(1, size) <= taken[:, None]
                missing = taken == size
                place[missing, :-1], place[missing, -1] = 0.0, 1.0
            else:
                place[every, taken] = 1.0
            first += size
        return table


def _edges(column: Floats, weights: Floats, steps: int) -> Floats:
    """Return the steps of a number; one with two values gets none, since its slope says all."""
    there = ~np.isnan(column)
    values = column[there]
    if steps < 2 or not len(values) or not ((values > values.min()) & (values < values.max())).any():
        return np.empty(0)
    levels = np.linspace(0.0, 1.0, steps + 1)[1:-1]
    if (weights == weights[0]).all():  # sorting numbers alone takes a tenth of the time
        shares = np.cumsum(weights[: len(values)])
        edges = np.unique(np.sort(values)[np.searchsorted(shares / shares[-1], levels)])
    else:
        edges = np.unique(np.quantile(values, levels, weights=weights[there], method="inverted_cdf"))
    return np.asarray(edges[edges < values.max()], dtype=np.float64)


def logged(numbers: Floats) -> Floats:
    """Return sign(x)·log(1 + |x|); missing stays missing."""
    values = np.abs(numbers)
    return np.asarray(np.copysign(np.log1p(values, out=values), numbers, out=values))
