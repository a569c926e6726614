"""How strongly the linear part is drawn to nothing: tried on the folds, for numbers and for categories apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.arrays import Floats
from models.estimator.linear_part import LinearPart
from models.estimator.linear_terms import Ridge
from models.estimator.options import EstimatorOptions
from models.estimator.training_rows import TrainingRows
from models.log_odds import log_losses

TRIED_ROWS = 5_000
"""Rows with which ridges are tried at most. A ridge says how large effects are, not how many leads show them."""
TRIED_FOLDS = 3

Fit = Callable[[TrainingRows, Ridge], LinearPart]


def choose_ridge(rows: TrainingRows, folds: NDArray[np.int64], *, fit: Fit, options: EstimatorOptions) -> Ridge:
    """Return the ridge with the least log loss on leads of other folds: first that of categories, then of numbers.

    Parameters
    ----------
    rows : TrainingRows
        In canonical order; beyond ``TRIED_ROWS`` every so manieth lead is taken.
    folds : array of int of length n
        The fold of each row; rows of a lead share it.
    fit : callable
        Fits a linear part.
    options : EstimatorOptions
        ``linear_ridge`` to start from and ``linear_ridges`` to try; none: the start stays.
    """
    best = Ridge(options.linear_ridge, options.linear_ridge)
    if not options.linear_ridges:
        return best
    lead = np.unique(rows.lead_ids, return_inverse=True)[1]
    chosen = lead % max(1, -(-len(lead) // TRIED_ROWS)) == 0
    few, fold = rows.where(chosen), folds[chosen] % TRIED_FOLDS
    losses: dict[Ridge, float] = {}

    def loss(ridge: Ridge) -> float:
        if ridge not in losses:
            unseen = unseen_log_odds(few, fold, fit=fit, ridge=ridge)
            losses[ridge] = float(few.weights @ log_losses(unseen, few.y))
        return losses[ridge]

    for kind in ("categories", "numbers"):
        best = min((replace(best, **{kind: value}) for value in options.linear_ridges), key=loss)
    return best


def unseen_log_odds(rows: TrainingRows, folds: NDArray[np.int64], *, fit: Fit, ridge: Ridge) -> Floats:
    """Return the log-odds of each row by a linear part that has not seen its lead."""
    unseen = np.empty(len(rows.y))
    for fold in np.unique(folds):
        out = folds == fold
        unseen[out] = fit(rows.where(~out), ridge).log_odds(rows.matrix[out])
    return unseen
