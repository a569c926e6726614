"""Whether a lead's score rises or falls, beside what it was a week before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, get_args

Trend = Literal["improving", "steady", "declining", "not_enough_info"]
TRENDS: tuple[Trend, ...] = get_args(Trend)
"""In the order in which Dynamics 365 numbers them, from 0."""
WEEK = timedelta(days=7)
LEAST_POINTS = 3
"""A smaller difference, of 100 points, is steady."""


def trend(score: int, earlier: Sequence[tuple[datetime, int]], *, now: datetime) -> Trend:
    """Return how a score moves.

    Parameters
    ----------
    score : int
        Today's, 0 to 100.
    earlier : sequence of (datetime, int)
        Scores that were sent before with their moments, oldest first.
    now : datetime
        Today's moment. What was in force a week before is the measure; where there is nothing so old, the oldest is.

    Examples
    --------
    >>> from datetime import UTC
    >>> monday = datetime(2026, 6, 1, tzinfo=UTC)
    >>> trend(40, [(monday - 2 * WEEK, 20), (monday - WEEK / 7, 38)], now=monday)
    'improving'
    >>> trend(40, [], now=monday)
    'not_enough_info'
    """
    if not earlier:
        return "not_enough_info"
    of_last_week = [points for at, points in earlier if at <= now - WEEK]
    difference = score - (of_last_week[-1] if of_last_week else earlier[0][1])
    if abs(difference) < LEAST_POINTS:
        return "steady"
    return "improving" if difference > 0 else "declining"
