"""The three answers that a check can give, and the words in which each command says them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt


class Answer(Enum):
    """What a check says. One that could not be made has an answer of its own: it is never a pass.

    The order is that of urgency, the worst first.
    """

    FAILED = "failed"
    UNCHECKED = "could not check"
    PASSED = "passed"

    @property
    def urgency(self) -> int:
        """Place in a list that begins with the worst, from 0."""
        return list(Answer).index(self)


def together(answers: Iterable[Answer | None]) -> Answer:
    """Return the answer of several: failed if one did, else passed if one did, else nothing could be checked.

    Parameters
    ----------
    answers : iterable of Answer or None
        None is a row that nobody asks about: it counts for nothing.

    Examples
    --------
    >>> together([Answer.PASSED, Answer.UNCHECKED]), together([None, Answer.UNCHECKED])
    (<Answer.PASSED: 'passed'>, <Answer.UNCHECKED: 'could not check'>)
    """
    given = set(answers)
    return next((answer for answer in (Answer.FAILED, Answer.PASSED) if answer in given), Answer.UNCHECKED)


def answers_of(*, failed: npt.ArrayLike, passed: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return an answer a row: failed goes before passed, and where neither is true it could not be checked.

    Examples
    --------
    >>> [answer.name for answer in answers_of(failed=[True, False, False], passed=[True, True, False])]
    ['FAILED', 'PASSED', 'UNCHECKED']
    """
    fails = np.asarray(failed, dtype=bool)
    answers = np.full(fails.shape, Answer.UNCHECKED, dtype=object)
    answers[np.asarray(passed, dtype=bool)] = Answer.PASSED
    answers[fails] = Answer.FAILED
    return answers


NOT_JUDGED = "not judged"
"""What is said of a row of a table that is listed, but that nobody asks about."""


@dataclass(frozen=True, kw_only=True)
class AnswerWords:
    """How one command says the three answers, on the terminal, in JSON and on its page.

    Examples
    --------
    >>> ALARM_WORDS.of(Answer.FAILED), ALARM_WORDS.of(None), ALARM_WORDS.line(Answer.PASSED)
    ('alarm', 'not judged', 'fine        ')
    """

    failed: str
    unchecked: str
    passed: str

    def of(self, answer: Answer | None) -> str:
        """Return the word for an answer; None is a row that nobody asks about."""
        if answer is None:
            return NOT_JUDGED
        return {Answer.FAILED: self.failed, Answer.UNCHECKED: self.unchecked, Answer.PASSED: self.passed}[answer]

    def line(self, answer: Answer | None) -> str:
        """Return the word as the beginning of a line on the terminal, so that what follows stands in one column."""
        return f"{self.of(answer):<12}"


LEAK_WORDS = AnswerWords(failed="leak", unchecked="cannot tell", passed="fine")
"""Of ``leadscore check``, and of the warning of ``leadscore train``."""
ALARM_WORDS = AnswerWords(failed="alarm", unchecked="cannot tell", passed="fine")
"""Of ``leadscore monitor``."""
SEAL_WORDS = AnswerWords(failed="altered", unchecked="not checked", passed="holds")
"""Of ``leadscore verify``."""
OVERLAP_WORDS = AnswerWords(failed="none", unchecked="cannot_tell", passed="overlap")
"""Of ``follow_up.json``: whether leads below the cut-off can be learned about."""
