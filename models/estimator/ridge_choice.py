"""How strongly the linear part is drawn to nothing: tried on the folds, for numbers and for categories apart."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from models.arrays import Floats
from models.estimator.linear_part import TRIAL, LinearFitting
from models.estimator.linear_terms import LinearDesign, Ridge
from models.estimator.options import EstimatorOptions
from models.estimator.training_rows import TrainingRows
from models.log_odds import log_losses

TRIED_ROWS = 5_000
"""Rows with which ridges are tried at most. A ridge says how large effects are, not how many leads show them."""
TRIED_FOLDS = 3

Prepare = Callable[[TrainingRows], LinearFitting]


def choose_ridge(
    rows: TrainingRows,
    folds: NDArray[np.int64],
    *,
    prepare: Prepare,
    options: EstimatorOptions,
    pool: Executor,
) -> Ridge:
    """Return the ridge with the least log loss on leads of other folds: first that of categories, then of numbers.

    Parameters
    ----------
    rows : TrainingRows
        In canonical order; beyond ``TRIED_ROWS`` every so manieth lead is taken.
    folds : array of int of length n
        The fold of each row; rows of a lead share it.
    prepare : callable
        Makes rows ready for the linear part.
    options : EstimatorOptions
        ``linear_ridge`` to start from and ``linear_ridges`` to try; none: the start stays.
    pool : Executor
        Fits the linear parts.
    """
    best = Ridge(options.linear_ridge, options.linear_ridge)
    if not options.linear_ridges:
        return best
    lead = np.unique(rows.lead_ids, return_inverse=True)[1]
    chosen = lead % max(1, -(-len(lead) // TRIED_ROWS)) == 0
    few, fold = rows.where(chosen), folds[chosen] % TRIED_FOLDS
    numbers = np.unique(fold).tolist()
    watched = list(pool.map(lambda number: _Watched.of(few, fold == number, prepare), numbers))
    losses: dict[Ridge, float] = {}
    for kind in ("categories", "numbers"):
        tried = [replace(best, **{kind: value}) for value in options.linear_ridges]
        new = [ridge for ridge in tried if ridge not in losses]
        forecasts = pool.map(lambda pair: pair[1].log_odds(pair[0]), product(new, watched))
        for ridge in new:
            unseen = np.empty(len(few.y))
            for one in watched:
                unseen[one.out] = next(forecasts)
            losses[ridge] = float(few.weights @ log_losses(unseen, few.y))
        best = min(tried, key=losses.__getitem__)
    return best


@dataclass(frozen=True)
class _Watched:
    """The rows of all folds but one, made ready once for all ridges, and the rows of that one."""

    out: NDArray[np.bool_]
    fitting: LinearFitting
    held_out: LinearDesign

    @classmethod
    def of(cls, rows: TrainingRows, out: NDArray[np.bool_], prepare: Prepare) -> _Watched:
        fitting = prepare(rows.where(~out))
        return cls(out, fitting, LinearDesign.of(rows.matrix[out], fitting.design.scale))

    def log_odds(self, ridge: Ridge) -> Floats:
        """Return the log-odds of that fold's rows."""
        return self.fitting.fit(ridge, TRIAL).log_odds_of(self.held_out)
