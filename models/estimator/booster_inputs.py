"""How boosters read the rows: categories as codes, or as rates that their own outcome is not in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.arrays import Floats
from models.estimator.category_rates import (
    TargetStatistics,
    fit_target_statistics,
    rates_from_earlier_leads,
    rates_from_other_folds,
)
from models.estimator.options import EstimatorOptions
from models.estimator.training_rows import TrainingRows
from models.measures.lead_weights import lead_folds

RATE_FOLDS = 10
"""Folds of leads for the rates that training rows are given; dealt otherwise than the boosters' folds."""


@dataclass(frozen=True)
class CodeReader:
    """Rows as they are."""

    matrix: Floats

    @property
    def columns(self) -> int:
        """Columns of the matrix."""
        return int(self.matrix.shape[1])

    def known(self, train: NDArray[np.bool_], /) -> Floats:
        """Return the rows to learn from."""
        return self.matrix[train]

    def later(self, train: NDArray[np.bool_], /) -> Floats:
        """Return the other rows."""
        return self.matrix[~train]


@dataclass(frozen=True)
class RateReader:
    """Rows with categories as rates.

    The rates are learned anew for each booster from the rows it learns from, so that the rows it is watched on are
    read just as later ones will be: no outcome of theirs is in anything that the booster sees.
    """

    rows: TrainingRows
    sizes: tuple[int, ...]
    options: EstimatorOptions
    seed: int

    @property
    def columns(self) -> int:
        """Columns of the matrix."""
        return int(self.rows.matrix.shape[1])

    def known(self, train: NDArray[np.bool_], /) -> Floats:
        """Return the rows to learn from, no code of which is told the outcome of its own lead."""
        result = self.rows.matrix[train]
        result[:, self._numbers :] = self._known_rates(self._codes.where(train))
        return result

    def later(self, train: NDArray[np.bool_], /) -> Floats:
        """Return the other rows, by the rates of all rows to learn from."""
        result = self.rows.matrix[~train]
        codes = result[:, self._numbers :]
        result[:, self._numbers :] = self._statistics(self._codes.where(train)).matrix(codes)
        return result

    def statistics(self) -> TargetStatistics:
        """Return the rates of all rows, by which later ones are read."""
        return self._statistics(self._codes)

    @property
    def _numbers(self) -> int:
        return self.columns - len(self.sizes)

    @cached_property
    def _codes(self) -> TrainingRows:
        """The rows with their codes alone: numbers are many, and are copied once."""
        return replace(self.rows, matrix=self.rows.matrix[:, self._numbers :])

    def _statistics(self, rows: TrainingRows) -> TargetStatistics:
        return fit_target_statistics(rows.matrix, rows.y, rows.weights, sizes=self.sizes, prior=self._prior(rows))

    def _known_rates(self, rows: TrainingRows) -> Floats:
        prior, matrix, y, weights = self._prior(rows), rows.matrix, rows.y, rows.weights
        if self.options.rates_from == "earlier leads":
            leads, times = rows.lead_ids, rows.as_of_us
            return rates_from_earlier_leads(matrix, y, weights, leads, times, sizes=self.sizes, prior=prior)
        folds = lead_folds(rows.lead_ids, y, folds=RATE_FOLDS, seed=self.seed + 1)
        return rates_from_other_folds(matrix, y, weights, folds, sizes=self.sizes, prior=prior)

    def _prior(self, rows: TrainingRows) -> float:
        """Return the leads at the base rate that are added to each category."""
        total = rows.weights.sum() + 1.0
        rate = float((rows.weights @ rows.y + 0.5) / total)
        return max(self.options.category_prior, self.options.category_prior_outcomes / min(rate, 1.0 - rate))
