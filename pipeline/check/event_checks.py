"""Checks of the events: how many of each family, families without any, and events that no look ever sees."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from features.answers import Answer
from features.checks import CheckResult
from features.source_columns import EventFamily
from pipeline.check.check import LoadedSource, SourceCheck


class Families(SourceCheck):
    """Counts the events of each family and the leads that have them; without events nothing can be said of a family."""

    code = "families"
    title = section = "Event families"

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Go through the families as declared."""
        model_families = context.spec.model_families()
        for name, family in context.spec.events.items():
            rows, in_model = _events_of(context, family), name in model_families
            events, leads = int(rows["n"].sum()), int(rows["lead_id"].nunique())
            use = "" if in_model else " (not for the model)"
            yield self.answered(
                Answer.PASSED if events else Answer.UNCHECKED,
                f"{name:<36} {family.actor:<9} {events:>12,} events of {leads:,} leads{use}",
                subject=name,
                figures={"family": name, "actor": family.actor, "events": events, "leads": leads, "in_model": in_model},
            )


class SilentFamilies(SourceCheck):
    """Points out families that are declared and have no event at all: a wrong name in ``types``, mostly."""

    code, title = "silent_families", "Families without events"

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Name them."""
        families = context.spec.events.items()
        silent = [name for name, family in families if not len(_events_of(context, family))]
        yield self.failed(f"No event at all in: {', '.join(silent)}") if silent else self.passed()


class UnusedEvents(SourceCheck):
    """Points out events that never enter the model because each lead is looked at once, when it is created."""

    code, title = "unused_events", "Events after the only look"

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Count them."""
        looks = context.spec.snapshots
        if looks.every is not None or looks.after != 0 or looks.anchor != "created":
            yield self.passed()
            return
        later = context.count(
            "SELECT count(*) FROM out_events e JOIN out_leads l USING (lead_id) WHERE e.occurred_at > l.created_at"
        )
        why = f"{later:,} events after creation never enter the model: set snapshots.every"
        yield self.failed(why) if later else self.passed()


def _events_of(context: LoadedSource, family: EventFamily) -> pd.DataFrame:
    counts = context.event_counts
    return counts[counts["event_type"].isin(family.all_types)]
