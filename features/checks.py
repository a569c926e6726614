"""A check: a class with a code, a title and an explanation that gives one of three answers; and the list of them."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

import pandas as pd

from features.answers import Answer
from features.errors import InputError

Context = TypeVar("Context")
Need = Callable[[Any], str | None]
"""Takes what is checked and returns what is missing for a check, in words, or None."""


@dataclass(frozen=True)
class CheckResult:
    """What a check says of one thing.

    Attributes
    ----------
    code : str
        Of the check, for machines.
    title : str
        Of the check, for people.
    answer : Answer
        Passed, failed, or could not check.
    sentence : str
        Why, in words, with the figures.
    subject : str
        What was looked at (a column, a file, a signature), where a check looks at several things.
    todo : str
        What to do about it; empty where nothing is.
    figures : mapping
        Single values behind the sentence, as JSON can hold them.
    findings : tuple of mapping
        What the sentence says as `models.findings.finding.Finding`, for who says it in another language.
    tables : mapping of str to DataFrame
        Rows behind the sentence, by their title. A column ``answer`` holds `Answer`, or None for what is only listed.
    """

    code: str
    title: str
    answer: Answer
    sentence: str = ""
    subject: str = ""
    todo: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Mapping[str, Any], ...] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)


class Check(ABC, Generic[Context]):
    """One question about a source, a funnel or a receipt; the docstring of its class explains it.

    Attributes
    ----------
    code : str
        Names the check in settings and JSON.
    title : str
        Names it for people.
    needs : tuple of Need
        Where something is missing the check is not run, and its answer is that it could not be made.
    """

    code: ClassVar[str]
    title: ClassVar[str]
    needs: ClassVar[tuple[Need, ...]] = ()

    @property
    def explanation(self) -> str:
        """What is asked, and why."""
        return inspect.cleandoc(type(self).__doc__ or "")

    @abstractmethod
    def run(self, context: Context) -> Iterable[CheckResult]:
        """Give an answer for each thing looked at, with `passed`, `failed` and `unchecked`."""

    def results(self, context: Context) -> tuple[CheckResult, ...]:
        """Run the check where all that it needs is there; otherwise say that it could not be made."""
        for need in self.needs:
            missing = need(context)
            if missing is not None:
                return (self.unchecked(missing),)
        return tuple(self.run(context))

    def passed(self, sentence: str = "", **rest: Any) -> CheckResult:
        """Return that nothing speaks against it; ``rest`` are other attributes of `CheckResult`."""
        return self.answered(Answer.PASSED, sentence, **rest)

    def failed(self, sentence: str, **rest: Any) -> CheckResult:
        """Return that something is wrong."""
        return self.answered(Answer.FAILED, sentence, **rest)

    def unchecked(self, sentence: str, **rest: Any) -> CheckResult:
        """Return that it could not be checked, and why."""
        return self.answered(Answer.UNCHECKED, sentence, **rest)

    def answered(self, answer: Answer, sentence: str = "", **rest: Any) -> CheckResult:
        """Return an answer that was worked out."""
        return CheckResult(self.code, self.title, answer, sentence, **rest)


C = TypeVar("C", bound=Check[Any])


class Registry(Generic[C]):
    """The checks of one command by their code, in the order in which they are told.

    Raises
    ------
    ValueError
        If two checks have one code.
    """

    def __init__(self, *checks: C) -> None:
        self._by_code = {check.code: check for check in checks}
        if len(self._by_code) < len(checks):
            raise ValueError(f"two checks with one code among {[check.code for check in checks]}")

    def __iter__(self) -> Iterator[C]:
        """Go through the checks in order."""
        return iter(self._by_code.values())

    def __getitem__(self, code: str) -> C:
        """Return the check of a code."""
        return self._by_code[code]

    def require(self, codes: Iterable[str], *, setting: str, among: Callable[[C], bool] = lambda _: True) -> None:
        """Refuse a setting that names what is no check.

        Raises
        ------
        InputError
            If a code is not one of the checks for which ``among`` holds.
        """
        choices = [check.code for check in self if among(check)]
        for code in codes:
            if code not in choices:
                raise InputError(expected=f"checks out of {', '.join(choices)}", found=repr(code), table=setting)
