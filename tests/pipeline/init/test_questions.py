"""Questions are asked once; in a pipe, and with --yes, the first reading is taken and said."""

from __future__ import annotations

import pytest

from pipeline.init.questions import Conversation, Question, Reading

WHICH = Question("Which is it?", (Reading("the first", "30 of 40 rows"), Reading("the other", "10 of 40 rows")))


@pytest.mark.parametrize("yes", [False, True])
def test_the_default_is_taken_and_said_with_its_counts(yes: bool, capsys: pytest.CaptureFixture[str]) -> None:
    talk = Conversation(yes=yes)
    assert talk.ask(WHICH) == 0
    said = capsys.readouterr().err
    assert "question: Which is it?" in said
    assert "taken: the first (30 of 40 rows)" in said
    assert "or:    the other (10 of 40 rows)" in said


def test_a_question_is_asked_once_and_the_answer_is_noted() -> None:
    asked: list[Question] = []

    def choose(question: Question) -> int:
        asked.append(question)
        return 1

    talk = Conversation(choose=choose)
    assert [talk.ask(WHICH), talk.ask(WHICH)] == [1, 1]
    assert asked == [WHICH]
    assert talk.comments() == [
        "Which is it?",
        "  or    the first (30 of 40 rows)",
        "  taken the other (10 of 40 rows)",
    ]
