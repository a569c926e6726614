from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.time_units import WEEK_US
from models.evaluation.depth_verdict import judge_depth
from models.evaluation.working_depth import compare_at_cutoffs, compare_at_depth, turns

DAY_US = WEEK_US // 7


def looks(**columns) -> pd.DataFrame:
    return pd.DataFrame(columns)


def compared(rows, scores, cut, *, every_us=None, may=None, draws=50, deal=None):
    """Compare with the points' cut-off as depth."""
    may = np.ones(len(rows), dtype=bool) if may is None else np.asarray(may)
    passes = may & (np.asarray(scores["points"], dtype="float64") >= cut)
    turn = turns(rows["as_of_us"], every_us=every_us)
    return compare_at_depth(
        rows, scores, baseline="points", passes=passes, may=may, turn=turn, deal=deal, draws=draws, seed=1
    )


# Five leads with one look each in one week. The points hand over A and B (4 or more); as many, the model's best two
# are C and A. A, C and E reach SQL; a deal comes of C.
#          A    B    C    D    E
FIVE = {
    "lead_id": list("ABCDE"),
    "as_of_us": [0, 1, 2, 3, 4],
    "y": [1.0, 0.0, 1.0, 0.0, 1.0],
    "y_close": [0.0, 0.0, 1.0, 0.0, np.nan],
}
FIVE_SCORES = {"model": [0.7, 0.1, 0.9, 0.3, 0.2], "points": [5, 4, 3, 2, 1]}


def test_five_leads_by_hand():
    result = compared(looks(**FIVE), FIVE_SCORES, 4, deal="y_close")
    assert result.values == {
        "points": {"handed_over": 2, "found": 1, "missed": 2, "wasted": 1, "deals_found": 0, "deals_missed": 1},
        "model": {"handed_over": 2, "found": 2, "missed": 1, "wasted": 0, "deals_found": 1, "deals_missed": 0},
    }
    assert result.difference("model", "points", "found").value == 1
    assert result.difference("model", "points", "handed_over") == pytest.approx(
        result.difference("points", "model", "handed_over")
    )


def test_a_paired_draw_by_hand():
    # In a draw where A counts a times, B b and C c times, the points find 2 a / (a + b) and the model, both of whose
    # leads got there, always 2: as many hand-overs, other leads. So the difference is 2 b / (a + b), never below 0.
    result = compared(looks(**FIVE), FIVE_SCORES, 4, draws=300)
    model, points = (result.draws[name]["found"] for name in ("model", "points"))
    drawn_neither = np.isin(model, [0.0])
    assert set(np.round(model[~drawn_neither], 9)) == {2.0}
    assert ((points >= 0) & (points <= 2)).all()
    assert set(result.draws["points"]["handed_over"]) == {2.0}


def test_at_cutoffs_the_numbers_differ_as_the_rules_do():
    rows = looks(**FIVE)
    passes = {"points": np.asarray(FIVE_SCORES["points"]) >= 4, "model": np.asarray(FIVE_SCORES["model"]) >= 0.9}
    result = compare_at_cutoffs(rows, passes, deal=None, draws=50, seed=1)
    # The model hands over C alone: one found, A and E missed, nothing wasted.
    assert result.values["model"] == {"handed_over": 1, "found": 1, "missed": 2, "wasted": 0}
    assert result.values["points"] == {"handed_over": 2, "found": 1, "missed": 2, "wasted": 1}


def test_a_lead_is_handed_over_once_and_at_what_is_known_that_night():
    # Night 0: A and B are looked at; the points hand over A. Night 1: B and C; the points hand over C.
    # The model prefers B on night 0 (A's later rise is not known yet), and on night 1 C, for B is handed over.
    rows = looks(lead_id=["A", "B", "B", "C"], as_of_us=[0, 0, DAY_US, DAY_US], y=[1.0, 0.0, 1.0, 1.0])
    scores = {"points": [9, 1, 2, 9], "model": [0.2, 0.3, 0.9, 0.1]}
    result = compared(rows, scores, 9, every_us=DAY_US)
    # B was handed over on night 0, whose outcome is no (too early): so it is missed, and a call is wasted on it.
    assert result.values["model"] == {"handed_over": 2, "found": 1, "missed": 2, "wasted": 1}
    assert result.values["points"] == {"handed_over": 2, "found": 2, "missed": 1, "wasted": 0}


def test_who_has_nobody_left_makes_up_for_it_later():
    # Night 0: A, B; the points hand over A, the model B. Night 1: B alone; the points hand it over, the model has
    # nobody. Night 2: C, D; the points hand over C; the model owes one and hands over both.
    rows = looks(
        lead_id=["A", "B", "B", "C", "D"],
        as_of_us=[0, 0, DAY_US, 2 * DAY_US, 2 * DAY_US],
        y=[0.0, 1.0, 1.0, 0.0, 1.0],
    )
    scores = {"points": [9, 1, 9, 9, 1], "model": [0.1, 0.9, 0.9, 0.2, 0.8]}
    result = compared(rows, scores, 9, every_us=DAY_US)
    assert result.values["model"] == {"handed_over": 3, "found": 2, "missed": 0, "wasted": 1}


def test_whom_nobody_may_hand_over_is_missed_by_all():
    rows = looks(lead_id=list("AB"), as_of_us=[0, 1], y=[1.0, 1.0])
    result = compared(rows, {"points": [9, 9], "model": [0.9, 0.8]}, 5, may=[False, True])
    for name in ("points", "model"):
        assert result.values[name] == {"handed_over": 1, "found": 1, "missed": 1, "wasted": 0}


def test_the_earlier_of_two_equal_leads_comes_first():
    rows = looks(lead_id=list("ABC"), as_of_us=[2, 1, 3], y=[0.0, 1.0, 0.0])
    result = compared(rows, {"points": [1, 1, 9], "model": [0.5, 0.5, 0.1]}, 9)
    assert result.values["model"]["found"] == 1  # B, the earlier


@st.composite
def funnels(draw):
    seed = draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    leads, nights = draw(st.integers(1, 25)), draw(st.integers(1, 6))
    seen = np.argwhere(rng.random((leads, nights)) < 0.7)
    if len(seen) == 0:
        seen = np.array([[0, 0]])
    y = (rng.random(leads) < 0.4)[seen[:, 0]] & (rng.random(len(seen)) < 0.9)
    rows = looks(lead_id=[f"L{lead}" for lead in seen[:, 0]], as_of_us=seen[:, 1] * DAY_US, y=y.astype(float))
    rows["y_close"] = rows["y"] * rng.integers(0, 2, len(rows))
    scores = {name: rng.integers(0, 9, len(rows)).astype(float) for name in ("model", "points", "naive_bayes")}
    return rows, scores, rng.random(len(rows)) < 0.9, draw(st.integers(0, 9))


@settings(max_examples=60, deadline=None)
@given(funnels())
def test_found_and_missed_are_all_that_reached_and_depths_are_equal(funnel):
    rows, scores, may, cut = funnel
    result = compared(rows, scores, cut, every_us=DAY_US, may=may, deal="y_close", draws=5)
    reached, closed = (rows.groupby("lead_id")[column].max().sum() for column in ("y", "y_close"))
    depth = result.values["points"]["handed_over"]
    for figures in result.values.values():
        assert figures["found"] + figures["missed"] == reached
        assert figures["deals_found"] + figures["deals_missed"] == closed
        assert figures["found"] + figures["wasted"] == figures["handed_over"] <= depth
        assert figures["handed_over"] <= rows.loc[may, "lead_id"].nunique()


@settings(max_examples=30, deadline=None)
@given(funnels(), st.integers(0, 99))
def test_the_order_of_rows_changes_nothing(funnel, seed):
    rows, scores, may, cut = funnel
    order = np.random.default_rng(seed).permutation(len(rows))
    shuffled = {name: score[order] for name, score in scores.items()}
    once = compared(rows, scores, cut, every_us=DAY_US, may=may, draws=20)
    again = compared(rows.iloc[order].reset_index(drop=True), shuffled, cut, every_us=DAY_US, may=may[order], draws=20)
    assert once.values == again.values
    for name, figures in once.draws.items():
        for figure, draws in figures.items():
            np.testing.assert_array_equal(draws, again.draws[name][figure])


def test_a_scorer_equal_to_the_baseline_differs_in_nothing():
    rng = np.random.default_rng(3)
    rows = looks(lead_id=[f"L{n:03d}" for n in range(200)], as_of_us=np.arange(200) * DAY_US, y=rng.integers(0, 2, 200))
    points = rng.permutation(200).astype(float)
    result = compared(rows, {"points": points, "model": points * 2 + 1}, 150)
    gap = result.difference("model", "points", "found")
    assert (gap.value, gap.low, gap.high) == (0, 0, 0)


def test_no_leads_at_all():
    rows = looks(lead_id=pd.Series([], dtype=str), as_of_us=pd.Series([], dtype="int64"), y=pd.Series([], dtype=float))
    result = compared(rows, {"points": [], "model": []}, 1)
    assert set(result.values["model"].values()) == {0.0}


def judged(model, points, naive_bayes, *, y, cut, learned=True, min_outcomes=20):
    """Judge scores of leads with one look each; SAL is the same list as MQL."""
    n = len(y)
    rows = looks(lead_id=[f"L{number:04d}" for number in range(n)], as_of_us=np.arange(n) * 60_000_000, y=y)
    scores = {"model": model, "points": points, "naive_bayes": naive_bayes}
    result = compared(rows, scores, cut, draws=200)
    return judge_depth(
        {"MQL": result, "SAL": result},
        model="model",
        baseline="points",
        reached=float(y.sum()),
        min_outcomes=min_outcomes,
        learned=learned,
    )


@pytest.fixture
def world():
    rng = np.random.default_rng(8)
    y = (rng.random(600) < 0.3).astype(float)
    good, chance = y + rng.normal(0, 1, 600), rng.normal(0, 1, 600)
    return y, good, chance


def test_who_finds_clearly_more_wins_and_the_other_way_round_loses(world):
    y, good, chance = world
    assert judged(good, chance, chance, y=y, cut=1).outcome == "won"
    lost = judged(chance, good, chance, y=y, cut=1)
    assert (lost.outcome, lost.behind[0]) == ("lost", ("MQL", "points"))


def test_who_beats_the_points_but_not_naive_bayes_loses(world):
    y, good, chance = world
    found = judged(good, chance, y + 0.1 * good, y=y, cut=1)
    assert found.outcome == "lost"
    assert {other for _, other in found.behind} == {"naive_bayes"}


def test_what_cannot_be_told_apart_is_not_proven(world):
    y, good, chance = world
    assert judged(chance, np.random.default_rng(1).normal(0, 1, 600), chance, y=y, cut=1).outcome == "not_proven"
    few = judged(good, chance, chance, y=y, cut=1, min_outcomes=5_000)
    assert (few.outcome, few.enough) == ("not_proven", False)
    assert judged(good, chance, chance, y=y, cut=1, learned=False).outcome == "not_proven"


def test_a_handful_of_hand_overs_proves_nothing_and_loses_nothing():
    # The points hand over 3 of 600 leads, all in vain; the model's three all get there, or the other way round.
    y = np.zeros(600)
    y[:100] = 1
    best, worst = y + np.arange(600) / 1e4, 1 - y + np.arange(600) / 1e4
    for model, points in ((best, worst), (worst, best)):
        found = judged(model, points, model, y=y, cut=np.sort(points)[-3])
        assert (found.outcome, found.enough, found.behind) == ("not_proven", False, ())
