"""How strongly the linear part is drawn to nothing: tried on the folds, for numbers and for categories apart."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from models.estimator.linear_curvature import Whitening
from models.estimator.linear_part import TRIAL, LinearFitting, Optimum
from models.estimator.linear_terms import Ridge
from models.estimator.options import EstimatorOptions
from models.estimator.training_rows import every_manieth_lead
from models.log_odds import log_losses

TRIED_ROWS = 5_000
"""Rows with which ridges are tried at most. A ridge says how large effects are, not how many leads show them."""
TRIED_FOLDS = 3


def choose_ridge(
    fitting: LinearFitting,
    lead_ids: NDArray[np.str_],
    folds: NDArray[np.int64],
    *,
    options: EstimatorOptions,
    pool: Executor,
) -> Ridge:
    """Return the ridge with the least log loss on leads of other folds: first that of categories, then of numbers.

    Parameters
    ----------
    fitting : LinearFitting
        Rows in canonical order; beyond ``TRIED_ROWS`` every so manieth lead is taken.
    lead_ids, folds : array of length n
        The lead and the fold of each row; rows of a lead share it.
    options : EstimatorOptions
        ``linear_ridge`` to start from and ``linear_ridges`` to try; none: the start stays.
    pool : Executor
        Fits the linear parts.
    """
    best = Ridge(options.linear_ridge, options.linear_ridge)
    if not options.linear_ridges:
        return best
    chosen = every_manieth_lead(lead_ids, most_rows=TRIED_ROWS)
    few, fold = fitting.where(chosen), folds[chosen] % TRIED_FOLDS
    watched = [_Watched(few, fold == number) for number in np.unique(fold).tolist()]
    losses: dict[Ridge, float] = {}
    for kind in ("categories", "numbers"):
        tried = [replace(best, **{kind: value}) for value in options.linear_ridges]
        new = [ridge for ridge in tried if ridge not in losses]
        ways = list(pool.map(few.whitening, new))
        found = pool.map(_Watched.losses, watched, repeat(new), repeat(ways))
        losses |= dict(zip(new, np.sum(list(found), axis=0).tolist(), strict=True))
        best = min(tried, key=losses.__getitem__)
    return best


class _Watched:
    """The rows of all folds but one, on which ridges are tried one after the other, and the rows of that one."""

    def __init__(self, few: LinearFitting, out: NDArray[np.bool_]) -> None:
        self._fitting, self._held_out = few.where(~out), few.where(out)
        self._last: Optimum | None = None

    def losses(self, ridges: Sequence[Ridge], ways: Sequence[Whitening]) -> list[float]:
        """Return the log loss on that fold's rows, one a ridge; each starts where the one before arrived."""
        return [self._loss(ridge, way) for ridge, way in zip(ridges, ways, strict=True)]

    def _loss(self, ridge: Ridge, way: Whitening) -> float:
        self._last = self._fitting.optimum(ridge, way, TRIAL, self._last)
        rows = self._held_out
        log_odds = self._last.intercept + rows.design.times(self._last.coefficients)
        return float(rows.weights @ log_losses(log_odds, rows.y))
