"""What follows from a source alone, before there is any lead: worked out once, however many blocks ask for it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any, TypeVar, cast

from features.kernel.coded_facts import changing_fields, stage_names
from features.kernel.events import EventKinds
from features.source_columns import EventFamily
from features.source_spec import FeatureOptions, SourceSpec

T = TypeVar("T")


class Declared:
    """A source and its feature options, and what is made of them.

    Parameters
    ----------
    spec : SourceSpec
    options : FeatureOptions
    """

    def __init__(self, spec: SourceSpec, options: FeatureOptions) -> None:
        self.spec, self.options = spec, options
        self._made: dict[Hashable, Any] = {}

    def once(self, make: Callable[..., T], *arguments: Hashable) -> T:
        """Return what a function makes of the source; it is called once for the same arguments."""
        key = (make, *arguments)
        if key not in self._made:
            self._made[key] = make(self, *arguments)
        return cast("T", self._made[key])

    @cached_property
    def kinds(self) -> EventKinds:
        """The event types that may enter the model."""
        return EventKinds.of(self.spec)

    @cached_property
    def families(self) -> dict[str, EventFamily]:
        """The event families that may enter the model."""
        return self.spec.model_families()

    @cached_property
    def family_names(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self.families)

    @cached_property
    def stages(self) -> tuple[str, ...]:
        """The stages, in the order of their codes."""
        return stage_names(self.spec)

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The fit columns whose history is in table changes."""
        return changing_fields(self.spec)
