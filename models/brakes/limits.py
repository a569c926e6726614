"""How far a night may leave the last ones behind: learned from their spread, with a floor."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

LEAST_NIGHTS = 3
"""Fewer values have no spread worth the name."""


def limit(past: Sequence[float], *, floor: float, spreads: float) -> float:
    """Return from which value on a night is odd.

    Parameters
    ----------
    past : sequence of float
        What it was in the last nights. The largest is left out: one odd night that somebody let pass teaches nothing,
        two alike do.
    floor : float
        The limit is never below it.
    spreads : float
        Standard deviations above the mean.

    Examples
    --------
    >>> limit([0.001, 0.002, 0.001, 0.6], floor=0.05, spreads=6)
    0.05
    >>> limit([0.3, 0.3, 0.3, 0.3, 0.3], floor=0.05, spreads=6) > 0.3
    True
    """
    usual = sorted(past)[:-1]
    if len(usual) < LEAST_NIGHTS - 1:
        return floor
    mean = statistics.fmean(usual)
    return max(floor, mean * MARGIN + spreads * statistics.pstdev(usual))


MARGIN = 1.1
"""What does not vary at all is not held to its last digit."""
