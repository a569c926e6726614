"""What every part of an answer about cut-offs is made of: figures with bounds, and values for MQL and SAL."""

from __future__ import annotations

from typing import Annotated, Protocol, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

from features.strict import Strict
from models.bands import PerBand
from models.json_values import json_values

T = TypeVar("T")
Known = Annotated[float | None, BeforeValidator(json_values)]
"""A number; None where it cannot be told."""


class Part(Strict):
    """A part of an answer: what is not declared as nullable is a finite number."""

    model_config = ConfigDict(use_attribute_docstrings=True, allow_inf_nan=False)


NAMED_AS_BANDS = ConfigDict(serialize_by_alias=True)


@dataclass(frozen=True, config=NAMED_AS_BANDS)
class ByBand(PerBand[T]):
    """One value for MQL and one for SAL, as JSON names them."""

    mql: T = Field(serialization_alias="MQL")
    sal: T = Field(serialization_alias="SAL")


class Bounded(Protocol):
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


class Figure(Part):
    """A number with its bounds; the bounds are null where the past tells none."""

    value: Known
    low: Known
    high: Known

    @classmethod
    def of(cls, estimate: Bounded) -> Figure:
        """Return what has the same three numbers as a figure."""
        return cls(value=estimate.value, low=estimate.low, high=estimate.high)

    def times(self, factor: float) -> Figure:
        """Return the figure and its bounds times a number."""
        return Figure(**{name: None if at is None else factor * at for name, at in self})
