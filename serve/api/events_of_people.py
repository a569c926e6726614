"""The events of a posted lead that people caused, each from when it is known, by the rule of ingestion."""

from __future__ import annotations

from itertools import compress

import numpy as np
import pyarrow as pa

from features.as_of import Times
from features.kernel.one_lead import NO_EVENTS, EventsOfLead, LeadCoder
from features.machine_rules import MachineRules
from features.tables.machine_acts import known_from, machine_reasons
from features.tables.written_values import is_nothing
from serve.api.contracts import ScoreRequest


def events_of_people(request: ScoreRequest, coder: LeadCoder) -> EventsOfLead:
    """Return the posted events without those of machines; all of them where the source declares no ``machines``.

    Parameters
    ----------
    request : ScoreRequest
        Its event types are those of the source.
    coder : LeadCoder
        Knows the source, and who acts.
    """
    if not request.events:
        return NO_EVENTS
    rules = coder.spec.machines
    details = [event.get("detail") for event in request.events]
    said = [None if detail is None else _said(detail) for detail in details]
    events = EventsOfLead(_times(request), [event["event_type"] for event in request.events], said)
    return events if rules is None else _without_machines(events, request, coder, rules)


def _times(request: ScoreRequest) -> Times:
    """Return when the events were; a time without a zone is UTC."""
    times = pa.array([event["occurred_at"] for event in request.events], pa.timestamp("us", tz="UTC"))
    return np.array(times.view(pa.int64()))


def _without_machines(
    events: EventsOfLead, request: ScoreRequest, coder: LeadCoder, rules: MachineRules
) -> EventsOfLead:
    fit = coder.spec.fit.items()
    email = next((name for name, one in fit if one.type == "email" and one.known == "created"), "")
    texts = {
        "detail": [_said(event.get("detail")) for event in request.events],
        "user_agent": [_said(event.get("user_agent")) for event in request.events],
        "ip": [_said(event.get("ip")) for event in request.events],
    }
    types, count = pa.array(events.types, pa.string()), len(events.types)
    acts = pa.table(
        {
            "lead": pa.array([0] * count, pa.int64()),
            "occurred_us": pa.array(events.times),
            "event_type": types,
            "is_act": pa.array([coder.actors[event_type] == "lead" for event_type in events.types], pa.bool_()),
            "email": pa.array([request.attributes.get(email)] * count, pa.string()),
            **{name: pa.array(values, pa.string()) for name, values in texts.items()},
        }
    )
    people = machine_reasons(acts, rules) == 0
    known = known_from(events.times, types, rules)
    return EventsOfLead(known[people], list(compress(events.types, people)), list(compress(events.who, people)))


def _said(text: str | None) -> str | None:
    """Return a text that says something, as ingestion keeps it; a word for nothing is none."""
    return None if text is None or is_nothing(text) else text
