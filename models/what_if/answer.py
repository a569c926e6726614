"""What a question about cut-offs is answered with: the one schema that command, page and API read.

Figures of the next quarter have bounds with the confidence asked for; those of the test period and of differences have
95 % intervals. What cannot be told is None.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Protocol, TypeVar, get_args

from pydantic import BeforeValidator, ConfigDict, Field, computed_field
from pydantic.dataclasses import dataclass

from features.source_spec import Words
from features.strict import Strict
from models.bands import BandOrNone, PerBand
from models.json_values import json_values
from models.what_if.knob import Limit
from models.what_if.question import Question
from models.what_if.settings_to_adopt import settings_for
from models.what_if.stored_evidence import Naming

T = TypeVar("T")
Policy = Literal["proposed", "in_force", "points"]
POLICIES: tuple[Policy, ...] = get_args(Policy)
"""Whose cut-offs are compared: those asked for, those of the nightly job, and those of today's points."""
Against = Literal["points", "in_force"]
Known = Annotated[float | None, BeforeValidator(json_values)]
"""A number; None where it cannot be told."""
NEARLY_A_LEAD = 0.5
"""Leads a week that a number may fall short by before it is said that there are fewer than asked for."""


class Estimate(Protocol):
    """A number with its bounds."""

    @property
    def value(self) -> float:
        """The number itself."""

    @property
    def low(self) -> float:
        """Its lower bound."""

    @property
    def high(self) -> float:
        """Its upper bound."""


class Part(Strict):
    """A part of an answer: what is not declared as nullable is a finite number."""

    model_config = ConfigDict(use_attribute_docstrings=True, allow_inf_nan=False)


NAMED_AS_BANDS = ConfigDict(serialize_by_alias=True)


@dataclass(frozen=True, config=NAMED_AS_BANDS)
class ByBand(PerBand[T]):
    """One value for MQL and one for SAL, as JSON names them."""

    mql: T = Field(serialization_alias="MQL")
    sal: T = Field(serialization_alias="SAL")


class Figure(Part):
    """A number with its bounds; the bounds are null where the past tells none."""

    value: Known
    low: Known
    high: Known

    @classmethod
    def of(cls, estimate: Estimate) -> Figure:
        """Return what has the same three numbers as a figure."""
        return cls(value=estimate.value, low=estimate.low, high=estimate.high)

    def times(self, factor: float) -> Figure:
        """Return the figure and its bounds times a number."""
        return Figure(**{name: None if at is None else factor * at for name, at in self})


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


class MovesRow(Part):
    """Open leads of one value of a column."""

    value: Words | None
    """Null: those whose value is not known."""
    leads: int
    now: int
    then: int
    entering: int
    leaving: int

    @property
    def moving(self) -> int:
        """Leads that enter or leave."""
        return self.entering + self.leaving


class MovesTable(Part):
    """Who enters and who leaves by the values of one column."""

    name: str
    title: Words
    is_source: bool
    """Whether the column says where leads come from."""
    rows: tuple[MovesRow, ...]
    """Most leads first; whose value is not known comes last."""

    def by_movement(self, most: int) -> list[MovesRow]:
        """Return so many rows at most, those first in which most changes."""
        return sorted(self.rows, key=lambda row: -row.moving)[:most]


class Moves(Part):
    """Who enters and who leaves when the proposed cut-offs replace others: ``then = now + entering - leaving``."""

    now: int
    """Leads that the others promote."""
    then: int
    """Leads that the proposed cut-offs promote."""
    stay: int
    entering: int
    leaving: int
    entering_leads: tuple[str, ...]
    leaving_leads: tuple[str, ...]
    tables: tuple[MovesTable, ...]


class MovesAgainst(Part):
    """The proposed cut-offs for one band against those of the other policies; MQL counts SAL in."""

    points: Moves
    in_force: Moves

    def items(self) -> Iterator[tuple[Against, Moves]]:
        """Go through policy and moves."""
        yield "points", self.points
        yield "in_force", self.in_force


@dataclass(frozen=True, config=NAMED_AS_BANDS)
class Changes(ByBand[MovesAgainst]):
    """Who enters and who leaves among the open leads that sales does not have yet."""

    mql: MovesAgainst = Field(serialization_alias="MQL")
    sal: MovesAgainst = Field(serialization_alias="SAL")
    leads: int = Field(description="Leads compared")


class ListedLead(Part):
    """An open lead at or above the proposed cut-offs that sales does not have yet."""

    place: int
    """1 is to be called first."""
    lead_id: str
    band: BandOrNone
    this_week: bool
    """Whether the people have time for it in the first week."""
    held_by_gates: bool
    """Likely enough for SAL, but a gate is closed."""
    p: float
    p_close: Known
    """Null without such a target."""
    points: Known
    """Null where the baseline is not points."""
    points_band: BandOrNone
    band_in_force: BandOrNone
    stage: str | None
    fit_grade: str | None
    behaviour_grade: str | None

    def grades(self, missing: str) -> str:
        """Return both grades together, ``A1``; what stands for an unknown one of fit is given."""
        return f"{self.fit_grade or missing}{self.behaviour_grade or ''}"


class MondayList(Part):
    """The open leads that pass, SAL first, then by probability."""

    sal: int
    mql: int
    held_by_gates: int
    """MQLs that are likely enough for SAL."""
    this_week: int
    """SALs that the people have time for in the first week; the rest is there because nobody was handed over by these
    cut-offs before."""
    rows: tuple[ListedLead, ...]


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
