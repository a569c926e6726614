"""What a company may ask of a cut-off: the policies with their knobs, one set for MQL and one for SAL."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from features.strict import Strict

Policy = Literal[
    "same_volume_as_points",
    "per_week",
    "default_share",
    "capacity",
    "same_precision_more_leads",
    "same_recall_fewer_leads",
    "promised_precision",
    "expected_value",
]
AskedPolicy = Literal[
    "same_volume_as_points",
    "per_week",
    "capacity",
    "same_precision_more_leads",
    "same_recall_fewer_leads",
    "promised_precision",
    "expected_value",
]
"""What settings may name; ``default_share`` is what ``same_volume_as_points`` becomes without rules."""

WEEKS_A_YEAR = 52.0


class Capacity(Strict):
    """The people who work the leads of a stage, and what a lead costs them."""

    people: float = Field(gt=0)
    hours_a_week: float = Field(default=38.0, gt=0, le=80)
    share_for_leads: float = Field(default=0.5, gt=0, le=1)
    """Share of the working time that is for new leads of this stage."""
    minutes_a_lead: float = Field(gt=0)
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

    deal: float = Field(gt=0)
    """Contribution of a won deal, before the cost of the lead's hand-over."""
    handover: float = Field(gt=0)
    """Cost of handing a lead over: the work on it, won or not."""
    missed: float = Field(default=0.0, ge=0)
    """Cost of a deal that came from a lead not handed over, beyond what it brings."""


class BandOptions(Strict):
    """The policy of one stage with its knobs; those of other policies are not looked at."""

    policy: AskedPolicy | None = None
    """None takes the policy that holds for both stages."""
    per_week: float | None = Field(default=None, gt=0)
    capacity: Capacity | None = None
    """Needed by ``capacity``; where given, a bound for ``expected_value``."""
    promise: float | None = Field(default=None, gt=0, lt=1)
    """Share of the promoted leads that must reach the target."""
    value: DealValue | None = None
