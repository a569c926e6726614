"""Cut-offs: the volume asked for, counted in leads; ties; order; what is never promoted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features.time_units import DAY_US
from models.cutoffs.cutoffs import (
    BaselineCutoffs,
    Cutoffs,
    Thresholds,
    Volume,
    band,
    choose_thresholds,
    first_promotions,
    period_weeks,
)


def cutoffs(mql: float, sal: float) -> Cutoffs:
    volume = Volume(asked_per_week=3, got_per_week=3)
    own = BaselineCutoffs(kind="points", mql=40, sal=70, mql_per_week=3, sal_per_week=1)
    return Cutoffs(
        target="sql",
        mql=mql,
        sal=sal,
        policy="per_week",
        weeks=4,
        mql_volume=volume,
        sal_volume=volume,
        baseline=own,
    ).with_version()


def choose(leads: str, score: list[float], mql: float, sal: float, **given: list[bool]) -> Thresholds:
    rows = len(score)
    return choose_thresholds(
        pd.Series(list(leads)),
        score,
        excluded=given.get("excluded", [False] * rows),
        gates_open=given.get("gates_open", [True] * rows),
        mql_leads=mql,
        sal_leads=sal,
    )


def test_leads_are_counted_not_rows() -> None:
    # Best rows: a 0.9, b 0.7, c 0.2. Two leads: between 0.7 and 0.2. One lead: between 0.9 and 0.7.
    chosen = choose("aaabbc", [0.9, 0.85, 0.8, 0.7, 0.1, 0.2], mql=2, sal=1)
    assert (chosen.mql, chosen.sal) == (pytest.approx(0.45), pytest.approx(0.8))
    assert (chosen.mql_leads, chosen.sal_leads) == (2, 1)


def test_ties_pass_together_and_the_closer_side_wins() -> None:
    # 0.9, then three leads at 0.5. Asked 2: one is 1 away, four are 2 away.
    assert choose("abcd", [0.9, 0.5, 0.5, 0.5], mql=2, sal=1).mql_leads == 1
    assert choose("abcd", [0.9, 0.5, 0.5, 0.5], mql=3, sal=1).mql_leads == 4
    # Asked 2.5: both 1.5 away, so the fewer.
    assert choose("abcd", [0.9, 0.5, 0.5, 0.5], mql=2.5, sal=1).mql_leads == 1


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
    assert (chosen.mql, chosen.sal) == (pytest.approx(0.65), pytest.approx(0.65))
    assert (chosen.mql_leads, chosen.sal_leads) == (2, 1)


def test_nobody_and_everybody() -> None:
    assert choose("ab", [0.9, 0.8], mql=0, sal=0).mql_leads == 0
    assert choose("ab", [0.9, 0.8], mql=50, sal=50) == Thresholds(0.8, 0.8, 2, 2)
    assert choose("ab", [0.9, 0.8], mql=1, sal=1, excluded=[True, True]).mql_leads == 0


scores = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 5), st.booleans(), st.booleans()), min_size=1, max_size=40
)


@settings(max_examples=60, deadline=None)
@given(scores, st.integers(0, 12), st.integers(0, 12))
def test_order_and_closeness_hold_always(rows: list[tuple[int, int, bool, bool]], mql: int, sal: int) -> None:
    frame = pd.DataFrame(rows, columns=["lead", "score", "excluded", "gates_open"])
    chosen = choose_thresholds(
        frame["lead"],
        frame["score"] / 7,
        excluded=frame["excluded"],
        gates_open=frame["gates_open"],
        mql_leads=mql,
        sal_leads=sal,
    )
    assert chosen.mql <= chosen.sal
    may = frame[~frame["excluded"]]
    passed = may.loc[may["score"] / 7 >= chosen.mql, "lead"].nunique()
    assert passed == chosen.mql_leads
    for other in np.append(may["score"].unique() / 7, 99):
        assert abs(passed - mql) <= abs(may.loc[may["score"] / 7 >= other, "lead"].nunique() - mql)
    shuffled = frame.sample(frac=1, random_state=1)
    assert chosen == choose_thresholds(
        shuffled["lead"],
        shuffled["score"] / 7,
        excluded=shuffled["excluded"],
        gates_open=shuffled["gates_open"],
        mql_leads=mql,
        sal_leads=sal,
    )


def test_who_was_promoted_before_the_counted_time_does_not_count_again() -> None:
    # Before: a 0.8, b 0.3. Counted: a 0.9, b 0.6, c 0.5. At 0.55, b is new, a was there; at 0.85 a is new.
    given = {"excluded": [False] * 5, "gates_open": [True] * 5, "counted": [False, False, True, True, True]}
    leads, score = pd.Series(list("ababc")), [0.8, 0.3, 0.9, 0.6, 0.5]
    chosen = choose_thresholds(leads, score, mql_leads=2, sal_leads=1, **given)
    # At 0.4, b and c are new; one lead is promoted above 0.8 (a), the highest threshold that gives one.
    assert (chosen.mql, chosen.mql_leads, chosen.sal_leads) == (pytest.approx(0.4), 2, 1)
    assert chosen.sal == pytest.approx(0.85)


def test_bands() -> None:
    p = [0.1, 0.3, 0.6, 0.6, 0.9]
    bands = band(p, cutoffs(0.3, 0.6), [False, False, False, False, True], [True, True, True, False, True])
    assert bands.tolist() == ["none", "MQL", "SAL", "MQL", "none"]


def test_a_lead_is_promoted_once_at_its_first_passing_row() -> None:
    promoted = first_promotions(
        pd.Series(["b", "a", "a", "b", "c"]), pd.Series([9, 5, 3, 7, 1]), [True, True, True, True, False]
    )
    assert promoted.to_dict("list") == {"lead_id": ["a", "b"], "as_of_us": [3, 7]}


def test_weeks_span_the_period_and_are_at_least_one() -> None:
    assert period_weeks([0, 3 * DAY_US, 21 * DAY_US]) == 3
    assert period_weeks([5, 5]) == 1


def test_order_is_checked_and_the_version_names_the_content() -> None:
    with pytest.raises(ValidationError, match="must not exceed"):
        cutoffs(0.7, 0.6)
    assert cutoffs(0.3, 0.6).version == cutoffs(0.3, 0.6).version != cutoffs(0.3, 0.61).version
    assert Cutoffs.model_validate_json(cutoffs(0.3, 0.6).model_dump_json()) == cutoffs(0.3, 0.6)
    assert cutoffs(0.3, 0.6).with_version() == cutoffs(0.3, 0.6)
