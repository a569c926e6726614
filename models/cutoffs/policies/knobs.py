"""The knobs of policies: numbers a week, people, a promise, money."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from features.strict import Strict

WEEKS_A_YEAR = 52.0


class Capacity(Strict):
    """The people who work the leads of a band, and what a lead costs them."""

    people: float = Field(gt=0, le=1e5)
    hours_a_week: float = Field(default=38.0, gt=0, le=80)
    share_for_leads: float = Field(default=0.5, gt=0, le=1)
    """Share of the working time that is for new leads of this band."""
    minutes_a_lead: float = Field(ge=0.01, le=1e6)
    """Working time a lead takes, with research, attempts and notes."""
    weeks_off: float = Field(default=8.0, ge=0, lt=WEEKS_A_YEAR)
    """Weeks of leave, holidays and sickness a year and person."""

    @property
    def leads_per_week(self) -> float:
        """Leads a week that they can work, over the year.

        Examples
        --------
        >>> Capacity(people=2, hours_a_week=40, share_for_leads=0.5, minutes_a_lead=60, weeks_off=0).leads_per_week
        40.0
        """
        hours = self.people * self.hours_a_week * self.share_for_leads
        return hours * 60 / self.minutes_a_lead * (WEEKS_A_YEAR - self.weeks_off) / WEEKS_A_YEAR


class DealValue(Strict):
    """What deals bring and hand-overs cost, in one currency."""

    deal: float = Field(gt=0, le=1e12)
    """Contribution of a won deal, before the cost of the lead's hand-over."""
    handover: float = Field(gt=0, le=1e12)
    """Cost of handing a lead over: the work on it, won or not."""
    missed: float = Field(default=0.0, ge=0, le=1e12)
    """Cost of a deal that came from a lead not handed over, beyond what it brings."""


class Knobs(Strict):
    """The knobs of one band; those that its policy does not need are not looked at."""

    per_week: float | None = Field(default=None, gt=0, le=1e6)
    capacity: Capacity | None = None
    """Needed by ``capacity``; where given, a bound for ``expected_value``."""
    promise: float | None = Field(default=None, gt=0, lt=1)
    """Share of the promoted leads that must reach the target."""
    value: DealValue | None = None


Knob = Literal["per_week", "capacity", "promise", "value"]
"""Names of the fields of `Knobs`."""
