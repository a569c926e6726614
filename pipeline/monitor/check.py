"""What a check of the monitor is: a question about the leads as they stood at one moment, with one answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from features.answers import Answer
from features.checks import Check, CheckResult
from models.findings.finding import Finding, all_said, finding
from pipeline.monitor.tables import Reference, Watched
from pipeline.settings.settings import MonitorOptions

if TYPE_CHECKING:
    from pipeline.monitor.promise_check import InForce


@dataclass(frozen=True)
class Monitored:
    """What the checks look at; what only some of them need is read when the first of them asks, and once.

    Attributes
    ----------
    watched : Watched
        The leads and what happened to them.
    options : MonitorOptions
    read_reference, read_matured : callable
        As `pipeline.monitor.tables.read_reference` and `read_matured` at the moment of ``watched``.
    read_in_force : callable
        As `pipeline.monitor.promise_check.read_in_force` at that moment.
    """

    watched: Watched
    options: MonitorOptions
    read_reference: Callable[[], Reference | None]
    read_matured: Callable[[], pd.DataFrame | None]
    read_in_force: Callable[[], InForce | None] = lambda: None

    @cached_property
    def reference(self) -> Reference | None:
        """What the model learned from, and the newest rows."""
        return self.read_reference()

    @cached_property
    def in_force(self) -> InForce | None:
        """The decision in force, and whom it promoted."""
        return self.read_in_force()

    @cached_property
    def matured(self) -> pd.DataFrame | None:
        """Forecasts of the test period whose outcome is known."""
        return self.read_matured()


class MonitorCheck(Check[Monitored]):
    """A check of ``leadscore monitor``; it gives exactly one result.

    Attributes
    ----------
    can_alarm : bool
        Whether it may be named in ``monitor.exit_on``; figures for reading alone never fail.
    """

    can_alarm: ClassVar[bool] = True

    def found(self, answer: Answer, *findings: Finding, **rest: Any) -> CheckResult:
        """Return an answer with what speaks for it, which is worded in the language of whoever is told."""
        return self.answered(answer, all_said(findings, "en"), findings=findings, **rest)


def leads_on_the_ladder(monitored: Monitored) -> str | None:
    """Need a way from one rung of the ladder to the next, and leads on it."""
    watched = monitored.watched
    if watched.path is None or not len(watched.rows):
        return "No lead has entered the ladder yet, or the goal is its first rung."
    return None


def untold(answers: Sequence[Answer | None], key: str) -> tuple[Finding, ...]:
    """Return what to say of the rows of a table that could not be told; nothing where all could.

    Examples
    --------
    >>> all_said(untold([Answer.PASSED, Answer.UNCHECKED, None], "untold.months"), "en")
    '1 of 2 months could not be told.'
    """
    judged = [answer for answer in answers if answer is not None]
    unknown = judged.count(Answer.UNCHECKED)
    return (finding(key, unknown=unknown, judged=len(judged)),) if unknown else ()
