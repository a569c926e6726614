"""A posted lead as facts, checked against what its source declares; the checks are those of a request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from features.errors import InputError
from features.kernel.coded_facts import CodedFacts
from features.kernel.one_lead import FactsOfLead, LeadCoder
from features.source_columns import FitColumn
from features.source_spec import SourceSpec
from features.tables.written_values import BLANKS, NO, NUMBER, YES, is_nothing
from features.time_units import parse_time
from serve.api.contracts import ScoreRequest
from serve.api.events_of_people import events_of_people

UNNAMED = "\0posted lead"
"""Stands for the id of a lead that has none; no real id holds a NUL."""


def request_facts(request: ScoreRequest, coder: LeadCoder, *, as_of: datetime) -> CodedFacts:
    """Return one lead's facts in the form that features are computed from.

    Raises
    ------
    InputError
        Naming the first fact that the source does not know or that has the wrong type; or if the lead was not yet
        there or is closed at ``as_of``.
    """
    for problem in _problems(request, coder, as_of):
        raise problem
    fit = coder.spec.fit
    attributes = {name: _typed(_said(value, fit[name]), fit[name]) for name, value in request.attributes.items()}
    return coder.coded(
        FactsOfLead(
            lead_id=request.lead_id or UNNAMED,
            created_us=parse_time(request.created_at),
            attributes={**attributes, "account_id": request.account_id},
            events=events_of_people(request, coder),
            changes=[
                (parse_time(c.changed_at), c.field, _as_text(_said(c.value, fit[c.field]))) for c in request.changes
            ],
            stages=[(parse_time(s.entered_at), s.stage) for s in request.stages],
        )
    )


def _problems(request: ScoreRequest, coder: LeadCoder, as_of: datetime) -> Iterator[InputError]:
    spec = coder.spec
    if request.created_at > as_of:
        yield InputError(
            expected="a lead created at or before as_of", found=request.created_at.isoformat(), table="created_at"
        )
    for name, value in request.attributes.items():
        yield from _attribute_problems(name, value, spec)
    yield from _event_problems(request, coder.actors)
    yield from _change_problems(request, spec)
    yield from _stage_problems(request, spec, as_of)


def _event_problems(request: ScoreRequest, actors: Mapping[str, str]) -> Iterator[InputError]:
    types, said = {event["event_type"] for event in request.events}, {event.get("actor") for event in request.events}
    if actors.keys() >= types and said <= {None}:
        return
    for row, event in enumerate(request.events, start=1):
        event_type, actor = event["event_type"], event.get("actor")
        if event_type not in actors:
            yield _unknown("events", "event_type", row, event_type, list(actors), "a declared event type")
        elif actor is not None and actor != actors[event_type]:
            expected = f"actor {actors[event_type]}, as declared for {event_type}"
            yield InputError(expected=expected, found=actor, table="events", column="actor", row=row)


def _change_problems(request: ScoreRequest, spec: SourceSpec) -> Iterator[InputError]:
    changing = [name for name, column in spec.fit.items() if column.known == "changes"]
    for row, change in enumerate(request.changes, start=1):
        if change.field not in changing:
            yield _unknown("changes", "field", row, change.field, changing, "a field declared with known: changes")
        elif _said(change.value, spec.fit[change.field]) is not None:
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


def _attribute_problems(name: str, value: Any, spec: SourceSpec) -> Iterator[InputError]:
    column = spec.fit.get(name)
    if column is None:
        yield _unknown("attributes", None, None, name, list(spec.fit), "a declared fit column")
    elif column.known == "changes":
        yield InputError(
            expected="a column known from creation", found=f"{name}, whose values change",
            table="attributes", column=name, hint="Give it in changes, with the time it was known",
        )  # fmt: skip
    elif _said(value, column) is not None:
        yield from _value_problems(name, value, column, table="attributes")


def _said(value: Any, column: FitColumn) -> Any:
    """Return a value, or None for a word that stands for a missing one: as ``ingest`` reads it."""
    figures = column.type in ("number", "boolean")
    missing = isinstance(value, str) and is_nothing(value, declared=column.named_values, figures=figures)
    return None if missing else value


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
