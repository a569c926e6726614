"""Whether a family of events, or a column, begins or ends in mid-history: a tool was introduced, tracking switched off.

Before its begin nobody can have it, so that its absence tells when a lead came and nothing about the lead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.time_units import format_time

EXPECTED = 20
"""Events (or filled values) that chance would have put into the gap, at least."""
LONG = 0.1
"""Share of the clock that the gap covers, at least."""
PAUSES = 2.0
"""How many times as long as the longest pause within it, at least: fairs come and go, and come again."""
STRAY = 0.005
"""Share of its own rows that may lie in the gap: a test, a typo."""


@dataclass(frozen=True)
class Gap:
    """A part of the history in which something is missing.

    Attributes
    ----------
    at_begin : bool
        Whether it is the begin of the history, rather than its end.
    edge_us : int
        First (or last) moment at which it is there.
    share : float
        Part of the clock that the gap covers.
    """

    at_begin: bool
    edge_us: int
    share: float

    @property
    def day(self) -> str:
        """The day of the edge (UTC)."""
        return format_time(self.edge_us)[:10]


def find_gaps(times_us: np.ndarray, weights: np.ndarray, clock_us: np.ndarray, clock_weights: np.ndarray) -> list[Gap]:
    """Find the gaps of one kind of row against a clock of rows that go on.

    Parameters
    ----------
    times_us, weights : array
        When the rows lie, and how many lie there.
    clock_us, clock_weights : array
        The same of the clock: events of the other families, or all leads by when they were created.

    Returns
    -------
    list of Gap
        At most one at each end. A gap counts where at the rate of the rest at least `EXPECTED` rows would lie in it.

    Examples
    --------
    >>> clock = np.arange(100) * 86_400_000_000  # one a day
    >>> late = clock[60:]
    >>> [(gap.at_begin, gap.share) for gap in find_gaps(late, np.ones(40), clock, np.ones(100))]
    [(True, 0.6)]
    """
    total, ticking = float(weights.sum()), float(clock_weights.sum())
    if total < EXPECTED or ticking == 0:
        return []
    order = np.argsort(times_us, kind="stable")
    times, running = times_us[order], np.cumsum(weights[order])
    first = int(times[np.searchsorted(running, STRAY * total, side="right").clip(max=len(times) - 1)])
    last = int(times[np.searchsorted(running, (1 - STRAY) * total, side="left").clip(max=len(times) - 1)])
    before, after = (float(clock_weights[side].sum()) for side in (clock_us < first, clock_us > last))
    during = ticking - before - after
    pause = _longest_pause(times[(times >= first) & (times <= last)], clock_us, clock_weights)
    gaps = []
    for at_begin, edge, ticks in ((True, first, before), (False, last, after)):
        if during > 0 and ticks / ticking >= LONG and total * ticks / during >= EXPECTED and ticks >= PAUSES * pause:
            gaps.append(Gap(at_begin, edge, ticks / ticking))
    return gaps


def _longest_pause(times: np.ndarray, clock_us: np.ndarray, clock_weights: np.ndarray) -> float:
    """Return how much of the clock passes between two rows that follow each other, at most."""
    order = np.argsort(clock_us, kind="stable")
    passed = np.concatenate([[0.0], np.cumsum(clock_weights[order])])
    at = passed[np.searchsorted(clock_us[order], times, side="right")]
    return float(np.diff(at).max(initial=0.0))


def family_gaps(by_day: pd.DataFrame, leads: pd.DataFrame) -> dict[str, list[Gap]]:
    """Find the gaps of each family of events.

    Parameters
    ----------
    by_day : DataFrame
        ``family``, ``day_us``, ``n``: events of a day.
    leads : DataFrame
        ``day_us``, ``n``: leads created on a day; the clock where there is but one family, or where all families begin
        or end together: the events before (or after) that were never exported.

    Returns
    -------
    dict
        By family; ``""`` stands for all families together.
    """
    found = {}
    whole = _gaps(by_day, leads, long=2 * LONG)
    if whole:
        found[""] = whole
    for family in sorted(by_day["family"].unique()):
        is_family = by_day["family"] == family
        rows, others = by_day[is_family], by_day[~is_family]
        gaps = _gaps(rows, others, long=LONG) if len(others) else []
        if gaps:
            found[str(family)] = gaps
    return found


def _gaps(rows: pd.DataFrame, clock: pd.DataFrame, *, long: float) -> list[Gap]:
    arrays = [frame[name].to_numpy() for frame in (rows, clock) for name in ("day_us", "n")]
    return [gap for gap in find_gaps(*arrays) if gap.share >= long]


def told(gap: Gap, what: str, clock: str) -> str:
    """Return a gap in words.

    Examples
    --------
    >>> told(Gap(True, 0, 0.6), "family webinar", "the other events")
    'family webinar begins on 1970-01-01; 60% of the other events lie before'
    """
    verb, side = ("begins", "before") if gap.at_begin else ("ends", "after")
    return f"{what} {verb} on {gap.day}; {gap.share:.0%} of {clock} lie {side}"
