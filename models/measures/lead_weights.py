"""Rows of one lead belong together: what they weigh, and which fold they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.arrays import Floats

if TYPE_CHECKING:
    pass


def even_weights(lead_ids: ArrayLike) -> Floats:
    """Return the same weight for every row; together as many as there are leads.

    A row is one forecast, and all forecasts count alike. A weight of 1 / (rows of the lead) would know the outcome: a
    lead is looked at until it has reached the target, so who gets there soon has few rows. Penalties count in leads,
    since many rows of a lead prove little more than one.

    Examples
    --------
    >>> even_weights(["a", "b", "a", "a"]).tolist()
    [0.5, 0.5, 0.5, 0.5]
    """
    ids = np.asarray(lead_ids, dtype=str)
    return np.full(len(ids), len(np.unique(ids)) / max(len(ids), 1))


def row_weights(lead_ids: ArrayLike, weights: ArrayLike | None) -> Floats:
    """Return the weights given, or those of `even_weights` where none are."""
    return even_weights(lead_ids) if weights is None else np.asarray(weights, dtype=np.float64)


def lead_folds(lead_ids: ArrayLike, y: ArrayLike, *, folds: int, seed: int) -> NDArray[np.int64]:
    """Deal the leads into folds, rows of a lead together, leads with an outcome spread evenly.

    Which fold a lead falls into depends on its id, on the seed and on the other leads, not on the order of rows.

    Parameters
    ----------
    lead_ids, y : array-like of length n
        Lead and outcome (0 or 1) of each row.
    folds : int
        How many.
    seed : int
        Another seed deals otherwise.

    Returns
    -------
    array of int, length n
        The fold of each row, 0 to ``folds - 1``.
    """
    import pandas as pd

    leads, lead = np.unique(np.asarray(lead_ids, dtype=str), return_inverse=True)
    converted = np.zeros(len(leads), dtype=np.float64)
    np.maximum.at(converted, lead, np.asarray(y, dtype=np.float64))
    key = f"{seed % 10**16:016d}"
    hashed = pd.util.hash_array(leads.astype(object), hash_key=key, categorize=False)
    order = np.lexsort((leads, hashed, -converted))
    fold_of_lead = np.empty(len(leads), dtype=np.int64)
    fold_of_lead[order] = np.arange(len(leads)) % folds
    return fold_of_lead[lead]
