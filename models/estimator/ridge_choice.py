"""How strongly the linear part is drawn to nothing: tried on the folds, for numbers and for categories apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.arrays import Floats
from models.estimator.linear_part import LinearFitting
from models.estimator.linear_terms import LinearDesign, Ridge
from models.estimator.options import EstimatorOptions
from models.estimator.training_rows import TrainingRows
from models.log_odds import log_losses

TRIED_ROWS = 5_000
"""Rows with which ridges are tried at most. A ridge says how large effects are, not how many leads show them."""
TRIED_FOLDS = 3

Prepare = Callable[[TrainingRows], LinearFitting]


def choose_ridge(
    rows: TrainingRows, folds: NDArray[np.int64], *, prepare: Prepare, rounds: int, options: EstimatorOptions
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
    rounds : int
        Of the optimiser.
    options : EstimatorOptions
        ``linear_ridge`` to start from and ``linear_ridges`` to try; none: the start stays.
    """
    best = Ridge(options.linear_ridge, options.linear_ridge)
    if not options.linear_ridges:
        return best
    lead = np.unique(rows.lead_ids, return_inverse=True)[1]
    chosen = lead % max(1, -(-len(lead) // TRIED_ROWS)) == 0
    few, fold = rows.where(chosen), folds[chosen] % TRIED_FOLDS
    watched = [_Watched.of(few, fold == number, prepare) for number in np.unique(fold)]
    losses: dict[Ridge, float] = {}

    def loss(ridge: Ridge) -> float:
        if ridge not in losses:
            unseen = np.empty(len(few.y))
            for one in watched:
                unseen[one.out] = one.fitting.fit(ridge, rounds=rounds).log_odds_of(one.held_out)
            losses[ridge] = float(few.weights @ log_losses(unseen, few.y))
        return losses[ridge]

    for kind in ("categories", "numbers"):
        best = min((replace(best, **{kind: value}) for value in options.linear_ridges), key=loss)
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


def unseen_log_odds(rows: TrainingRows, folds: NDArray[np.int64], *, prepare: Prepare, ridge: Ridge) -> Floats:
    """Return the log-odds of each row by a linear part that has not seen its lead."""
    unseen = np.empty(len(rows.y))
    for fold in np.unique(folds):
        out = folds == fold
        unseen[out] = prepare(rows.where(~out)).fit(ridge).log_odds(rows.matrix[out])
    return unseen
