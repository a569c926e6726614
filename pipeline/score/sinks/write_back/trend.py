"""How a tool says whether a lead's score rises or falls: Dynamics' words for `models.scoring.trend`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from models.scoring.trend import Trend as Arrow
from models.scoring.trend import trend_of

Trend = Literal["improving", "steady", "declining", "not_enough_info"]
TRENDS: tuple[Trend, ...] = get_args(Trend)
"""In the order in which Dynamics 365 numbers them, from 0."""
_WORDS: Mapping[Arrow, Trend] = {"up": "improving", "same": "steady", "down": "declining"}


def trend(change: Sequence[Mapping[str, Any]] | None) -> Trend:
    """Return how a score moved since the run before.

    Parameters
    ----------
    change : sequence of mapping or None
        The score's column of this name.

    Examples
    --------
    >>> moves = [{"part": "earlier", "percentage_points": 20.0}, {"part": "new_behaviour", "percentage_points": 5.0}]
    >>> trend(moves), trend(None)
    ('improving', 'not_enough_info')
    """
    arrow = trend_of(change)
    return "not_enough_info" if arrow is None else _WORDS[arrow]
