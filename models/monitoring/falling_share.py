"""Whether a share has fallen below what was promised: a test that may be looked at every week.

For each week in which a fall may have begun, likelihood ratios hold "a fifth, two or three fifths less than promised
come", each as likely as the others, against "it is what was promised". As long as each lead's chance is at least the
promise, whatever went before, its expectation never exceeds 1 (a lower share is less likely the more leads get
there). The sum over the weeks of beginning is an e-detector: the mean time until it first reaches a limit without any
fall is at least so many weeks, however often it is looked at, and a quiet past makes it no slower.

References
----------
Shin, Ramdas, Rinaldo (2024), E-detectors: a nonparametric framework for sequential change detection. New England
Journal of Statistics in Data Science 2 (the sum over beginnings is its Shiryaev-Roberts form).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from models.arrays import Floats

FALSE_ALARM_WEEKS = 260.0
"""Mean number of weeks until a false call, at least, where a share is exactly what was promised: five years. Where it
is more, as promises have it, a false call is rarer by far."""
PARTS = (0.4, 0.6, 0.8)
"""Of a promise, that may come instead of it."""


@dataclass(frozen=True)
class Fall:
    """A share that has fallen.

    Attributes
    ----------
    called : int
        Week by whose leads it was first sure, 0 the first.
    since : int
        Week from which on the leads speak for it most.
    """

    called: int
    since: int


def evidence_of_a_fall(won: ArrayLike, leads: ArrayLike, promised: float) -> Floats:
    """Return how much more likely outcomes are with a part of the promised share than with all of it.

    ``E = mean over r of r^k ((1 - r p) / (1 - p))^(n - k)``, r of `PARTS`.

    Parameters
    ----------
    won, leads : array of int
    promised : float
        Above 0 and below 1.

    Examples
    --------
    >>> evidence_of_a_fall([0, 1], [1, 1], 0.5).round(6).tolist()  # (0.8 + 0.7 + 0.6) / 3 / 0.5; mean of the parts
    [1.4, 0.6]
    """
    k, n = np.asarray(won, dtype="float64"), np.asarray(leads, dtype="float64")
    ratios = [np.exp(k * np.log(part) + (n - k) * np.log((1 - part * promised) / (1 - promised))) for part in PARTS]
    return np.asarray(np.mean(ratios, axis=0))


def fall_below(won: ArrayLike, leads: ArrayLike, promised: float, *, limit: float = FALSE_ALARM_WEEKS) -> Fall | None:
    """Return when it was first sure that a share had fallen below a promise; None where it is not.

    Parameters
    ----------
    won, leads : array of int
        Of each week, oldest first.
    promised : float
        Above 0 and below 1.
    limit : float
        Mean number of weeks until a false call, at least.
    """
    reached, handed = np.cumsum(won), np.cumsum(leads)
    for week in range(len(reached)):
        before_won = np.concatenate(([0], reached[:week]))
        before_leads = np.concatenate(([0], handed[:week]))
        evidence = evidence_of_a_fall(reached[week] - before_won, handed[week] - before_leads, promised)
        if float(evidence.sum()) >= limit:
            return Fall(called=week, since=int(np.argmax(evidence)))
    return None


def would_be_seen(leads: int, promised: float, *, part: float, limit: float = FALSE_ALARM_WEEKS) -> bool:
    """Return whether so many leads are enough to see it if only a part of the promised share came.

    Examples
    --------
    >>> would_be_seen(50, 0.3, part=0.6), would_be_seen(500, 0.3, part=0.6)
    (False, True)
    """
    return bool(evidence_of_a_fall(round(part * promised * leads), leads, promised) >= limit)
