"""Some leads, and the moments at which they are looked at: what every measure is read from."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from features.as_of import Positions, Times
from features.kernel.coded_facts import CodedFacts
from features.kernel.declared import Declared
from features.kernel.events import STEPS, EventKinds
from features.kernel.looks import Looks
from features.kernel.other_leads import OtherLeads
from features.kernel.streams import Stream
from features.source_columns import EventFamily
from features.source_spec import FeatureOptions, SourceSpec

T = TypeVar("T")


def lead_families(spec: SourceSpec) -> dict[str, EventFamily]:
    """Return the families of what leads do themselves: only these tell order, tempo and interest."""
    return {name: family for name, family in spec.model_families().items() if family.actor == "lead"}


@dataclass(frozen=True)
class Block:
    """Looks at some leads, in order of lead and moment.

    Attributes
    ----------
    declared : Declared
        The source.
    facts : CodedFacts
        Of these leads.
    others : OtherLeads
        Around these leads.
    lead, moments : array of int64
        One entry a look: the lead's number, and the as-of time.
    """

    declared: Declared
    facts: CodedFacts
    others: OtherLeads
    lead: Positions
    moments: Times

    _made: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.moments)

    def once(self, make: Callable[..., T], *arguments: Hashable) -> T:
        """Return what a function makes of the block and its arguments; it is called once, however many measures ask."""
        key = (make, *arguments)
        if key not in self._made:
            self._made[key] = make(self, *arguments)
        return cast("T", self._made[key])

    @property
    def spec(self) -> SourceSpec:
        """What the source declares."""
        return self.declared.spec

    @property
    def options(self) -> FeatureOptions:
        """Windows and half-lives."""
        return self.declared.options

    @cached_property
    def created(self) -> Times:
        """When the lead of each look was created."""
        return self.facts.created[self.lead]

    @property
    def kinds(self) -> EventKinds:
        """The event types of the source."""
        return self.declared.kinds

    @cached_property
    def behaviour(self) -> Looks:
        """What counts, a kind of look for each family of ``spec.model_families()``."""
        return self._by_family(self.declared.once(_counted_families))

    @cached_property
    def work(self) -> Looks:
        """All steps of work, a kind of look for each family of ``spec.model_families()``; codes are kinds of events."""
        return self._by_family(self.kinds.family)

    @cached_property
    def actions(self) -> Looks:
        """What the lead did itself; of several at one time in the order of the families; codes are kinds of events."""
        return self.looks(self.facts.acts)

    @cached_property
    def stages(self) -> Looks:
        """Entries into stages."""
        return self.looks(self.facts.stages)

    @cached_property
    def staff(self) -> Looks:
        """Acts of the staff that say who acted."""
        return self.looks(self.facts.staff)

    @cached_property
    def changes(self) -> Looks:
        """Changes, a kind of look for each field that changes."""
        return Looks(self.facts.changes, self._parts(len(self.declared.fields)), self.moments)

    def looks(self, stream: Stream) -> Looks:
        """Return the looks at a stream that has a part a lead."""
        return Looks(stream, self.lead[None, :], self.moments)

    def _by_family(self, kinds: NDArray[np.int64]) -> Looks:
        count = len(self.declared.families)
        return Looks(self.facts.events.split(kinds, count), self._parts(count), self.moments)

    def _parts(self, count: int) -> Positions:
        return self.lead[None, :] * count + np.arange(count)[:, None]


def _counted_families(declared: Declared) -> NDArray[np.int64]:
    """Return the family of each kind of event that counts, -1 for what puts work on the list or ends it."""
    kinds = declared.kinds
    return np.where(kinds.step == STEPS.index("types"), kinds.family, -1)
