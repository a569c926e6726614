"""An example request in the words of a source."""

from __future__ import annotations

from typing import Any

from features.source_columns import FitColumn
from features.source_spec import SourceSpec

_VALUES: dict[str, Any] = {
    "category": "other", "text": "We are looking for a supplier.", "job_title": "Leiterin Einkauf",
    "email": "example.com", "number": 250, "boolean": True,
}  # fmt: skip


def example_request(spec: SourceSpec) -> dict[str, Any]:
    """Return a request that `POST /v1/score` accepts for this source."""
    families = list(spec.events.values())[:3]
    changing = [name for name, column in spec.fit.items() if column.known == "changes"][:1]
    anchor = spec.snapshots.anchor
    stages = [] if anchor == "created" else [anchor.removeprefix("stage:")]
    return {
        "created_at": "2026-06-01T08:00:00Z",
        "as_of": "2026-06-20T08:00:00Z",
        "attributes": {n: _value(c) for n, c in spec.fit.items() if c.known == "created"},
        "events": [
            {"occurred_at": f"2026-06-{day:02d}T09:30:00Z", "event_type": family.types[0]}
            for day, family in enumerate(families, start=10)
        ],
        "changes": [
            {"changed_at": "2026-06-12T10:00:00Z", "field": name, "value": _value(spec.fit[name])} for name in changing
        ],
        "stages": [{"stage": stage, "entered_at": "2026-06-01T12:00:00Z"} for stage in stages],
    }


def _value(column: FitColumn) -> Any:
    return column.values[0] if column.values else _VALUES[column.type]
