"""Settings of the alarm against self-deception."""

from __future__ import annotations

from pydantic import Field

from features.strict import Strict


class GamingOptions(Strict):
    """How the gaming alarm looks and how often it may be wrong."""

    windows_weeks: tuple[int, ...] = Field(default=(6, 13, 26), min_length=1)
    """The newest weeks that are held against those before."""
    reference_weeks: int = Field(default=52, ge=4)
    """How far back the comparison reaches."""
    fewest_reference_weeks: int = 13
    fewest_reference_entries: int = 30
    fewest_expected: float = 6.0
    """Moves up the ladder that must be expected of the newest entries before anything can be told."""
    least_rise: float = 1.4
    """Volume must have risen by this factor …"""
    rise_spreads: float = 3.0
    """… and by so many standard errors, against the group's own past and against the others."""
    least_fall: float = 0.85
    """Conversion must be below this part of what it was."""
    false_alarm_weeks: float = Field(default=3.0, gt=0)
    """Weeks of a year with a false alarm if some group's volume were up all the year, over all groups together: a bound
    that holds however the weeks depend on each other. Most weeks nothing is up, and then nothing can be false."""
