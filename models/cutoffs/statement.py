"""What a cut-off promises, and what it will give in the next quarter."""

from __future__ import annotations

from features.strict import Strict


class Promise(Strict):
    """A promise that a cut-off keeps (:mod:`models.cutoffs.policies.promised_precision`)."""

    threshold: float
    """The lowest cut-off that passed: as many leads as the promise allows."""
    share: float
    """The chance is at least ``confidence`` that of the leads promoted more than this share reach the target."""
    confidence: float
    leads: int
    """First promotions at the cut-off whose outcome is known …"""
    won: int
    """… and how many of these reached the target."""


class Stated(Strict):
    """A figure of the next quarter, with the bounds that it will lie in with the stated confidence."""

    value: float
    low: float
    high: float


class NextQuarter(Strict):
    """What is stated of the next quarter (:mod:`models.cutoffs.next_quarter`); None where the past tells nothing."""

    weeks: int
    confidence: float
    leads_per_week: Stated
    precision: Stated | None
    """Share of the promoted leads that reach the target within its horizon."""
    recall: Stated | None
    """Share of the leads reaching the target that were promoted."""
    outcomes_per_week: Stated | None
    """Promoted leads a week that reach the target."""
    deals_per_week: Stated | None
    value_per_week: Stated | None
    """Against handing nobody over, in the currency of the settings."""
    judged_leads: int
    """Past promotions with known outcome that all but the number of leads rests on."""
