"""Checks of the times: leads that are never looked at, a newest time far beyond the rest, and silence at the end."""

from __future__ import annotations

from collections.abc import Iterator

from features.checks import CheckResult
from features.time_units import format_duration, format_time
from pipeline.check.check import LoadedSource, SourceCheck
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


class LonelyNewest(SourceCheck):
    """Warns where the newest time stands far beyond the rest: one typo would make undecided leads look lost.

    Where ``observed_until`` is set the newest time decides nothing.
    """

    code, title = "lonely_newest", "The newest time"

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Hold the newest time against the time before which 99.9 % lie."""
        if context.spec.observed_until is not None:
            yield self.passed()
            return
        times = " UNION ALL ".join(
            f"SELECT epoch({time}) AS t FROM out_{table}" for table, time in TIME_COLUMNS.items()
        )
        query = f"SELECT min(t), quantile_cont(t, 0.999), max(t) FROM ({times})"
        first, most, last = context.con.execute(query).fetchall()[0]
        if last - most > max(30 * 86_400, 0.25 * (most - first)):
            newest, nearly_all = (format_time(round(seconds * 1_000_000)) for seconds in (last, most))
            yield self.failed(
                f"The newest time is {newest}, but 99.9 % lie before {nearly_all}: set observed_until in source.yaml"
            )
        else:
            yield self.passed()


class SilenceAtTheEnd(SourceCheck):
    """Warns where ``observed_until`` lies long after the newest time: leads would count as decided by silence."""

    code, title = "silence_at_the_end", "Silence at the end of the export"

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Ask what ``ingest`` asks."""
        warning = silence_at_the_end(context.con, context.spec)
        yield self.failed(warning) if warning is not None else self.passed()
