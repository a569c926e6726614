"""What can be said of leads whose export lacks times: not when they were won, or no time at all."""

from __future__ import annotations

from typing import Literal

UnknownTimes = Literal["won", "all"]
"""``won``: not when a lead was won. ``all``: not when it came either, so the order of the rows stands for the time."""

ROWS_A_WEEK, ROWS_A_MONTH = 168, 730
"""Where the order of the rows stands for the time, a row is an hour: so many of them are a week, a month."""


def notice(unknown: UnknownTimes | None) -> str | None:
    """Return in words what cannot be had for want of times, without the last full stop.

    Examples
    --------
    >>> notice(None) is None
    True
    >>> notice("won")
    'The export does not say when leads were won: how soon a lead is won cannot be told, only whether'
    """
    if unknown is None:
        return None
    if unknown == "won":
        return "The export does not say when leads were won: how soon a lead is won cannot be told, only whether"
    return (
        "The export has no times, and the order of its rows stands for them: nobody can tell how soon or in which week "
        "a lead is won, what a night's list would have held, or how leads change over time. Where a day, a week or a "
        f"month is named, 24, {ROWS_A_WEEK} or {ROWS_A_MONTH} rows are meant"
    )
