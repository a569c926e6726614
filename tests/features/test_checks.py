"""What holds for every check, whatever it looks at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.answers import (
    ALARM_WORDS,
    LEAK_WORDS,
    OVERLAP_WORDS,
    SEAL_WORDS,
    Answer,
    AnswerWords,
    answers_of,
    together,
)
from features.checks import Check, CheckResult, Registry
from features.errors import InputError


def a_number(context: object) -> str | None:
    """Need a number."""
    return None if isinstance(context, int) else "there is no number"


class Even(Check[int]):
    """Looks whether a number is even."""

    code, title = "even", "Even numbers"
    needs = (a_number,)

    def run(self, context: int) -> Iterator[CheckResult]:
        yield self.passed() if context % 2 == 0 else self.failed(f"{context} is odd", subject=str(context))


class Silent(Even):
    """Looks at nothing that could be wrong."""

    code, title = "silent", "Silence"


def test_a_check_that_lacks_what_it_needs_is_not_run_and_says_so():
    [result] = Even().results("three")  # type: ignore[arg-type]
    assert (result.code, result.answer, result.sentence) == ("even", Answer.UNCHECKED, "there is no number")
    [result] = Even().results(3)
    assert (result.answer, result.subject, result.title) == (Answer.FAILED, "3", "Even numbers")
    assert Even().explanation == "Looks whether a number is even."


def test_a_setting_that_names_no_check_is_refused_with_those_that_there_are():
    checks = Registry[Even](Even(), Silent())
    checks.require(["even", "silent"], setting="x.exit_on")
    with pytest.raises(InputError, match=r"x\.exit_on: expected checks out of even, silent, found 'odd'"):
        checks.require(["even", "odd"], setting="x.exit_on")
    with pytest.raises(InputError, match="out of even, found 'silent'"):
        checks.require(["silent"], setting="x.exit_on", among=lambda check: check.code == "even")


ANSWERS = st.lists(st.sampled_from([*Answer, None]))


@given(ANSWERS, ANSWERS)
def test_several_answers_fail_with_one_and_pass_only_with_one_that_passed(first, second):
    both = together([*first, *second])
    assert (both is Answer.FAILED) == (Answer.FAILED in [*first, *second])
    assert both is not Answer.PASSED or Answer.PASSED in [*first, *second]
    assert both is together([*second, *first])


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1))
def test_a_row_that_neither_failed_nor_passed_could_not_be_checked(rows):
    answers = answers_of(failed=[failed for failed, _ in rows], passed=[passed for _, passed in rows])
    for answer, (failed, passed) in zip(answers, rows, strict=True):
        assert answer is (Answer.FAILED if failed else Answer.PASSED if passed else Answer.UNCHECKED)


@pytest.mark.parametrize("words", [LEAK_WORDS, ALARM_WORDS, SEAL_WORDS, OVERLAP_WORDS])
def test_no_two_answers_are_said_alike(words: AnswerWords):
    assert len({words.of(answer) for answer in (*Answer, None)}) == 4
    assert {len(words.line(answer)) for answer in Answer} == {12}
