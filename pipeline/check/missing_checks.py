"""Checks of what is missing: events that one outcome lacks, rejects of one outcome, what begins in mid-history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from features.answers import LEAK_WORDS, Answer
from features.checks import CheckResult
from features.leaks.absence import ABSENCE, REJECTS, TITLES
from features.leaks.gaps import family_gaps, find_gaps, told
from pipeline.check.check import LoadedSource, SourceCheck
from pipeline.ingest.missing_facts import absence_results, reject_results
from pipeline.source.sql import identifier

MISSING = "What is missing"


class MissingFacts(SourceCheck):
    """A check that says nothing where nothing is missing."""

    section = MISSING

    def lines(self, results: Sequence[CheckResult]) -> list[str]:
        """Return a line each for what did not pass, and what to do about it."""
        return [
            f"{LEAK_WORDS.line(result.answer)} {result.sentence}. {result.todo}"
            for result in results
            if result.answer is not Answer.PASSED
        ]

    def rows(self, results: Sequence[CheckResult]) -> list[dict[str, Any]]:
        """Return figures, answer, reason and remedy of each."""
        return [
            {**one.figures, "answer": LEAK_WORDS.of(one.answer), "why": one.sentence, "remedy": one.todo}
            for one in results
            if one.answer is not Answer.PASSED
        ]


class AbsentEvents(MissingFacts):
    """Finds events that nearly no winner has and most others have: the export lost them, and silence would win."""

    code, title = ABSENCE, TITLES[ABSENCE]

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Ask what ``ingest`` asks."""
        yield from absence_results(context.con, context.spec) or [self.passed()]


class RejectsOfOneOutcome(MissingFacts):
    """Finds rejected rows that belong to the leads of one outcome: what remains says something else about it."""

    code, title = REJECTS, TITLES[REJECTS]

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Ask what ``ingest`` asks; unknown ids count for the lead whose other column holds them."""
        yield from reject_results(context.con, context.spec, context.unknown_ids) or [self.passed()]


class GapsOfFamilies(MissingFacts):
    """Finds families of events that begin or end in mid-history while others go on."""

    code, title = "gaps_of_families", "Families that begin or end in mid-history"
    todo = (
        "If a tool was introduced or switched off then, its absence tells when a lead came and nothing about it: learn "
        "from leads of one time only (split.train_from), or leave the family out"
    )

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Hold each family against the events of the others, and all of them against the leads."""
        family_of = {name: family for family, one in context.spec.events.items() for name in one.all_types}
        days = "SELECT event_type, epoch_us(date_trunc('day', occurred_at)) AS day_us, count(*) AS n FROM out_events"
        by_day: pd.DataFrame = context.con.sql(f"{days} GROUP BY ALL ORDER BY ALL").to_arrow_table().to_pandas()
        by_day = by_day.assign(family=by_day["event_type"].map(family_of))
        leads = pd.DataFrame({"day_us": context.leads["created_us"], "n": 1})
        for family, gaps in family_gaps(by_day, leads).items():
            what = f"family {family}" if family else "the table of events"
            for gap in gaps:
                said = told(gap, what, "the other families' events" if family else "the leads")
                figures = {"family": family, "edge": gap.day, "begins": gap.at_begin, "share": gap.share}
                yield self.unchecked(said, subject=family, todo=self.todo, figures=figures)


class GapsOfColumns(MissingFacts):
    """Finds columns of leads that are filled only from some date on, or only up to one."""

    code, title = "gaps_of_columns", "Columns filled for a part of the history"
    begins = (
        "A field that was introduced then tells when a lead came: learn from leads since then (split.train_from), or "
        "leave it out of fit"
    )
    ends = (
        "Find out whether the field was given up, or is filled in later: if later, leave it out of fit or give its "
        "history in changes"
    )

    def run(self, context: LoadedSource) -> Iterator[CheckResult]:
        """Hold the leads that have a value against all leads, by when they were created."""
        clock, fit = np.sort(context.leads["created_us"].to_numpy()), context.spec.fit
        columns = context.con.execute("DESCRIBE wide_leads").fetchall()
        for name in (name for name, *_ in columns if name not in ("__row", "lead_id", "created_at")):
            times = context.con.sql(
                "SELECT epoch_us(k.created_at) AS t FROM wide_leads w JOIN kept_leads k ON w.__row = k.row "
                f"WHERE w.{identifier(name)} IS NOT NULL ORDER BY t"
            ).to_arrow_table()["t"].to_numpy()  # fmt: skip
            for gap in find_gaps(times, np.ones(len(times)), clock, np.ones(len(clock))):
                side, part = ("from", "before") if gap.at_begin else ("up to", "after")
                yield self.unchecked(
                    f"column {name} is filled only for leads created {side} {gap.day}; {gap.share:.0%} of the leads "
                    f"came {part}" + ("" if name in fit else " (not used)"),
                    subject=name,
                    todo=self.begins if gap.at_begin else self.ends,
                    figures={"column": name, "edge": gap.day, "begins": gap.at_begin, "share": gap.share},
                )
