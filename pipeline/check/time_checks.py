"""Checks of the times: leads that are never looked at, a newest time far beyond the rest, and silence at the end."""

from __future__ import annotations

from collections.abc import Iterator

from features.checks import CheckResult
from features.time_units import format_duration
from features.unknown_times import notice
from pipeline.check.check import LoadedSource, SourceCheck
from pipeline.ingest.export_end import find_end
from pipeline.ingest.stage import TIME_COLUMNS, silence_at_the_end


class NeverLookedAt(SourceCheck):
    """Counts the leads that no look falls on: all that is said of leads is said without them."""

    code, title = "never_looked_at", "Leads that are never looked at"

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Compare the leads with the looks."""
        leads, looks = context.count("SELECT count(*) FROM out_leads"), context.spec.snapshots
        without = leads - len(context.looks)
        why = (
            f"{without:,} of {leads:,} leads are never looked at: decided before {looks.anchor} + "
            f"{format_duration(looks.after)}, never there, or not yet"
        )
        yield self.unchecked(why) if without else self.passed()


class UnknownTimesNamed(SourceCheck):
    """Says what cannot be had of an export that lacks times."""

    code, title = "unknown_times", "Times that the export lacks"

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Say what the source declares."""
        said = notice(context.spec.unknown_times)
        yield self.unchecked(said) if said is not None else self.passed()


class LonelyNewest(SourceCheck):
    """Says which rows lie after the end of the export: planned, due or mistyped.

    Where ``observed_until`` is set the newest time decides nothing.
    """

    code, title = "lonely_newest", "The newest time"

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Ask what ``ingest`` asks."""
        end = find_end(context.con, TIME_COLUMNS)
        said = end.said if context.spec.observed_until is None else None
        yield self.failed(said[:1].upper() + said[1:]) if said is not None else self.passed()


class SilenceAtTheEnd(SourceCheck):
    """Warns where ``observed_until`` lies long after the newest time: leads would count as decided by silence."""

    code, title = "silence_at_the_end", "Silence at the end of the export"

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Ask what ``ingest`` asks."""
        warning = silence_at_the_end(context.con, context.spec)
        yield self.failed(warning) if warning is not None else self.passed()
