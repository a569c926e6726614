"""What one outcome lacks is never believed; what luck or a quiet lead gives is."""

from __future__ import annotations

import pytest

from features.answers import Answer
from features.leaks.absence import Having, Hit, judge_absence, judge_rejects


def having(reached_having: int, others_having: int, **rest) -> Having:
    given = {"subject": "event", "outcome": "DEAL", "won": True, "by_rule": False, "reached": 60, "others": 400}
    return Having(**{**given, **rest}, reached_having=reached_having, others_having=others_having)


def answers(*rows: Having) -> list[Answer]:
    return [result.answer for result in judge_absence(rows)]


@pytest.mark.parametrize(("reached_having", "others_having"), [(0, 390), (3, 300), (0, 260)])
def test_winners_without_what_most_others_have_are_a_leak(reached_having, others_having):
    assert answers(having(reached_having, others_having)) == [Answer.FAILED]


def test_winners_who_clearly_do_less_are_doubted():
    assert answers(having(20, 390)) == [Answer.UNCHECKED]


@pytest.mark.parametrize(("reached_having", "others_having"), [(58, 390), (60, 20), (0, 30), (52, 370)])
def test_nothing_is_said_where_winners_do_as_much_or_nobody_does_anything(reached_having, others_having):
    assert answers(having(reached_having, others_having)) == []


def test_those_who_were_lost_may_have_done_nothing_so_it_is_asked():
    assert answers(having(0, 390, outcome="LOST", won=False)) == [Answer.UNCHECKED]
    assert answers(having(20, 390, outcome="LOST", won=False)) == []


def test_mails_by_rule_may_spare_winners_so_it_is_asked():
    assert answers(having(0, 390, subject="event of family nurturing", by_rule=True)) == [Answer.UNCHECKED]


def test_few_winners_prove_nothing():
    assert answers(having(0, 390, reached=6)) == [Answer.UNCHECKED]


def test_families_are_not_told_again_where_every_event_is_missing():
    rows = [having(0, 390), having(0, 380, subject="event of family page_view")]
    assert [result.subject for result in judge_absence(rows)] == ["event"]


def hit(leads: int, reached: int, *, all_reached: int = 80, **rest) -> Hit:
    given = {"table": "events", "reason": "no such lead", "outcome": "DEAL", "all_leads": 800}
    return Hit(**{**given, **rest}, leads=leads, reached=reached, all_reached=all_reached)


@pytest.mark.parametrize(
    ("leads", "reached", "answer"), [(60, 60, Answer.FAILED), (60, 56, Answer.FAILED), (8, 8, Answer.UNCHECKED)]
)
def test_rejects_of_one_outcome_are_named(leads, reached, answer):
    assert [result.answer for result in judge_rejects([hit(leads, reached)])] == [answer]


@pytest.mark.parametrize(("leads", "reached"), [(60, 6), (60, 30), (2, 2), (0, 0)])
def test_rejects_that_hit_all_alike_are_no_sign(leads, reached):
    assert judge_rejects([hit(leads, reached)]) == []


def test_rejects_of_what_nearly_all_reach_are_no_sign():
    assert judge_rejects([hit(60, 58, all_reached=760)]) == []


def test_the_outcome_that_says_most_is_told():
    rows = [hit(60, 60, outcome="SQL", all_reached=200), hit(60, 60)]
    assert [result.figures["outcome"] for result in judge_rejects(rows)] == ["DEAL"]
