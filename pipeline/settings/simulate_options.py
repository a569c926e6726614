"""The knobs of the simulated company, and of what comes over it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from features.strict import Strict
from features.time_units import Instant, parse_time

Kind = Literal["none", "sweepstake", "price_lists", "more_of_the_same", "growth", "season", "harder_sales"]
GAMED = ("sweepstake", "price_lists")
OF_A_CAMPAIGN = (*GAMED, "more_of_the_same")


class ShiftOptions(Strict):
    """What comes over the company, where and when; ``none`` is the usual demo."""

    kind: Kind = "none"
    """``sweepstake`` (people who want a prize) and ``price_lists`` (downloads that staff triggers) game the points of
    ``campaign``. ``more_of_the_same`` (the campaign brings more leads, as good as before), ``growth`` (all campaigns,
    slowly), ``season`` (all campaigns, in waves of a year) and ``harder_sales`` (sales takes fewer) do not."""
    campaign: str | None = None
    from_day: Instant = 0
    factor: float = Field(default=2.0, gt=0, le=10)
    """About how many times the usual MQLs; for ``harder_sales`` the part of its liking that sales keeps."""

    @model_validator(mode="after")
    def _complete(self) -> ShiftOptions:
        if self.kind in OF_A_CAMPAIGN and self.campaign is None:
            raise ValueError(f"simulate.shift.kind {self.kind} needs simulate.shift.campaign")
        if self.kind == "harder_sales" and self.factor > 1:
            raise ValueError("simulate.shift.factor is a part of 1 for harder_sales")
        return self


class SimulateOptions(Strict):
    """Size of the simulated company."""

    leads: int = Field(default=20_000, ge=50)
    events_per_lead: float = Field(default=50, gt=0)
    first_day: Instant = parse_time("2024-07-01")
    last_day: Instant = parse_time("2026-07-01")
    follow_up: Literal["usual", "promoted_only"] = "usual"
    """Whom sales works: ``usual`` is promoted leads, fair cards and what it comes across itself; ``promoted_only`` is
    promoted leads and the lane."""
    explore_share: float = Field(default=0.0, ge=0, le=1)
    """Share of the leads below the cut-off that the lane hands over; needs ``follow_up: promoted_only``."""

    machines: float = Field(default=0.0, ge=0, lt=0.9)
    """Share of the clicks in mails that scanners do; above 0 some people follow several links of a mail, too."""
    doubles: float = Field(default=0.0, ge=0, le=0.5)
    """Share of the people who are entered a second time, under another id and the same address."""

    shift: ShiftOptions = ShiftOptions()
    """What comes over the company at some time: gamed points, or something harmless."""

    @model_validator(mode="after")
    def _lane_has_a_meaning(self) -> SimulateOptions:
        if self.explore_share > 0 and self.follow_up != "promoted_only":
            raise ValueError("simulate.explore_share needs simulate.follow_up: promoted_only")
        return self
