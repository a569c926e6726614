"""What ``leadscore check`` hands out: sections for people, JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from features.answers import Answer
from features.checks import CheckResult
from pipeline.check.all_checks import CHECKS
from pipeline.check.check import NOTES
from pipeline.check.outcome_checks import goal_words


@dataclass(frozen=True)
class SourceReport:
    """All that the checks found.

    Attributes
    ----------
    source : str
        Its name.
    observed_until : str
        Until when outcomes are in the export (ISO, UTC).
    results : mapping of str to tuple of CheckResult
        By the check's code.
    """

    source: str
    observed_until: str
    results: Mapping[str, tuple[CheckResult, ...]]

    @property
    def stops(self) -> str | None:
        """The message with which ``ingest`` would refuse the data, or None."""
        return next((one.sentence for one in self.results["stops"] if one.answer is Answer.FAILED), None)

    @property
    def without_outcomes(self) -> str | None:
        """Say that no lead reached any target, so that there is nothing to learn from; or None."""
        figures = [result.figures for result in self.results["targets"]]
        if any(entry["yes"] for entry in figures):
            return None
        reached = {
            result.figures["stage"]: result.figures["leads"] for result in self.results["stages"] if result.figures
        }
        goals = [f"{goal_words(e)} ({reached.get(e['stage'], 0):,} at any time)" for e in figures]
        return (
            f"no lead is known to have reached {' or '.join(goals)} after it was looked at; look at stages.sql, and at "
            "the horizon in source.yaml"
        )

    @property
    def notes(self) -> list[str]:
        """What the checks without a section have to say."""
        return self._sections().get(NOTES, [])

    def of(self, code: str) -> dict[str, CheckResult]:
        """Return what one check says, by what it looked at."""
        return {result.subject: result for result in self.results[code]}

    def rows(self, code: str) -> list[dict[str, Any]]:
        """Return what one check says to machines."""
        return CHECKS[code].rows(self.results[code])

    def to_json(self) -> str:
        """Return everything as JSON."""
        tree: dict[str, Any] = {"source": self.source, "observed_until": self.observed_until}
        for check in CHECKS:
            if check.section != NOTES:
                tree[check.code] = self.rows(check.code)
        tree |= {"stops": self.stops, "notes": self.notes}
        return json.dumps(tree, indent=1, ensure_ascii=False)

    def to_text(self) -> str:
        """Return everything as lines for people."""
        parts = [f"Source {self.source}, outcomes observed until {self.observed_until}"]
        for title, lines in self._sections().items():
            parts += ["\n".join([title, *(f"  {line}" for line in lines)])] if lines else []
        if self.stops is not None:
            parts.append(f"A run would stop here: {self.stops}")
        elif self.without_outcomes is not None:
            parts.append(f"No outcomes: {self.without_outcomes}")
        return "\n\n".join(parts)

    def _sections(self) -> dict[str, list[str]]:
        """Return the lines of each section in the order of the checks."""
        sections: dict[str, list[str]] = {}
        for check in CHECKS:
            sections.setdefault(check.section, []).extend(check.lines(self.results[check.code]))
        return sections
