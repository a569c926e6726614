"""The as-of rule, for one time, for columns of times, and for facts in order of time.

A fact with ``time <= as_of`` is known at ``as_of``; an outcome counts in ``(as_of, as_of + horizon]``. Both halves of
the rule are written here and nowhere else.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled

Times = NDArray[np.int64]
"""Microseconds since 1970 UTC."""
Positions = NDArray[np.int64]

AS_OF = "as_of_us"


def is_known(time: Any, as_of: Any) -> Any:
    """Whether a fact of ``time`` may be used at ``as_of``; times are integers, arrays, or columns of any library.

    Examples
    --------
    >>> is_known(10, 10), is_known(11, 10)
    (True, False)
    """
    return time <= as_of


def is_before(time: Any, start: Any) -> Any:
    """Whether ``time`` lies before a period that begins at ``start``.

    Examples
    --------
    >>> is_before(9, 10), is_before(10, 10)
    (True, False)
    """
    return time < start


def counts_as_outcome(time: Any, as_of: Any, *, horizon: Any) -> Any:
    """Whether an outcome at ``time`` counts for a forecast made at ``as_of`` over ``horizon``.

    Examples
    --------
    >>> [counts_as_outcome(time, 10, horizon=5) for time in (10, 15, 16)]
    [False, True, False]
    """
    return (time > as_of) & (time <= as_of + horizon)


def is_matured(as_of: Any, horizon: Any, observed_until: Any) -> Any:
    """Whether the whole outcome window of ``as_of`` has been observed.

    Examples
    --------
    >>> is_matured(10, 5, 15), is_matured(11, 5, 15)
    (True, False)
    """
    return as_of + horizon <= observed_until


@compiled
def known_until(times: Times, start: Positions, part: Positions, moments: Times, shift_us: int) -> Positions:
    """Return for each look the position after the last fact that is known ``shift_us`` before its moment.

    Whoever reads facts up to that position can see none that lies after the moment.

    Parameters
    ----------
    times : array of int64
        Times of facts, part by part, rising within a part.
    start : array of int64 of length parts + 1
        Where each part begins.
    part : array of int64 of shape (kinds, looks)
        The part that each look reads; below 0 it reads nothing and gets 0.
    moments : array of int64 of length looks
        As-of times. Looks at one part that follow each other in time are quickest.
    shift_us : int
        0 for what is known at the moment; a window's length for what was known when the window began.
    """
    kinds, looks = part.shape
    known = np.zeros((kinds, looks), np.int64)
    for kind in range(kinds):
        before, low = -1, 0
        for look in range(looks):
            own = part[kind, look]
            if own < 0:
                continue
            as_of = moments[look] - shift_us
            high = start[own + 1]
            if own != before or (low > start[own] and not times[low - 1] <= as_of):
                low = start[own]
            before = own
            while low < high:
                middle = (low + high) // 2
                if times[middle] <= as_of:
                    low = middle + 1
                else:
                    high = middle
            known[kind, look] = low
    return known
