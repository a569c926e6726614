"""Events as whole numbers, in order of lead and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.as_of import Times
from features.kernel.numbering import of_leads, one_array, places, ranked, whole
from features.kernel.streams import Stream, in_order, in_order_of
from features.source_spec import SourceSpec

STEPS = ("types", "scheduled", "ends")
"""What an event is to its family; of several at one time, a beginning comes before an end."""


@dataclass(frozen=True)
class EventKinds:
    """The event types that may enter the model, numbered family by family.

    Attributes
    ----------
    types : tuple of str
        Event types; the number of a kind is its place. Within a family: those that count, those that put work on the
        list, those that end it.
    actors : tuple of str
        Who must have acted.
    family : array of int64
        The family's place in ``spec.model_families()``.
    step : array of int64
        Place in `STEPS`.
    """

    types: tuple[str, ...]
    actors: tuple[str, ...]
    family: NDArray[np.int64]
    step: NDArray[np.int64]

    @property
    def are_acts(self) -> NDArray[np.bool_]:
        """Which kinds are what leads do themselves, as far as it counts."""
        ours = np.array([actor == "lead" for actor in self.actors], dtype=np.bool_)
        are_acts: NDArray[np.bool_] = ours & (self.step == STEPS.index("types"))
        return are_acts

    @classmethod
    def of(cls, spec: SourceSpec) -> EventKinds:
        """Return the kinds of a source."""
        rows = [
            (event_type, family.actor, number, step)
            for number, family in enumerate(spec.model_families().values())
            for step, name in enumerate(STEPS)
            for event_type in getattr(family, name)
        ]
        types, actors, families, steps = zip(*rows, strict=True) if rows else ((), (), (), ())
        return cls(types, actors, np.array(families, np.int64), np.array(steps, np.int64))


@dataclass(frozen=True)
class NumberedEvents:
    """Events in any order, by whole numbers.

    Attributes
    ----------
    lead, kind : array of whole numbers
        Places of the lead and of the kind; events whose kind is below 0 are left out.
    times : array of int64
        Microseconds since 1970 UTC.
    who : pyarrow array of string or None
        Who acted, where the source says so.
    """

    lead: NDArray[np.integer]
    kind: NDArray[np.integer]
    times: Times
    who: pa.Array | None = None

    def in_order(self, leads: int, spec: SourceSpec) -> OrderedEvents:
        """Return the events of so many leads in order."""
        return OrderedEvents.of([self], leads, spec)

    @classmethod
    def of(cls, table: pa.Table, lead_ids: pa.Array, spec: SourceSpec) -> NumberedEvents:
        """Return events that come as text; those of other leads are left out."""
        events, lead = of_leads(table, lead_ids)
        who = None if spec.who_acted is None else one_array(events[spec.who_acted])
        return cls(lead, _event_kinds(events, EventKinds.of(spec)), whole(events["occurred_us"]), who)


@dataclass(frozen=True)
class OrderedEvents:
    """Events of leads, a part a lead.

    Attributes
    ----------
    events : Stream
        Codes are places in `EventKinds`.
    acts : Stream
        Those of them that leads did themselves, as far as it counts.
    staff : Stream
        Acts of the staff that say who acted; codes count the people in the order of their names.
    """

    events: Stream
    acts: Stream
    staff: Stream

    def of_first(self, leads: int) -> OrderedEvents:
        """Return the events of so many leads from the first on."""
        return OrderedEvents(*(stream.between(0, leads) for stream in (self.events, self.acts, self.staff)))

    @classmethod
    def of(cls, pieces: Sequence[NumberedEvents], leads: int, spec: SourceSpec) -> OrderedEvents:
        """Return the events of so many leads, which come in pieces, in order."""
        kinds = EventKinds.of(spec)
        events = in_order_of([(piece.lead, piece.times, piece.kind) for piece in pieces], leads)
        acts = events.split(np.where(kinds.are_acts, 0, -1), 1)
        return cls(events, acts, _staff(pieces, kinds, leads))


def _event_kinds(events: pa.Table, kinds: EventKinds) -> NDArray[np.int64]:
    kind = places(events["event_type"], kinds.types)
    if not kinds.types:
        return kind
    actors = tuple(sorted(set(kinds.actors)))
    wanted = np.array([actors.index(actor) for actor in kinds.actors], np.int64)
    fits = places(events["actor"], actors) == wanted[np.maximum(kind, 0)]
    return np.where(fits, kind, -1)


def _staff(pieces: Sequence[NumberedEvents], kinds: EventKinds, leads: int) -> Stream:
    """Return who of the staff acted when; of several at one time the order of their names decides."""
    by_sales = np.array([actor == "sales" for actor in kinds.actors])
    lead, times, who = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [pa.array([], pa.string())]
    for piece in pieces if by_sales.any() else ():
        if piece.who is not None:
            acted = (piece.kind >= 0) & by_sales[np.maximum(piece.kind, 0)]
            lead.append(piece.lead[acted])
            times.append(piece.times[acted])
            who.append(piece.who.filter(pa.array(acted)))
    people, _ = ranked(pa.concat_arrays(who).dictionary_encode())
    return in_order(np.concatenate(lead), np.concatenate(times), people - 1, leads)
