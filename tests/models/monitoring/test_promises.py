"""Promises held against simulated companies whose truth is known: one that keeps them, one whose rate drops by 40 %."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.answers import Answer
from features.time_units import DAY_US, WEEK_US
from models.monitoring.promises import Promised, followed, share_kept, volume_kept

FROM, HORIZON = 100 * WEEK_US, 30 * DAY_US
TESTED = Promised(share=0.3, is_tested=True, low=20.0, high=60.0, weeks=13)
STATED = Promised(share=0.3, is_tested=False, low=20.0, high=60.0, weeks=13)


def company(seed: int, rate: float, *, weeks: int, drops_in: int | None = None) -> tuple[pd.DataFrame, pd.Series]:
    """Return 40 leads a week, handed over at any moment, and when those that do reach the target."""
    rng = np.random.default_rng(seed)
    at = np.sort(FROM + rng.integers(0, weeks * WEEK_US, 40 * weeks))
    chance = np.where(at < FROM + (weeks if drops_in is None else drops_in) * WEEK_US, rate, 0.6 * rate)
    names = [f"L{number}" for number in range(len(at))]
    came = rng.random(len(at)) < chance
    reached = pd.Series(at + rng.integers(1, HORIZON, len(at)), index=names)[came]
    return pd.DataFrame({"lead_id": names, "at_us": at}), reached


def judged(leads: pd.DataFrame, reached: pd.Series, promised: Promised, now_us: int):
    """Look at a moment, from what was known by then."""
    known, told = leads[leads["at_us"] <= now_us], reached[reached <= now_us]
    rows = followed(known, told, horizon_us=HORIZON, as_of_us=now_us)
    return share_kept(
        rows, promised, from_us=FROM, known_until_us=now_us - HORIZON, handed_until_us=int(known["at_us"].max())
    )


def looks(weeks: int) -> range:
    return range(FROM + WEEK_US, FROM + (weeks + 5) * WEEK_US, WEEK_US)


def test_a_company_that_keeps_its_promise_is_not_called_in_any_week() -> None:
    for seed in range(10):
        leads, reached = company(seed, 0.34, weeks=40)
        answers = [judged(leads, reached, TESTED, now).answer for now in looks(40)]
        assert Answer.FAILED not in answers
        assert answers[0] is Answer.UNCHECKED
        assert answers[-1] is Answer.PASSED


@pytest.mark.parametrize(("promised", "rate", "most_weeks"), [(TESTED, 0.32, 8), (STATED, 0.36, 16)])
def test_a_rate_that_drops_by_40_percent_is_called_some_weeks_of_known_outcomes_later(
    promised: Promised, rate: float, most_weeks: int
) -> None:
    """What was stated with room below it takes longer than a promise that is just kept."""
    waited = []
    for seed in range(10):
        leads, reached = company(seed, rate, weeks=45, drops_in=20)
        called = [now for now in looks(45)[15:] if judged(leads, reached, promised, now).answer is Answer.FAILED]
        waited.append((called[0] - HORIZON - FROM) // WEEK_US - 20 if called else 99)
    assert np.mean(np.array(waited) <= most_weeks) >= 0.9
    assert np.mean(np.array(waited) < 0) <= 0.1  # before the drop nothing was wrong


def test_leads_whose_time_is_not_up_and_outcomes_after_it_count_for_nothing() -> None:
    leads = pd.DataFrame({"lead_id": ["old", "late", "young"], "at_us": [FROM, FROM + 1, FROM + HORIZON]})
    reached = pd.Series({"old": FROM + HORIZON, "late": FROM + 2 + HORIZON, "young": FROM + HORIZON + 1})
    rows = followed(leads, reached, horizon_us=HORIZON, as_of_us=FROM + HORIZON + DAY_US)
    assert rows["reached"].tolist() == [True, False]


def test_a_stated_quarter_that_ends_below_its_bound_is_not_kept_and_a_tested_promise_waits_for_proof() -> None:
    leads, reached = company(1, 0.28, weeks=13)  # 28 % where 30 % were stated: chance explains it
    now = FROM + 13 * WEEK_US + HORIZON
    last = leads.assign(at_us=leads["at_us"].where(leads.index < len(leads) - 1, FROM + 13 * WEEK_US))
    stated, tested = (judged(last, reached, one, now) for one in (STATED, TESTED))
    assert stated.reached < 0.3 * stated.leads
    assert (stated.answer, tested.answer) == (Answer.FAILED, Answer.UNCHECKED)


@pytest.mark.parametrize(
    ("a_week", "weeks", "answer"),
    [(40, 5, Answer.UNCHECKED), (40, 13, Answer.PASSED), (10, 12, Answer.UNCHECKED), (10, 13, Answer.FAILED),
     (200, 2, Answer.UNCHECKED), (200, 4, Answer.FAILED), (60, 13, Answer.PASSED)],
)  # fmt: skip
def test_a_volume_is_told_at_the_end_of_the_quarter_or_when_it_cannot_be_kept_any_more(a_week, weeks, answer) -> None:
    at = FROM + (np.arange(a_week * weeks) * WEEK_US) // a_week
    leads = pd.DataFrame({"lead_id": at.astype(str), "at_us": at})
    kept = volume_kept(leads, STATED, from_us=FROM, until_us=FROM + weeks * WEEK_US)
    assert (kept.answer, kept.leads, kept.weeks) == (answer, a_week * weeks, weeks)
