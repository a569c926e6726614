"""The exploration lane: which leads below the cut-off are handed over by a draw, and with what probability.

A forecast learns from what became of leads that sales worked. Where sales works only what the forecast promotes,
nothing is ever learned about the others. The lane hands over a small random share of them, and the probability of each
draw is known: that is what :mod:`features.tables.handovers` needs to weigh them.

A lead draws once at each of its looks on the source's own grid (``snapshots.every``), however often the job runs in
between: the draw is a hash of seed, lead and number of the look. So a repeated run draws the same leads, a nightly job
does not draw on until all are drawn, and over all its looks a lead is drawn with the share that was asked for.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from features.source_spec import Snapshots
from models.arrays import Floats

_STEPS = 2.0**64


def looks_of_a_lead(snapshots: Snapshots) -> int:
    """Return at how many looks of the source's grid a lead is looked at, at most.

    Examples
    --------
    >>> looks_of_a_lead(Snapshots.model_validate({"after": "1d", "every": "14d", "until": "71d"}))
    6
    """
    if snapshots.every is None or snapshots.until is None:
        return 1
    return (snapshots.until - snapshots.after) // snapshots.every + 1


def chance_per_look(share: float, looks: int) -> float:
    """Return the chance of each draw with which a lead that draws at every look is drawn with ``share`` in sum.

    Examples
    --------
    >>> chance_per_look(0.75, 2)
    0.5
    """
    return 1.0 if share >= 1.0 else -math.expm1(math.log1p(-share) / looks)


def look_numbers(as_of_us: ArrayLike, first_look_us: ArrayLike, snapshots: Snapshots) -> NDArray[np.int64]:
    """Return the look of the grid that each time belongs to: the last at or before it, counted from 0."""
    passed = np.asarray(as_of_us, dtype=np.int64) - np.asarray(first_look_us, dtype=np.int64)
    if snapshots.every is None:
        return np.zeros(len(passed), dtype=np.int64)
    return np.maximum(passed // snapshots.every, 0)


def drawn(lead_ids: ArrayLike, looks: ArrayLike, *, chance: float, seed: int) -> NDArray[np.bool_]:
    """Return who is drawn: each lead and look with ``chance``, always the same ones for one seed.

    Parameters
    ----------
    lead_ids, looks : array-like of length n
        The lead, and the number of its look.
    chance : float
        Of each draw, from 0 (nobody) to 1 (everybody).
    seed : int
        Another seed draws others.

    Examples
    --------
    >>> drawn(["a", "b"], [0, 0], chance=1.0, seed=7).tolist()
    [True, True]
    """
    numbers = np.asarray(looks, dtype=np.int64).tolist()
    keys = np.array([f"{look}\0{lead}" for look, lead in zip(numbers, np.asarray(lead_ids).tolist(), strict=True)])
    key = f"lane{seed % 10**12:012d}"
    hashed: Floats = pd.util.hash_array(keys.astype(object), hash_key=key, categorize=False) / _STEPS
    below: NDArray[np.bool_] = hashed < chance
    return below | (chance >= 1.0)
