"""What a question about cut-offs is answered with: the one schema that command, page and API read.

Figures of the next quarter have bounds with the confidence asked for; those of the test period and of differences have
95 % intervals. What cannot be told is None.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args

from pydantic import computed_field

from features.language.languages import Words
from models.what_if.answer_part import ByBand, Figure, Part
from models.what_if.knob import Limit
from models.what_if.open_leads import Changes, MondayList
from models.what_if.question import Question
from models.what_if.settings_to_adopt import settings_for
from models.what_if.stored_evidence import Naming

Policy = Literal["proposed", "in_force", "points"]
POLICIES: tuple[Policy, ...] = get_args(Policy)
"""Whose cut-offs are compared: those asked for, those of the nightly job, and those of today's points."""
NEARLY_A_LEAD = 0.5
"""Leads a week that a number may fall short by before it is said that there are fewer than asked for."""


class About(Naming):
    """What the answer rests on."""

    cutoff_version: str
    """Of the cut-offs in force."""
    baseline: Literal["points", "naive_bayes"]
    """What the policy ``points`` is: without points rules, naive Bayes stands in for them."""

    @property
    def has_points(self) -> bool:
        """Whether the source has points rules."""
        return self.baseline == "points"


class ProposedCutoffs(Part):
    """The cut-offs that follow from the question, on the probability of the forecast that scores now."""

    mql: float
    sal: float
    limit: Limit
    """What decided on ``sal``."""
    rule: Limit
    """Of capacity, promise and value the one that asks for most."""
    reachable_per_week: float
    """SALs a week with the cut-off for SAL at that for MQL …"""
    reachable_per_week_at_all: float
    """… and all that the gates let pass."""


class PromiseKept(Part):
    """A promise that holds, and the past promotions that it rests on."""

    share: float
    confidence: float
    leads: int
    """Promotions whose outcome is known …"""
    won: int
    """… and how many of these reached the target."""


class NextQuarterFigures(Part):
    """What is to be expected of the next quarter."""

    leads: Figure | None
    """A week, as outcomes, deals and value are."""
    outcomes: Figure | None
    deals: Figure | None
    precision: Figure | None
    """Share of the promoted leads that reach the target."""
    value: Figure | None
    """Null where nobody said what deals bring."""


class InTestPeriod(Part):
    """What a cut-off would have done in the test period, which decided nothing."""

    leads_per_week: float
    leads: float
    """Promotions whose outcome is known."""
    precision: Figure | None
    outcomes_per_week: Figure | None
    deals_per_week: Figure | None


class Consequence(Part):
    """What the cut-off of one policy brings for one band."""

    cutoff: float
    """A probability, or points for the policy ``points`` where there are rules."""
    leads_per_week: float
    """On the calibration period."""
    next_quarter: NextQuarterFigures
    judged_leads: int
    """Past promotions with known outcome that all but the number of leads rests on."""
    test: InTestPeriod


class ByPolicy(Part):
    """The policies side by side, for one band."""

    proposed: Consequence
    in_force: Consequence
    points: Consequence

    def of(self, policy: Policy) -> Consequence:
        """Return one policy's."""
        return {"proposed": self.proposed, "in_force": self.in_force, "points": self.points}[policy]

    def items(self) -> Iterator[tuple[Policy, Consequence]]:
        """Go through policy and consequence."""
        return ((policy, self.of(policy)) for policy in POLICIES)


class StaffChange(Part):
    """What so many salespeople more or fewer would change."""

    people: int
    """Fewer are negative."""
    sal_per_week: float
    """Leads that all of them have time for."""
    got_per_week: float
    cutoff: float
    leads: Figure
    """Change a week, as outcomes and deals are."""
    outcomes: Figure
    deals: Figure
    keeps_promise: bool | None
    """Null where nothing was promised, or nobody would be handed over."""

    @property
    def falls_short(self) -> bool:
        """Whether there are fewer leads than all of them have time for."""
        return self.got_per_week < self.sal_per_week - NEARLY_A_LEAD


class Curve(Part):
    """Precision against volume at falling cut-offs, in the test period."""

    cutoff: tuple[float, ...]
    per_week: tuple[float, ...]
    precision: tuple[float, ...]


class Curves(Part):
    """Of the model, and of today's points or what stands in for them."""

    model: Curve
    points: Curve


class Answer(Part):
    """What other cut-offs would bring."""

    question: Question
    about: About
    version: str
    """Names these cut-offs on this run."""
    cutoffs: ProposedCutoffs
    promise: PromiseKept | None
    """Null where nothing was promised."""
    other_in_force: Words | None = None
    """Says so where another decision is in force than the run trained last, which all figures are of."""
    stages: ByBand[ByPolicy]
    people: tuple[StaffChange, ...]
    """Fewest people first."""
    changes: Changes
    monday: MondayList
    curves: ByBand[Curves]

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorator above a property
    @property
    def capacity(self) -> float | None:
        """Hand-overs a week that the question comes to; null where nobody said."""
        return self.question.capacity

    @computed_field  # type: ignore[prop-decorator]
    @property
    def person_per_week(self) -> float:
        """Leads a week that one salesperson works."""
        return self.question.person_per_week

    @property
    def fewer_than_time_for(self) -> bool:
        """Whether fewer leads are handed over than sales has time for."""
        return self.capacity is not None and self.stages.sal.proposed.leads_per_week < self.capacity - NEARLY_A_LEAD

    @property
    def gates_are_the_limit(self) -> bool:
        """Whether it is the gates, and neither promise nor value, that leave sales with fewer leads."""
        return self.fewer_than_time_for and self.cutoffs.limit not in ("promise", "value")

    @property
    def more_people_in_vain(self) -> bool:
        """Whether more people would find no more leads."""
        return self.people[-1].falls_short

    @property
    def one_rule_of_several(self) -> bool:
        """Whether more was asked of SAL than the one rule that goes into the settings."""
        return self.question.rules > 1

    @property
    def settings(self) -> dict[str, Any]:
        """The section ``cutoffs`` of the settings that makes the nightly job use the answer."""
        return settings_for(self.question, self.cutoffs.rule)
