"""The few questions of ``leadscore init``: asked on a terminal, in a pipe answered with the default, and noted."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.runner.job_log import console, job_log, say


@dataclass(frozen=True)
class Reading:
    """One way to read the data: what it says, and the counts that go with it."""

    text: str
    counts: str


@dataclass(frozen=True)
class Question:
    """What remains a guess: readings of which the first is the default."""

    text: str
    readings: tuple[Reading, ...]


class Conversation:
    """Asks each question once, and remembers what was taken.

    Parameters
    ----------
    yes : bool
        Whether the defaults are taken without asking.
    choose : callable, optional
        Returns the number of the reading for a question; by default a prompt on a terminal, and the first reading in a
        pipe.
    """

    def __init__(self, *, yes: bool = False, choose: Callable[[Question], int] | None = None) -> None:
        asks = not yes and job_log().has_bars and sys.stdin.isatty()
        self._choose = choose or (_prompt if asks else _default)
        self.taken: dict[str, tuple[Question, int]] = {}

    def ask(self, question: Question) -> int:
        """Return the number of the reading that holds, from 0."""
        if question.text not in self.taken:
            self.taken[question.text] = (question, self._choose(question))
        return self.taken[question.text][1]

    def comments(self) -> list[str]:
        """Return what was asked and taken, as lines for ``source.yaml``."""
        lines = []
        for question, number in self.taken.values():
            lines.append(question.text)
            for place, reading in enumerate(question.readings):
                mark = "taken" if place == number else "or   "
                lines.append(f"  {mark} {reading.text} ({reading.counts})")
        return [" ".join(line.splitlines()) for line in lines]


def _default(question: Question) -> int:
    first, *others = question.readings
    say(f"question: {question.text}")
    say(f"  taken: {first.text} ({first.counts})")
    for reading in others:
        say(f"  or:    {reading.text} ({reading.counts})")
    return 0


def _prompt(question: Question) -> int:
    from rich.prompt import IntPrompt

    say(f"\n{question.text}")
    for number, reading in enumerate(question.readings, start=1):
        say(f"  {number}  {reading.text} ({reading.counts})")
    choices = [str(number) for number in range(1, len(question.readings) + 1)]
    return IntPrompt.ask("Which holds", console=console, choices=choices, default=1) - 1
