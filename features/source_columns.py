"""What ``source.yaml`` says of one column of the leads, and of one family of events."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from features.language.languages import Words
from features.strict import Strict

FitType = Literal["category", "number", "boolean", "job_title", "email", "text"]
Intent = Literal["low", "high", "neutral", "negative"]
Actor = Literal["lead", "marketing", "sales"]
Measure = Literal["count", "count_ever", "decayed", "days_since_last", "distinct_days", "trend", "open", "hours"]
Role = Literal["budget", "authority", "need", "timeline", "location"]

BANT: tuple[Role, ...] = ("budget", "authority", "need", "timeline")


class FitColumn(Strict):
    """A column that says who the lead is."""

    type: FitType
    known: Literal["created", "changes"] = "created"
    """``created``: the value stood in the lead from the start. ``changes``: its whole history is in table changes."""
    role: Role | None = None
    source_rate: bool = False
    """Whether the matured conversion rate of each value is a feature too (campaigns, channels)."""
    values: tuple[str, ...] | None = None
    """The allowed values of a category; None allows any."""
    value_words: dict[str, Words] = Field(default_factory=dict)
    """How a category's values are called in front of people, where they are codes."""
    words: Words | None = None

    @model_validator(mode="after")
    def _fits(self) -> FitColumn:
        if self.source_rate and (self.type != "category" or self.known != "created"):
            raise ValueError("source_rate needs a category that is known from creation")
        if self.value_words and self.type != "category":
            raise ValueError("value_words are for the values of a category")
        unknown = sorted(set(self.value_words) - set(self.values or self.value_words))
        if unknown:
            raise ValueError(f"value_words names {unknown[0]!r}, which is not among the values")
        return self

    @property
    def named_values(self) -> tuple[str, ...]:
        """The values that the source names: none of them stands for a missing value, whatever word it is."""
        return tuple(dict.fromkeys((*(self.values or ()), *self.value_words)))


class EventFamily(Strict):
    """Event types that mean the same to the reader, counted together.

    A family may be a piece of work with a life cycle: put on the list, begun (``types``), ended.
    """

    types: tuple[str, ...] = Field(min_length=1)
    scheduled: tuple[str, ...] = ()
    """Event types that put such work on the list; not counted."""
    ends: tuple[str, ...] = ()
    """Event types that end what one of ``types`` began; not counted."""
    intent: Intent = "neutral"
    actor: Actor = "lead"
    measures: tuple[Measure, ...] | None = None
    """Which columns the family has; None gives it all that it can have (``open`` and ``hours`` need ``ends``)."""
    words: Words | None = None

    @model_validator(mode="after")
    def _ends_what_it_begins(self) -> EventFamily:
        if self.scheduled and not self.ends:
            raise ValueError("scheduled needs ends: without them nobody can tell what is still open")
        if not self.ends and {"open", "hours"} & set(self.measures or ()):
            raise ValueError("the measures open and hours need ends: without them no work ever ends")
        return self

    @property
    def all_types(self) -> tuple[str, ...]:
        """Every event type of the family, counted or not."""
        return (*self.types, *self.scheduled, *self.ends)

    def has(self, measure: str) -> bool:
        """Return whether the family has the columns of a measure."""
        possible = measure not in ("open", "hours") or bool(self.ends)
        return possible and (self.measures is None or measure in self.measures)
