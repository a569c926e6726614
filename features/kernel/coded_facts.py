"""The facts of some leads as whole numbers in order: what a block of leads is computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from features.as_of import Times
from features.errors import InputError
from features.kernel.attributes import Attributes, AttributeTable
from features.kernel.events import NumberedEvents, OrderedEvents
from features.kernel.numbering import of_leads, one_array, places, ranked, whole
from features.kernel.streams import Stream, in_order
from features.source_spec import SourceSpec


@dataclass(frozen=True)
class CodedFacts:
    """What is known of some leads; the lead's place in ``lead_ids`` is its number everywhere.

    Attributes
    ----------
    lead_ids : pyarrow array of string
        Rising.
    created : array of int64
        When each lead was created.
    attributes : Attributes
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
    attributes: Attributes
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
            self.attributes.between(first, last),
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
    import pyarrow.compute as pc

    leads = tables["leads"]
    row = pc.index_in(lead_ids, value_set=one_array(leads["lead_id"]))
    if row.null_count:
        nobody = lead_ids.filter(row.is_null())[0].as_py()
        raise InputError(expected="a row in leads for every lead that is looked at", found=f"none of lead {nobody!r}")
    own = leads.take(row)
    if events is None:
        events = NumberedEvents.of(tables["events"], lead_ids, spec).in_order(len(lead_ids), spec)
    stages, stage_lead = of_leads(tables["stages"], lead_ids)
    stage = places(stages["stage"], stage_names(spec))
    changes, change_values = _changes(tables["changes"], lead_ids, changing_fields(spec))
    return CodedFacts(
        lead_ids,
        whole(own["created_us"]),
        AttributeTable(own.drop_columns(["lead_id", "created_us"])),
        events.events,
        events.acts,
        events.staff,
        in_order(stage_lead, whole(stages["entered_us"]), stage, len(lead_ids)),
        changes,
        change_values,
    )


def _changes(table: pa.Table, lead_ids: pa.Array, fields: tuple[str, ...]) -> tuple[Stream, list[str]]:
    changes, lead = of_leads(table, lead_ids)
    field = places(changes["field"], fields)
    values = one_array(changes["value"]).dictionary_encode()
    codes, names = ranked(values)
    return in_order(lead * len(fields) + field, whole(changes["changed_us"]), np.where(field < 0, -1, codes),
                   len(lead_ids) * len(fields)), names  # fmt: skip
