"""What two teams ask about cut-offs: every field once, with its range, default, and names on every surface.

Command, API, page and the settings to adopt are made from these declarations. The module loads no table library, so
that the command can show its options at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import ConfigDict, Field, computed_field, model_validator
from pydantic_core import PydanticCustomError

from features.strict import Strict
from models.cutoffs.policies.knobs import Capacity, DealValue
from models.what_if.knob import Knob


class Question(Strict):
    """What is asked: numbers a week, a promise, money, and what a salesperson can work.

    Nothing asked about a band leaves its cut-off as it is in force.
    """

    model_config = ConfigDict(use_attribute_docstrings=True)

    sal_per_week: Annotated[
        float | None,
        Field(gt=0, le=1e6),
        Knob(
            flag="--capacity", form="sal", unit="leads a week", group="volume", band="SAL", help=True,
            adopts="sal.per_week", rule="capacity",
        ),
    ] = None  # fmt: skip
    """Leads a week that sales can take (SAL): hand-overs"""
    promise: Annotated[
        float | None,
        Field(gt=0, lt=1),
        Knob(
            flag="--promise", form="promise", unit="share", group="volume", slider_to=95.0, help=True,
            adopts="sal.promise", rule="promise",
        ),
    ] = None  # fmt: skip
    """Share of the SALs that must reach the target: 0.3"""
    confidence: Annotated[
        float,
        Field(ge=0.5, lt=1),
        Knob(
            flag="--confidence", form="sure", unit="share", group="volume", slider_to=99.0, adopts="confidence",
            rule="promise",
        ),
    ] = 0.9  # fmt: skip
    """How sure, of the promise and of every interval of the next quarter"""
    mql_per_week: Annotated[
        float | None,
        Field(gt=0, le=1e6),
        Knob(
            flag="--mql-capacity", form="mql", unit="leads a week", group="volume", band="MQL", help=True,
            adopts="mql.per_week",
        ),
    ] = None  # fmt: skip
    """MQLs a week; without it the cut-off in force holds"""
    people: Annotated[
        float | None,
        Field(gt=0, le=1e5),
        Knob(
            flag="--people", form="people", unit="people", group="times",
            help=True,
        ),
    ] = None  # fmt: skip
    """Salespeople, in place of a number of leads a week: as many as they can work"""
    minutes_a_lead: Annotated[
        float,
        Field(ge=0.01, le=1e6),
        Knob(
            flag="--minutes-per-lead", form="minutes", unit="minutes", group="times",
        ),
    ] = 60.0  # fmt: skip
    """Working time that a lead takes, in minutes"""
    hours_a_week: Annotated[
        float,
        Field(gt=0, le=80),
        Knob(
            flag="--hours", form="hours", unit="hours a week", group="times",
        ),
    ] = 19.0  # fmt: skip
    """Hours a week and person that are for new leads"""
    leads_a_person: Annotated[
        float | None,
        Field(gt=0, le=1e6),
        Knob(
            flag="--leads-per-person", form="each", unit="leads a week", group="times",
            help=True,
        ),
    ] = None  # fmt: skip
    """Leads a week and person, counted and not reckoned from minutes and hours"""
    deal_value: Annotated[
        float | None,
        Field(gt=0, le=1e12, exclude=True),
        Knob(
            flag="--deal-value", form="deal", unit="money", group="money", adopts="sal.value.deal", rule="value",
        ),
    ] = None  # fmt: skip
    """What a deal brings; it goes together with what a hand-over costs"""
    handover_cost: Annotated[
        float | None,
        Field(gt=0, le=1e12, exclude=True),
        Knob(
            flag="--handover-cost", form="handover", unit="money", group="money", adopts="sal.value.handover",
            rule="value",
        ),
    ] = None  # fmt: skip
    """What a hand-over costs, won or not"""
    missed_cost: Annotated[
        float,
        Field(ge=0, le=1e12, exclude=True),
        Knob(
            flag="--missed-cost", form="missed", unit="money", group="money",
            help=True,
            adopts="sal.value.missed", rule="value",
        ),
    ] = 0.0  # fmt: skip
    """What a deal costs that came from a lead not handed over, beyond its value"""

    @model_validator(mode="after")
    def _fits_together(self) -> Question:
        """Refuse what does not fit together: ``{expected}`` and ``{found}`` name fields, for each surface to reword."""
        if (self.deal_value is None) != (self.handover_cost is None) or (self.missed_cost and self.deal_value is None):
            raise _misfit("value", expected="deal_value and handover_cost together", found="one without the other")
        wanted = self.capacity
        if wanted is not None and self.mql_per_week is not None and wanted > self.mql_per_week:
            raise _misfit(
                "order",
                expected="no more leads a week for SAL than for MQL, since every SAL is an MQL",
                found=f"{wanted:g} for SAL and {self.mql_per_week:g} for MQL",
            )
        return self

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorator above a property
    @property
    def value(self) -> DealValue | None:
        """What deals bring and hand-overs cost; null where nobody said."""
        if self.deal_value is None or self.handover_cost is None:
            return None
        return DealValue(deal=self.deal_value, handover=self.handover_cost, missed=self.missed_cost)

    @property
    def capacity(self) -> float | None:
        """Hand-overs a week that sales can take, or None where nobody said."""
        if self.sal_per_week is not None or self.people is None:
            return self.sal_per_week
        return self.people * self.person_per_week

    @property
    def rules(self) -> int:
        """How many things are asked of SAL: of number, promise and value."""
        return sum(rule is not None for rule in (self.capacity, self.promise, self.value))

    @property
    def person_per_week(self) -> float:
        """Leads a week that one salesperson works, over the year, with eight weeks off.

        Examples
        --------
        >>> round(Question().person_per_week, 2)
        16.08
        """
        if self.leads_a_person is not None:
            return self.leads_a_person
        work = Capacity(
            people=1, hours_a_week=self.hours_a_week, share_for_leads=1.0, minutes_a_lead=self.minutes_a_lead
        )
        return work.leads_per_week


def _misfit(kind: str, *, expected: str, found: str) -> PydanticCustomError:
    return PydanticCustomError(kind, "expected {expected}, found {found}", {"expected": expected, "found": found})


KNOBS: Mapping[str, Knob] = {
    name: next(part for part in field.metadata if isinstance(part, Knob))
    for name, field in Question.model_fields.items()
}
"""Every field of a question with its names, in the order in which people are shown them."""
