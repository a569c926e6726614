"""How a cut-off's statement is put in the report and the summary: what was asked, and what is stated."""

from __future__ import annotations

from typing import Literal

from features.language.numbers import DASH
from models.cutoffs.cutoffs import BandStatement, Volume
from pipeline.pages.number_words import bounds, number, percent_bounds

RAISED = "raised to MQL's cut-off"


def asked(statement: BandStatement | None, volume: Volume) -> str:
    """Return what was asked of a cut-off, and whether it had to be raised.

    Examples
    --------
    >>> asked(None, Volume(asked_per_week=12, got_per_week=11.5))
    '12.0 a week'
    """
    if statement is None:
        return DASH if volume.asked_per_week is None else f"{number(volume.asked_per_week, 1)} a week"
    return f"{statement.asked}; {RAISED}" if statement.raised_to_mql else statement.asked


def stated(statement: BandStatement | None, figure: Literal["leads_per_week", "precision"]) -> str:
    """Return the bounds of a figure of the next quarter: ``31.2 to 55.8``, or in percent for a share."""
    interval = None if statement is None else getattr(statement.next_quarter, figure)
    if interval is None:
        return DASH
    return percent_bounds(interval) if figure == "precision" else bounds(interval, 1)
