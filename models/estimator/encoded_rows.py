"""Rows as one estimator reads them; what log-odds and contributions both need is worked out once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from models.arrays import Bools, Floats
from models.estimator.blend import Blend
from models.estimator.boosters import BoosterPart
from models.estimator.linear_part import LinearPart


class EncodedRows:
    """Rows of one matrix, and what the parts of an estimator say of them.

    Parameters
    ----------
    matrix : array of shape (rows, columns)
        From the estimator's encoding.
    boosters : sequence of BoosterPart
        One a kind.
    linear : LinearPart
    threads : int, optional
        For the log-odds; None leaves it to the boosters.
    """

    def __init__(
        self, matrix: Floats, boosters: Sequence[BoosterPart], linear: LinearPart, *, threads: int | None = None
    ) -> None:
        self.matrix = matrix
        self._boosters = boosters
        self._linear = linear
        self._threads = threads

    @cached_property
    def _read(self) -> list[Floats]:
        """The matrix as each kind of boosters reads it."""
        return [part.read(self.matrix) for part in self._boosters]

    @cached_property
    def _linear_values(self) -> Floats:
        return self._linear.contributions(self.matrix)

    @cached_property
    def parts_log_odds(self) -> Floats:
        """The log-odds of each row by each part alone, shape (rows, parts); the linear part is last."""
        boosted = [
            part.log_odds(rows, threads=self._threads) for part, rows in zip(self._boosters, self._read, strict=True)
        ]
        return np.column_stack([*boosted, self._linear.intercept + self._linear_values.sum(axis=1)])

    def contributions(self, blend: Blend, rows: Bools) -> tuple[float, Floats]:
        """Return base and contributions of some rows, shape (rows, columns), before the base rate has its share."""
        share = blend.shares[-1]
        base, values = share * self._linear.intercept, share * self._linear_values[rows]
        for part, each, read in zip(self._boosters, blend.shares[:-1], self._read, strict=True):
            own_base, own_values = part.contributions(read[rows])
            base += each * own_base
            own_values *= each
            values += own_values
        return base, values
