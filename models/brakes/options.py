"""From when on a night is odd: floors, below which nothing is, and how far the last nights may be left behind."""

from __future__ import annotations

from pydantic import Field

from features.strict import Strict
from features.time_units import DAY_US, Duration


class BrakeOptions(Strict):
    """Limits of ``leadscore nightly``; each is the higher one of what stands here and what the last nights do."""

    nights: int = Field(default=28, ge=1)
    """Nights compared with."""
    spreads: float = Field(default=6.0, gt=0)
    """Standard deviations above the mean of these nights up to which a night is usual."""
    most_gone: float = Field(default=0.05, ge=0, le=1)
    """Share of last night's leads, events, … that are not there any more, and that a table or a kind shrinks by."""
    most_growth: float = Field(default=0.25, ge=0)
    """Share that a table, or a kind of event or stage, grows by in a day."""
    most_copies: float = Field(default=0.05, ge=0)
    """Share of rows more than last night of the time until then."""
    most_changed: float = Field(default=0.2, ge=0, le=1)
    """Share of the leads whose value in a column is another one than last night."""
    most_emptied: float = Field(default=0.1, ge=0, le=1)
    """By how much the filled share of a column falls, or the share of its most frequent value rises."""
    most_factor: float = Field(default=1.5, ge=1)
    """By which the middle of a column of numbers moves."""
    most_back: Duration = Field(default=DAY_US, ge=0)
    """By which the newest time of a table goes back."""
    most_silent: Duration = Field(default=4 * DAY_US, ge=0)
    """From the newest time of a table to the end of the export."""
    most_ahead: Duration = Field(default=2 * DAY_US, ge=0)
    """From the end of the export to the newest time of a table, beyond what is usual there."""
    most_bands: float = Field(default=0.1, ge=0, le=1)
    """Share of the open leads whose band changes."""
    most_list: float = Field(default=0.5, ge=0)
    """Share by which the list (SAL and MQL) grows or shrinks."""
    most_open_gone: float = Field(default=0.2, ge=0, le=1)
    """Share of last night's open leads that are not open any more."""
