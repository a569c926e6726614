"""Thresholds: the volume asked for, counted in leads; ties; order; what is never promoted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.bands import PerBand, may_enter, rows_that_may_enter
from models.cutoffs.thresholds import Thresholds, above_all, choose_thresholds


def choose(leads: str, score: list[float], mql: float, sal: float, **given: list[bool]) -> Thresholds:
    rows = len(score)
    may = may_enter(given.get("excluded", [False] * rows), given.get("gates_open", [True] * rows))
    return choose_thresholds(pd.Series(list(leads)), score, may=may, leads=PerBand(mql, sal))


def test_leads_are_counted_not_rows() -> None:
    # Best rows: a 0.9, b 0.7, c 0.2. Two leads: between 0.7 and 0.2. One lead: between 0.9 and 0.7.
    chosen = choose("aaabbc", [0.9, 0.85, 0.8, 0.7, 0.1, 0.2], mql=2, sal=1)
    assert (chosen.at.mql, chosen.at.sal) == (pytest.approx(0.45), pytest.approx(0.8))
    assert chosen.leads == PerBand(2, 1)


def test_ties_pass_together_and_the_closer_side_wins() -> None:
    # 0.9, then three leads at 0.5. Asked 2: one is 1 away, four are 2 away.
    assert choose("abcd", [0.9, 0.5, 0.5, 0.5], mql=2, sal=1).leads.mql == 1
    assert choose("abcd", [0.9, 0.5, 0.5, 0.5], mql=3, sal=1).leads.mql == 4
    # Asked 2.5: both 1.5 away, so the fewer.
    assert choose("abcd", [0.9, 0.5, 0.5, 0.5], mql=2.5, sal=1).leads.mql == 1


def test_excluded_and_gated_rows_do_not_pass() -> None:
    chosen = choose(
        "abcd",
        [0.9, 0.8, 0.7, 0.6],
        mql=2,
        sal=1,
        excluded=[True, False, False, False],
        gates_open=[True, False, True, True],
    )
    # a never; MQL are b and c; SAL skips b, whose gate is closed: c, so the threshold lies between 0.7 and 0.6,
    # and so does the one for MQL.
    assert (chosen.at.mql, chosen.at.sal) == (pytest.approx(0.65), pytest.approx(0.65))
    assert chosen.leads == PerBand(2, 1)


def test_nobody_and_everybody() -> None:
    assert choose("ab", [0.9, 0.8], mql=0, sal=0).leads.mql == 0
    assert choose("ab", [0.9, 0.8], mql=50, sal=50) == Thresholds(PerBand(0.8, 0.8), PerBand(2, 2))
    assert choose("ab", [0.9, 0.8], mql=1, sal=1, excluded=[True, True]).leads.mql == 0


scores = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 5), st.booleans(), st.booleans()), min_size=1, max_size=40
)


@settings(max_examples=60, deadline=None)
@given(scores, st.integers(0, 12), st.integers(0, 12))
def test_order_and_closeness_hold_always(rows: list[tuple[int, int, bool, bool]], mql: int, sal: int) -> None:
    frame = pd.DataFrame(rows, columns=["lead", "score", "excluded", "gates_open"])
    leads = PerBand(float(mql), float(sal))
    chosen = choose_thresholds(frame["lead"], frame["score"] / 7, may=rows_that_may_enter(frame), leads=leads)
    assert chosen.at.mql <= chosen.at.sal
    may = frame[~frame["excluded"]]
    passed = may.loc[may["score"] / 7 >= chosen.at.mql, "lead"].nunique()
    assert passed == chosen.leads.mql
    for other in np.append(may["score"].unique() / 7, 99):
        assert abs(passed - mql) <= abs(may.loc[may["score"] / 7 >= other, "lead"].nunique() - mql)
    shuffled = frame.sample(frac=1, random_state=1)
    assert chosen == choose_thresholds(
        shuffled["lead"], shuffled["score"] / 7, may=rows_that_may_enter(shuffled), leads=leads
    )


def test_who_was_promoted_before_the_counted_time_does_not_count_again() -> None:
    # Before: a 0.8, b 0.3. Counted: a 0.9, b 0.6, c 0.5. At 0.55, b is new, a was there; at 0.85 a is new.
    may, counted = may_enter([False] * 5, [True] * 5), [False, False, True, True, True]
    ids, score = pd.Series(list("ababc")), [0.8, 0.3, 0.9, 0.6, 0.5]
    chosen = choose_thresholds(ids, score, may=may, leads=PerBand(2, 1), counted=counted)
    # At 0.4, b and c are new; one lead is promoted above 0.8 (a), the highest threshold that gives one.
    assert (chosen.at.mql, chosen.leads) == (pytest.approx(0.4), PerBand(2, 1))
    assert chosen.at.sal == pytest.approx(0.85)


def test_nobody_is_promoted_above_all_and_a_score_that_is_missing_does_not_matter() -> None:
    assert not (np.array([0.2, 0.9]) >= above_all([0.2, 0.9])).any()
    assert above_all([0.2, np.nan]) == above_all([0.2])
    assert above_all([]) == 1.0
