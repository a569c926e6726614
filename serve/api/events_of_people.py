"""The events of a posted lead that people caused, each from when it is known, by the rule of ingestion."""

from __future__ import annotations

from typing import TypeAlias

import pyarrow as pa

from features.kernel.one_lead import LeadCoder
from features.machine_rules import MachineRules
from features.tables.machine_acts import known_from, machine_reasons
from features.tables.written_values import is_nothing
from features.time_units import parse_time
from serve.api.contracts import ScoreRequest

PostedEvent: TypeAlias = tuple[int, str, str | None]
"""Time in microseconds since 1970, type, detail."""
_SEEN_BY = ("detail", "user_agent", "ip")


def events_of_people(request: ScoreRequest, coder: LeadCoder) -> list[PostedEvent]:
    """Return the posted events without those of machines; all of them where the source declares no ``machines``.

    Parameters
    ----------
    request : ScoreRequest
        Its event types are those of the source.
    coder : LeadCoder
        Knows the source, and who acts.
    """
    events = [(parse_time(e.occurred_at), e.event_type, _said(e.detail)) for e in request.events]
    rules = coder.spec.machines
    return events if rules is None or not events else _without_machines(events, request, coder, rules)


def _without_machines(
    events: list[PostedEvent], request: ScoreRequest, coder: LeadCoder, rules: MachineRules
) -> list[PostedEvent]:
    fit = coder.spec.fit.items()
    email = next((name for name, one in fit if one.type == "email" and one.known == "created"), "")
    texts = {name: [_said(getattr(event, name)) for event in request.events] for name in _SEEN_BY}
    types = pa.array([event_type for _, event_type, _ in events], pa.string())
    acts = pa.table(
        {
            "lead": pa.array([0] * len(events), pa.int64()),
            "occurred_us": pa.array([time_us for time_us, _, _ in events], pa.int64()),
            "event_type": types,
            "is_act": pa.array([coder.actors[event_type] == "lead" for _, event_type, _ in events], pa.bool_()),
            "email": pa.array([request.attributes.get(email)] * len(events), pa.string()),
            **{name: pa.array(values, pa.string()) for name, values in texts.items()},
        }
    )
    reasons = machine_reasons(acts, rules)
    known = known_from(acts["occurred_us"].to_numpy(), types, rules)
    return [
        (int(known_us), event_type, detail)
        for (_, event_type, detail), why, known_us in zip(events, reasons, known, strict=True)
        if why == 0
    ]


def _said(text: str | None) -> str | None:
    """Return a text that says something, as ingestion keeps it; a word for nothing is none."""
    return None if text is None or is_nothing(text) else text
