"""Which files tell what happened to leads: a time and a type a row."""

from __future__ import annotations

from dataclasses import dataclass, replace

from features.leaks.persons import person_sign
from pipeline.init.id_links import Link
from pipeline.init.lead_rows import LeadRows
from pipeline.init.look_at_files import ColumnLook, FileLook
from pipeline.init.presets import Preset
from pipeline.init.time_columns import event_times
from pipeline.source.sql import literal

MOST_FAMILIES = 40
_MOST_TYPES = 200
_TYPES = (
    "event_type",
    "event type",
    "event",
    "activity type",
    "activity",
    "action",
    "type",
    "aktion",
    "aktivität",
    "ereignis",
    "typ",
    "concept:name",
    "vorgang",
    "schritt",
    "task",
    "step",
    "role",
    "rolle",
)
_NO_TYPES = (
    "status",
    "state",
    "priority",
    "owner",
    "subject",
    "result",
    "priorität",
    "besitzer",
    "email",
    "url",
    "lifecycle",
    "transition",
    "resource",
)


@dataclass(frozen=True)
class EventsGuess:
    """A file of events: its lead, time and type; without a type all its rows are one.

    Parameters
    ----------
    link : Link
        File, and the column that holds the lead.
    time : ColumnLook
        When it happened.
    type : ColumnLook or None
        What happened.
    outcomes : tuple of str
        Types that are outcomes: stages, and no events.
    """

    link: Link
    time: ColumnLook
    type: ColumnLook | None
    outcomes: tuple[str, ...] = ()

    @property
    def look(self) -> FileLook:
        """The file."""
        return self.link.look

    @property
    def types(self) -> tuple[str, ...]:
        """The event types that become families, the most frequent first."""
        if self.type is None:
            return (self.look.file.name.split(".")[0],)
        return tuple(name for name in self.type.common if name not in self.outcomes)[:MOST_FAMILIES]


def guess_events(links: list[Link], preset: Preset) -> tuple[list[EventsGuess], dict[str, str]]:
    """Return the files of events, and why others are none, by file name."""
    found, why_not = [], {}
    for link in links:
        times = event_times(link.look, preset.of("event_time"))
        if not times:
            why_not[link.look.file.name] = "it has no time that can be read; export it with the time of each row"
            continue
        columns = [_with_names(column, preset) for column in link.look.columns]
        named = [column for column in columns if column.name in preset.of("event_type")]
        types = [
            column
            for column in columns
            if column.name != link.column.name and column.kind == "text" and 1 <= column.values <= _MOST_TYPES
            and column.values < 0.5 * link.look.rows and person_sign(column.name, column.common) is None
        ]  # fmt: skip
        ranked = sorted(types, key=lambda column: _type_rank(column, named))
        found.append(EventsGuess(link, times[0], ranked[0] if ranked else None))
    return found, why_not


def _with_names(column: ColumnLook, preset: Preset) -> ColumnLook:
    """Return a column of types that are numbers with the names that the system means by them."""
    if column.kind != "number" or column.name not in preset.of("event_type") or not preset.type_names:
        return column
    cases = "".join(
        f" WHEN {literal(value)} THEN {literal(preset.type_names[value])}"
        for value in column.common
        if value in preset.type_names
    )
    names = tuple(preset.type_names.get(value, value) for value in column.common)
    read = f"CASE COLUMN::VARCHAR{cases} ELSE COLUMN::VARCHAR END" if cases else "COLUMN::VARCHAR"
    return replace(column, kind="text", common=names, read_by=read)


def _type_rank(column: ColumnLook, known: list[ColumnLook]) -> tuple[bool, bool, int, bool]:
    place = next((i for i, word in enumerate(_TYPES) if column.named(word)), len(_TYPES))
    return (column.values < 2, column.named(*_NO_TYPES), place if column not in known else min(place, 1), False)


def events_sql(rows: LeadRows, events: list[EventsGuess]) -> str:
    """Return the text of ``events.sql``."""
    parts = [_part(rows, one) for one in events]
    head = "-- What happened, one row an event. Outcomes belong into stages.sql, not here.\n"
    with_ids = f"WITH {rows.ids}\n" if rows.ids else ""
    return head + with_ids + "\nUNION ALL\n".join(parts) + "\n"


def _part(rows: LeadRows, events: EventsGuess) -> str:
    lead, relation = rows.of_file(events.look, events.link.column)
    if events.type is None:
        type_, where = literal(events.types[0]), ""
    else:
        type_ = events.type.sql
        many = events.type.values > MOST_FAMILIES
        where = (
            f"\nWHERE {type_} IN ({', '.join(map(literal, events.types))})" if many else f"\nWHERE {type_} IS NOT NULL"
        )
        if events.outcomes and not many:
            where = f"\nWHERE {type_} NOT IN ({', '.join(map(literal, events.outcomes))})"
    return (
        f"SELECT\n    {lead} AS lead_id,\n    {events.time.sql} AS occurred_at,\n    {type_} AS event_type\n"
        f"FROM {relation}{where}"
    )
