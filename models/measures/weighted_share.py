"""The share of leads that got somewhere, where not every lead says as much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.measures.bootstrap import Interval
from models.measures.wilson import wilson


@dataclass(frozen=True)
class WeightedShare:
    """A share with its interval.

    Attributes
    ----------
    share : Interval
        Weighted, with Wilson's 95 % interval on the effective number; nan where no lead weighs anything.
    worked : int
        Leads that weigh something.
    effective_leads : float
        How many leads of equal weight would be as telling: (Σw)² / Σw² (Kish 1965).
    """

    share: Interval
    worked: int
    effective_leads: float


def weighted_share(y: npt.ArrayLike, weights: npt.ArrayLike) -> WeightedShare:
    """Return the weighted share of leads with the outcome; with weights of 1 it is their plain share.

    Parameters
    ----------
    y : array of 0 and 1
        One a lead.
    weights : array of float
        0 and up; 0 says nothing (:mod:`features.tables.handovers`).

    Examples
    --------
    >>> precision = weighted_share([1, 0, 1, 0], [1.0, 1.0, 0.0, 8.0])
    >>> precision.share.value, precision.worked, round(precision.effective_leads, 2)
    (0.1, 3, 1.52)
    """
    outcome, weight = np.asarray(y, dtype="float64"), np.asarray(weights, dtype="float64")
    total, squares = float(weight.sum()), float((weight**2).sum())
    if squares == 0:
        nothing = float("nan")
        return WeightedShare(Interval(nothing, nothing, nothing), 0, 0.0)
    won = float((weight * outcome).sum())
    per_lead = total / squares
    low, high = wilson(won * per_lead, total * per_lead)
    share = Interval(won / total, float(low), float(high))
    return WeightedShare(share, int((weight > 0).sum()), total * per_lead)


def weighted_median(values: npt.ArrayLike, weights: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the weighted median along the last axis: half of the weight lies on either side.

    Parameters
    ----------
    values, weights : array of shape (…, n)
        Weights above 0. With equal weights the usual median.

    Examples
    --------
    >>> weighted_median([3.0, 1.0, 2.0, 10.0], [1.0, 1.0, 1.0, 1.0]), weighted_median([3.0, 1.0], [3.0, 1.0])
    (array(2.5), array(3.))
    """
    value, weight = np.asarray(values, dtype="float64"), np.asarray(weights, dtype="float64")
    order = np.argsort(value, axis=-1, kind="stable")
    value, weight = np.take_along_axis(value, order, -1), np.take_along_axis(weight, order, -1)
    below = np.cumsum(weight, axis=-1)
    half = below[..., -1:] / 2
    first, last = (below < half).sum(axis=-1), (below <= half).sum(axis=-1)
    ends = [np.take_along_axis(value, np.expand_dims(at, -1), -1)[..., 0] for at in (first, last)]
    return np.asarray((ends[0] + ends[1]) / 2)
