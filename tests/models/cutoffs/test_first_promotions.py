"""First promotions at every cut-off at once equal those counted one cut-off at a time."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from models.cutoffs.first_promotions import FirstPassages, first_promotions

looks = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 8), st.integers(0, 5), st.booleans()), min_size=1, max_size=40
)


@settings(max_examples=60, deadline=None)
@given(looks, st.integers(0, 6))
def test_a_cut_off_by_itself_promotes_the_same_rows(rows: list[tuple[int, int, int, bool]], cut: int) -> None:
    frame = pd.DataFrame(rows, columns=["lead", "at", "score", "may"]).drop_duplicates(["lead", "at"])
    frame = frame.reset_index(drop=True)
    passages = FirstPassages.of(frame["lead"], frame["at"], frame["score"], frame["may"])
    passed = frame.iloc[passages.row[passages.at(cut)]]
    expected = first_promotions(frame["lead"], frame["at"], frame["may"] & (frame["score"] >= cut))
    assert sorted(passed["lead"]) == expected["lead_id"].tolist()
    assert passed.set_index("lead")["at"].to_dict() == expected.set_index("lead_id")["as_of_us"].to_dict()
    assert passages.sums([cut], np.ones(len(passages.row)))[0] == len(expected)


def test_worked_by_hand() -> None:
    # Lead a: 0.2, then 0.6, then 0.4; lead b: 0.5. Outcomes of the rows: 1, 0, 1; 1.
    passages = FirstPassages.of(["a", "a", "a", "b"], [1, 2, 3, 1], [0.2, 0.6, 0.4, 0.5], [True] * 4)
    assert passages.row.tolist() == [0, 1, 3]
    assert passages.before.tolist() == [-np.inf, 0.2, -np.inf]
    # From 0.1: a at its first row (1), b (1). From 0.3: a at its second (0), b. From 0.55: a's second alone.
    assert passages.sums([0.1, 0.3, 0.55, 0.7], [1.0, 0.0, 1.0]).tolist() == [2.0, 1.0, 0.0, 0.0]
    assert passages.sums([0.1, 0.3], [[1.0, 0.0, 1.0], [1.0, 1.0, 1.0]]).tolist() == [[2.0, 1.0], [2.0, 2.0]]


def test_a_lead_is_promoted_once_at_its_first_passing_row() -> None:
    promoted = first_promotions(
        pd.Series(["b", "a", "a", "b", "c"]), pd.Series([9, 5, 3, 7, 1]), [True, True, True, True, False]
    )
    assert promoted.to_dict("list") == {"lead_id": ["a", "b"], "as_of_us": [3, 7]}
