"""The facts of some leads as whole numbers in order: what a block of leads is computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.as_of import Times
from features.errors import InputError
from features.kernel.streams import Stream, in_order
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
    lead, kind : array of int64
        Places of the lead and of the kind; events whose kind is below 0 are left out.
    times : array of int64
        Microseconds since 1970 UTC.
    who : pyarrow array of string or None
        Who acted, where the source says so.
    """

    lead: NDArray[np.int64]
    kind: NDArray[np.int64]
    times: Times
    who: pa.Array | None = None

    def in_order(self, leads: int, spec: SourceSpec) -> OrderedEvents:
        """Return the events of so many leads in order."""
        kinds = EventKinds.of(spec)
        events = _stream(self.lead, self.times, self.kind, leads)
        acts = events.split(np.where(kinds.are_acts, 0, -1), 1)
        return OrderedEvents(events, acts, _staff(self, kinds, leads))

    @classmethod
    def of(cls, table: pa.Table, lead_ids: pa.Array, spec: SourceSpec) -> NumberedEvents:
        """Return events that come as text; those of other leads are left out."""
        events, lead = _of_leads(table, lead_ids)
        who = None if spec.who_acted is None else _one(events[spec.who_acted])
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


@dataclass(frozen=True)
class CodedFacts:
    """What is known of some leads; the lead's place in ``lead_ids`` is its number everywhere.

    Attributes
    ----------
    lead_ids : pyarrow array of string
        Rising.
    created : array of int64
        When each lead was created.
    attributes : pyarrow Table
        A row a lead: ``account_id`` and the fit columns that are known from creation.
    events, acts, staff : Stream
        A part a lead; as in `OrderedEvents`.
    stages : Stream
        A part a lead; codes are places in `stage_names`.
    changes : Stream
        A part a lead and field that changes (lead * fields + field); codes are 0 for no value, else 1 + the place in
        ``change_values``.
    change_values : list of str
        Each different value once, rising.
    """

    lead_ids: pa.Array
    created: Times
    attributes: pa.Table
    events: Stream
    acts: Stream
    staff: Stream
    stages: Stream
    changes: Stream
    change_values: list[str]

    def __len__(self) -> int:
        return len(self.lead_ids)

    @cached_property
    def by_field(self) -> int:
        """Fields that change."""
        return self.changes.parts // max(len(self), 1)

    def between(self, first: int, last: int) -> CodedFacts:
        """Return the leads from ``first`` to before ``last``, without copying their facts."""
        fields = self.by_field
        return CodedFacts(
            self.lead_ids.slice(first, last - first),
            self.created[first:last],
            self.attributes.slice(first, last - first),
            self.events.between(first, last),
            self.acts.between(first, last),
            self.staff.between(first, last),
            self.stages.between(first, last),
            self.changes.between(first * fields, last * fields),
            self.change_values,
        )


def stage_names(spec: SourceSpec) -> tuple[str, ...]:
    """Return the stages in the order of their codes: of several at one time the last named counts."""
    return (*spec.recycled, *spec.ladder, *spec.lost)


def changing_fields(spec: SourceSpec) -> tuple[str, ...]:
    """Return the fit columns whose history is in table changes."""
    return tuple(name for name, column in spec.fit.items() if column.known == "changes")


def coded(
    tables: Mapping[str, pa.Table], lead_ids: pa.Array, spec: SourceSpec, *, events: OrderedEvents | None = None
) -> CodedFacts:
    """Return the facts of some leads as whole numbers in order.

    Parameters
    ----------
    tables : mapping of str to pyarrow Table
        ``leads``, ``changes``, ``events``, ``stages`` with the columns of `features.tables.facts.fact_schemas`, in any
        order; facts of other leads and of event types, stages and fields that the source does not name are left out.
    lead_ids : pyarrow array of string
        The leads, each once, rising.
    spec : SourceSpec
    events : OrderedEvents, optional
        The events of these leads, where they are in order already; ``events`` of the tables is not read then.

    Raises
    ------
    InputError
        If one of them has no row in ``leads``.
    """
    leads = tables["leads"]
    row = pc.index_in(lead_ids, value_set=_one(leads["lead_id"]))
    if row.null_count:
        nobody = lead_ids.filter(row.is_null())[0].as_py()
        raise InputError(expected="a row in leads for every lead that is looked at", found=f"none of lead {nobody!r}")
    own = leads.take(row)
    if events is None:
        events = NumberedEvents.of(tables["events"], lead_ids, spec).in_order(len(lead_ids), spec)
    stages, stage_lead = _of_leads(tables["stages"], lead_ids)
    stage = _places(stages["stage"], stage_names(spec))
    changes, change_values = _changes(tables["changes"], lead_ids, changing_fields(spec))
    return CodedFacts(
        lead_ids,
        whole(own["created_us"]),
        own.drop_columns(["lead_id", "created_us"]),
        events.events,
        events.acts,
        events.staff,
        _stream(stage_lead, whole(stages["entered_us"]), stage, len(lead_ids)),
        changes,
        change_values,
    )


def whole(column: pa.Array | pa.ChunkedArray) -> NDArray[np.int64]:
    """Return a column of whole numbers as an array that compiled functions take; nulls become -1."""
    column = pc.fill_null(column, -1) if column.null_count else column
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    arrays = [chunk.to_numpy(zero_copy_only=False) for chunk in chunks]
    return np.concatenate(arrays, dtype=np.int64) if arrays else np.zeros(0, dtype=np.int64)


def _stream(lead: NDArray[np.int64], times: Times, codes: NDArray[np.int64], parts: int) -> Stream:
    """Return facts as a stream, without those whose code is below 0."""
    if len(codes) and codes.min() < 0:
        there = codes >= 0
        lead, times, codes = lead[there], times[there], codes[there]
    return in_order(lead, times, codes, parts)


def _of_leads(table: pa.Table, lead_ids: pa.Array) -> tuple[pa.Table, NDArray[np.int64]]:
    """Return the rows of these leads, and the number of the lead of each."""
    lead = pc.index_in(_one(table["lead_id"]), value_set=lead_ids)
    if lead.null_count:
        there = lead.is_valid()
        table, lead = table.filter(there), lead.filter(there)
    return table, whole(lead)


def _event_kinds(events: pa.Table, kinds: EventKinds) -> NDArray[np.int64]:
    kind = _places(events["event_type"], kinds.types)
    if not kinds.types:
        return kind
    actors = tuple(sorted(set(kinds.actors)))
    wanted = np.array([actors.index(actor) for actor in kinds.actors], np.int64)
    fits = _places(events["actor"], actors) == wanted[np.maximum(kind, 0)]
    return np.where(fits, kind, -1)


def _places(column: pa.ChunkedArray, names: Sequence[str]) -> NDArray[np.int64]:
    """Return the place of each value among names, -1 for others."""
    return whole(pc.index_in(_one(column), value_set=pa.array(names, pa.string())))


def _changes(table: pa.Table, lead_ids: pa.Array, fields: tuple[str, ...]) -> tuple[Stream, list[str]]:
    changes, lead = _of_leads(table, lead_ids)
    field = _places(changes["field"], fields)
    values = _one(changes["value"]).dictionary_encode()
    codes, names = ranked(values)
    return _stream(lead * len(fields) + field, whole(changes["changed_us"]), np.where(field < 0, -1, codes),
                   len(lead_ids) * len(fields)), names  # fmt: skip


def ranked(values: pa.DictionaryArray) -> tuple[NDArray[np.int64], list[str]]:
    """Return for each value 1 + its place among the different ones in rising order (0 for null), and these."""
    texts: list[str] = values.dictionary.to_pylist()
    names = sorted(texts)
    place = {text: number for number, text in enumerate(names, start=1)}
    rank = np.array([0, *(place[text] for text in texts)], np.int64)
    return rank[whole(values.indices) + 1], names


def _staff(events: NumberedEvents, kinds: EventKinds, leads: int) -> Stream:
    """Return who of the staff acted when; of several at one time the order of their names decides."""
    if events.who is None or not kinds.types:
        return Stream(np.zeros(leads + 1, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64))
    by_sales = np.array([actor == "sales" for actor in kinds.actors])
    acted = (events.kind >= 0) & by_sales[np.maximum(events.kind, 0)]
    people, _ = ranked(events.who.filter(pa.array(acted)).dictionary_encode())
    return _stream(events.lead[acted], events.times[acted], people - 1, leads)


def _one(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
