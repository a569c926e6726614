"""Whether a lead's score rises or falls since the run before: one rule for pages, API and tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from models.scoring.changes import total_change

Trend = Literal["up", "same", "down"]
TRENDS: tuple[Trend, ...] = get_args(Trend)
LEAST_POINTS = 1.0
"""Percentage points that a score has to move for an arrow; less is the same."""


def trend_of(change: Sequence[Mapping[str, Any]] | None) -> Trend | None:
    """Return how a score moved since the run before; None where there is nothing to compare it with.

    Parameters
    ----------
    change : sequence of mapping or None
        The score's column ``change``.

    Examples
    --------
    >>> before, behaviour = {"part": "earlier", "percentage_points": 4.0}, {"part": "new_behaviour"}
    >>> [trend_of([before, behaviour | {"percentage_points": by}]) for by in (0.9, 1.0, -3.0)], trend_of(None)
    (['same', 'up', 'down'], None)
    """
    if not change:
        return None
    moved = total_change(change)
    if abs(moved) < LEAST_POINTS - 1e-9:
        return "same"
    return "up" if moved > 0 else "down"
