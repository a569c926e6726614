"""A posted lead as tables, checked against what its source declares; the checks are those of a request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import Any

import pyarrow as pa

from features.errors import InputError
from features.kernel.coded_facts import CodedFacts, coded
from features.source_spec import FitColumn, SourceSpec
from features.tables.facts import ARROW, fact_schemas
from features.tables.written_values import BLANKS, NO, NUMBER, YES
from features.time_units import parse_time
from serve.api.contracts import ScoreRequest

UNNAMED = "\0posted lead"
"""Stands for the id of a lead that has none; no real id holds a NUL."""


def request_facts(request: ScoreRequest, spec: SourceSpec, *, as_of: datetime) -> CodedFacts:
    """Return one lead's facts in the form that features are computed from.

    Raises
    ------
    InputError
        Naming the first fact that the source does not know or that has the wrong type; or if the lead was not yet
        there or is closed at ``as_of``.
    """
    for problem in _problems(request, spec, as_of):
        raise problem
    lead_id = request.lead_id or UNNAMED
    schemas, actors = fact_schemas(spec), _actors(spec)
    attributes = {name: _typed(value, spec.fit[name]) for name, value in request.attributes.items()}
    lead = {"created_us": parse_time(request.created_at), "account_id": request.account_id, **attributes}
    rows = {
        "leads": [lead],
        "events": [
            {"occurred_us": parse_time(e.occurred_at), "event_type": e.event_type, "actor": actors[e.event_type],
             "detail": e.detail}
            for e in request.events
        ],
        "changes": [
            {"changed_us": parse_time(c.changed_at), "field": c.field, "value": _as_text(c.value)}
            for c in request.changes
        ],
        "stages": [{"entered_us": parse_time(s.entered_at), "stage": s.stage} for s in request.stages],
    }  # fmt: skip
    tables = {name: _table(lead_id, listed, schemas[name]) for name, listed in rows.items()}
    return coded(tables, pa.array([lead_id], pa.string()), spec)


def _table(lead_id: str, rows: list[dict[str, Any]], schema: Mapping[str, str]) -> pa.Table:
    """Return rows of one lead with the columns and types of a schema."""
    columns = {"lead_id": pa.array([lead_id] * len(rows), pa.string())}
    for name, dtype in schema.items():
        if name != "lead_id":
            columns[name] = pa.array([row.get(name) for row in rows], ARROW[dtype])
    return pa.table(columns)


def _problems(request: ScoreRequest, spec: SourceSpec, as_of: datetime) -> Iterator[InputError]:
    if request.created_at > as_of:
        yield InputError(
            expected="a lead created at or before as_of", found=request.created_at.isoformat(), table="created_at"
        )
    for name, value in request.attributes.items():
        yield from _attribute_problems(name, value, spec)
    yield from _event_problems(request, spec)
    yield from _change_problems(request, spec)
    yield from _stage_problems(request, spec, as_of)


def _event_problems(request: ScoreRequest, spec: SourceSpec) -> Iterator[InputError]:
    actors = _actors(spec)
    for row, event in enumerate(request.events, start=1):
        if event.event_type not in actors:
            yield _unknown("events", "event_type", row, event.event_type, list(actors), "a declared event type")
        elif event.actor is not None and event.actor != actors[event.event_type]:
            expected = f"actor {actors[event.event_type]}, as declared for {event.event_type}"
            yield InputError(expected=expected, found=event.actor, table="events", column="actor", row=row)


def _change_problems(request: ScoreRequest, spec: SourceSpec) -> Iterator[InputError]:
    changing = [name for name, column in spec.fit.items() if column.known == "changes"]
    for row, change in enumerate(request.changes, start=1):
        if change.field not in changing:
            yield _unknown("changes", "field", row, change.field, changing, "a field declared with known: changes")
        elif change.value is not None:
            yield from _value_problems(change.field, change.value, spec.fit[change.field], table="changes", row=row)


def _stage_problems(request: ScoreRequest, spec: SourceSpec, as_of: datetime) -> Iterator[InputError]:
    stages = [*spec.ladder, *spec.lost, *spec.recycled]
    for row, entered in enumerate(request.stages, start=1):
        if entered.stage not in stages:
            yield _unknown("stages", "stage", row, entered.stage, stages, "a stage of the source")
        elif entered.stage in spec.closed_stages and entered.entered_at <= as_of:
            yield InputError(
                expected="a lead that is open at as_of",
                found=f"{entered.stage} since {entered.entered_at.isoformat()}",
                table="stages",
                row=row,
                hint="A closed lead has nothing left to forecast; give an earlier as_of to look back",
            )


def _actors(spec: SourceSpec) -> dict[str, str]:
    return {event_type: family.actor for family in spec.events.values() for event_type in family.all_types}


def _attribute_problems(name: str, value: Any, spec: SourceSpec) -> Iterator[InputError]:
    column = spec.fit.get(name)
    if column is None:
        yield _unknown("attributes", None, None, name, list(spec.fit), "a declared fit column")
    elif column.known == "changes":
        yield InputError(
            expected="a column known from creation", found=f"{name}, whose values change",
            table="attributes", column=name, hint="Give it in changes, with the time it was known",
        )  # fmt: skip
    elif value is not None:
        yield from _value_problems(name, value, column, table="attributes")


def _value_problems(
    name: str, value: Any, column: FitColumn, *, table: str, row: int | None = None
) -> Iterator[InputError]:
    expected = {"number": "a number", "boolean": "true or false"}.get(column.type, "text")
    if table == "changes" and isinstance(value, str):  # the table holds text; numbers are read out of it
        fits = column.type != "number" or re.match(NUMBER, value) is not None
        fits &= column.type != "boolean" or value.strip(BLANKS).lower() in (*YES, *NO)
    else:
        is_number = isinstance(value, float | int) and not isinstance(value, bool)
        fits = {"number": is_number, "boolean": isinstance(value, bool)}.get(column.type, isinstance(value, str))
    if not fits:
        yield InputError(expected=expected, found=repr(value), table=table, column=name, row=row)
    elif column.values is not None and value not in column.values:
        yield _unknown(table, name, row, str(value), column.values, f"a declared value of {name}")


def _unknown(
    table: str, column: str | None, row: int | None, value: str, choices: Sequence[str], what: str
) -> InputError:
    near = get_close_matches(value, choices, n=1)
    shown = ", ".join(choices[:30]) or "none"
    hint = f"Did you mean {near[0]!r}? Known: {shown}" if near else f"Known: {shown}"
    return InputError(expected=what, found=repr(value), table=table, column=column, row=row, hint=hint)


def _typed(value: Any, column: FitColumn) -> Any:
    return float(value) if column.type == "number" and value is not None else value


def _as_text(value: Any) -> str | None:
    """Return a value as table changes holds it."""
    if value is None or isinstance(value, str):
        return value
    return ("true" if value else "false") if isinstance(value, bool) else f"{value:.17g}"
