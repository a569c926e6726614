"""Whether what was promised of a cut-off is kept by the leads handed over since, as far as their time is over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.answers import Answer
from features.as_of import counts_as_outcome, is_matured
from features.time_units import WEEK_US
from models.monitoring.falling_share import fall_below, would_be_seen

SEEN_PART = 0.6
"""A promise counts as kept once it would have been noticed if only this part of it had come."""


@dataclass(frozen=True)
class Promised:
    """What was promised of the cut-off of one band.

    Attributes
    ----------
    share : float
        At least this part of the leads reaches the target.
    is_tested : bool
        Whether the share is a promise of its own, which has no end; else it is the lower bound of what was stated of
        the quarter ahead, and that quarter's own share is held against it.
    low, high : float
        Leads a week, stated of the quarter ahead.
    weeks : int
        Of that quarter.
    """

    share: float | None
    is_tested: bool
    low: float
    high: float
    weeks: int


@dataclass(frozen=True)
class ShareKept:
    """What is told of a share: matured leads, those that reached the target, and since when it is too low.

    Attributes
    ----------
    answer : Answer
    leads, reached : int
        Of all leads whose time is over; where the share fell, of those since then; where a stated quarter ended too
        low, of that quarter.
    since_us : int or None
        From which hand-overs on it surely lies below the promise.
    """

    answer: Answer
    leads: int
    reached: int
    since_us: int | None = None


@dataclass(frozen=True)
class VolumeKept:
    """What is told of a volume: leads handed over in the weeks of the quarter that are over."""

    answer: Answer
    leads: int
    weeks: int


def followed(handed_over: pd.DataFrame, reached_us: pd.Series, *, horizon_us: int, as_of_us: int) -> pd.DataFrame:
    """Return the leads handed over whose time is over, with what became of them.

    Parameters
    ----------
    handed_over : DataFrame
        ``lead_id`` and ``at_us``, one row a lead.
    reached_us : Series
        By lead, when it first reached the target; leads that did not are missing.
    horizon_us : int
        Time that a lead is given.
    as_of_us : int
        Nothing later is looked at.

    Returns
    -------
    DataFrame
        ``at_us`` and ``reached`` (bool), by time.
    """
    rows = handed_over[is_matured(handed_over["at_us"], horizon_us, as_of_us)].sort_values("at_us", kind="stable")
    came = rows["lead_id"].map(reached_us).astype("Int64")
    inside = counts_as_outcome(came, rows["at_us"], horizon=horizon_us).fillna(False).astype(bool)
    return pd.DataFrame({"at_us": rows["at_us"], "reached": inside}).reset_index(drop=True)


def share_kept(
    rows: pd.DataFrame, promised: Promised, *, from_us: int, known_until_us: int, handed_until_us: int
) -> ShareKept:
    """Say whether the promised share is kept.

    A share that is surely lower since some week breaks it, in a test that may be looked at every week; so does a
    stated quarter that ended below its bound. It is kept where as many got there as promised, and enough leads were
    followed to have noticed 60 % of it.

    Parameters
    ----------
    rows : DataFrame
        As from `followed`.
    promised : Promised
        With a share.
    from_us : int
        Since when the decision is in force.
    known_until_us : int
        Up to which hand-over all leads have had their time.
    handed_until_us : int
        Up to when leads were handed over.
    """
    assert promised.share is not None
    until_us = min(known_until_us, handed_until_us)
    weeks = max((until_us - from_us) // WEEK_US, 0)
    week = ((rows["at_us"] - from_us) // WEEK_US).to_numpy(dtype="int64")
    whole = week < weeks
    leads = np.bincount(week[whole], minlength=weeks)
    won = np.bincount(week[whole], rows["reached"].to_numpy()[whole], minlength=weeks).astype("int64")
    fall = fall_below(won, leads, promised.share)
    if fall is not None:
        since = slice(fall.since, None)
        return ShareKept(Answer.FAILED, int(leads[since].sum()), int(won[since].sum()), from_us + fall.since * WEEK_US)
    quarter = slice(0, promised.weeks)
    if not promised.is_tested and weeks >= promised.weeks and leads[quarter].sum():
        n, k = int(leads[quarter].sum()), int(won[quarter].sum())
        return ShareKept(Answer.PASSED if k >= promised.share * n else Answer.FAILED, n, k)
    n, k = int(leads.sum()), int(won.sum())
    kept = n > 0 and k >= promised.share * n and would_be_seen(n, promised.share, part=SEEN_PART)
    return ShareKept(Answer.PASSED if kept else Answer.UNCHECKED, n, k)


def volume_kept(handed_over: pd.DataFrame, promised: Promised, *, from_us: int, until_us: int) -> VolumeKept:
    """Say whether the number of leads in the stated quarter is inside its bounds.

    It is told once the quarter is over, or as soon as it cannot be kept any more because too many came. Nobody has to
    wait for outcomes.

    Parameters
    ----------
    handed_over : DataFrame
        ``at_us``, one row a lead.
    promised : Promised
    from_us, until_us : int
        Since when the decision is in force, and until when leads were handed over.
    """
    weeks = int(min(max((until_us - from_us) // WEEK_US, 0), promised.weeks))
    at = handed_over["at_us"]
    leads = int(((at >= from_us) & (at < from_us + weeks * WEEK_US)).sum())
    if leads > promised.high * promised.weeks:
        return VolumeKept(Answer.FAILED, leads, weeks)
    if weeks < promised.weeks:
        return VolumeKept(Answer.UNCHECKED, leads, weeks)
    return VolumeKept(Answer.PASSED if leads >= promised.low * weeks else Answer.FAILED, leads, weeks)
