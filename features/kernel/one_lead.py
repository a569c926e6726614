"""The facts of one lead as whole numbers in order: what `coded` makes of tables, without making tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.as_of import Times
from features.kernel.attributes import AttributesOfOne, Value
from features.kernel.coded_facts import CodedFacts, changing_fields, stage_names
from features.kernel.events import EventKinds
from features.kernel.streams import Stream, in_order
from features.source_spec import SourceSpec


class EventsOfLead(NamedTuple):
    """One lead's events in any order; the actor is the one that the source declares.

    Attributes
    ----------
    times : array of int64
        Microseconds since 1970 UTC.
    types : sequence of str
        Event types.
    who : sequence of str or None
        Who of the staff acted.
    """

    times: Times
    types: Sequence[str]
    who: Sequence[str | None]


NO_EVENTS = EventsOfLead(np.zeros(0, np.int64), (), ())


class FactsOfLead(NamedTuple):
    """One lead's facts in any order; times in microseconds since 1970 UTC.

    Attributes
    ----------
    lead_id : str
    created_us : int
    attributes : mapping
        ``account_id`` and the fit columns that are known from creation.
    events : EventsOfLead
    changes : sequence of (time, field, text or None)
    stages : sequence of (time, stage)
    """

    lead_id: str
    created_us: int
    attributes: Mapping[str, Value]
    events: EventsOfLead
    changes: Sequence[tuple[int, str, str | None]]
    stages: Sequence[tuple[int, str]]


class LeadCoder:
    """Codes the facts of single leads of a source, again and again.

    Parameters
    ----------
    spec : SourceSpec

    Attributes
    ----------
    spec : SourceSpec
    actors : dict of str to str
        Who must have acted, by event type.
    """

    def __init__(self, spec: SourceSpec) -> None:
        self.spec = spec
        self.actors = {name: family.actor for family in spec.events.values() for name in family.all_types}
        kinds = EventKinds.of(spec)
        self._kind = {event_type: kind for kind, event_type in enumerate(kinds.types)}
        self._is_act = np.where(kinds.are_acts, 0, -1)
        self._by_sales = np.array([actor == "sales" for actor in kinds.actors], dtype=np.bool_)
        self._says_who = spec.who_acted is not None
        self._stage = {name: code for code, name in enumerate(stage_names(spec))}
        self._field = {name: code for code, name in enumerate(changing_fields(spec))}

    def coded(self, facts: FactsOfLead) -> CodedFacts:
        """Return the facts; those that the source does not name are left out."""
        find = self._kind.get
        kinds = np.array([find(name, -1) for name in facts.events.types], dtype=np.int64)
        events = in_order(np.zeros(len(kinds), np.int64), facts.events.times, kinds, 1)
        changes, values = self._changes(facts)
        return CodedFacts(
            pa.array([facts.lead_id], pa.string()),
            np.array([facts.created_us], dtype=np.int64),
            AttributesOfOne(facts.attributes),
            events,
            events.split(self._is_act, 1),
            self._staff(facts.events, kinds),
            _stream([(us, self._stage.get(name, -1)) for us, name in facts.stages], 1),
            changes,
            values,
        )

    def _changes(self, facts: FactsOfLead) -> tuple[Stream, list[str]]:
        known = [(us, self._field[field], text) for us, field, text in facts.changes if field in self._field]
        names = sorted({text for _, _, text in known if text is not None})
        rank: dict[str | None, int] = {None: 0, **{text: number for number, text in enumerate(names, start=1)}}
        parts = np.array([field for _, field, _ in known], dtype=np.int64)
        return _stream([(us, rank[text]) for us, _, text in known], len(self._field), parts), names

    def _staff(self, events: EventsOfLead, kinds: NDArray[np.int64]) -> Stream:
        if not self._says_who or not len(self._by_sales):
            return _stream([], 1)
        acted = [
            (us, who)
            for us, kind, who in zip(events.times.tolist(), kinds.tolist(), events.who, strict=True)
            if kind >= 0 and who is not None and self._by_sales[kind]
        ]
        rank = {name: number for number, name in enumerate(sorted({who for _, who in acted}))}
        return _stream([(us, rank[who]) for us, who in acted], 1)


def _stream(facts: Sequence[tuple[int, int]], parts: int, part: np.ndarray | None = None) -> Stream:
    """Return times and codes as a stream, without those whose code is below 0."""
    if not facts:
        return Stream(np.zeros(parts + 1, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64))
    times, codes = np.array(facts, dtype=np.int64).reshape(-1, 2).T
    part = np.zeros(len(times), dtype=np.int64) if part is None else part
    return in_order(part, np.ascontiguousarray(times), np.ascontiguousarray(codes), parts)
