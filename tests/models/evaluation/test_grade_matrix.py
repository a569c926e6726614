"""The matrix of grades: every lead in one cell, once; a table worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.evaluation.grade_matrix import grade_matrix, one_look_a_lead


def test_worked_by_hand():
    # A1: two of three reached it, two of three promoted. C2: one lead, nothing. All others empty.
    grades = pd.DataFrame({"fit_grade": list("AAAC"), "behaviour_grade": list("1112")})
    table = grade_matrix(grades, [1, 1, 0, 0], [True, False, True, False]).set_index(["fit_grade", "behaviour_grade"])
    assert table.index.map("".join).tolist() == [f + b for f in "ABCD" for b in "1234"]
    assert table.loc[("A", "1"), ["leads", "outcomes"]].tolist() == [3, 2]
    assert table.loc[("A", "1"), "rate"] == 2 / 3
    assert table.loc[("A", "1"), "promoted"] == 2 / 3
    assert table.loc[("C", "2"), ["rate", "promoted"]].tolist() == [0, 0]
    empty = table.drop([("A", "1"), ("C", "2")])
    assert (empty["leads"] == 0).all()
    assert empty[["rate", "low", "high", "promoted"]].isna().all(axis=None)


def test_the_rate_lies_in_its_interval_and_leads_add_up():
    draw = np.random.default_rng(2)
    grades = pd.DataFrame(
        {"fit_grade": draw.choice(list("ABCD"), 500), "behaviour_grade": draw.choice(list("1234"), 500)}
    )
    table = grade_matrix(grades, draw.random(500) < 0.2, draw.random(500) < 0.4)
    assert table["leads"].sum() == 500
    assert ((table["low"] <= table["rate"]) & (table["rate"] <= table["high"])).all()


def test_a_lead_is_looked_at_once_whatever_the_order_of_the_draw():
    leads = pd.Series(["b", "a", "a", "c", "a"])
    chosen = one_look_a_lead(leads, seed=1)
    assert (np.diff(chosen) > 0).all()
    assert sorted(leads.iloc[chosen]) == ["a", "b", "c"]
    drawn = {tuple(one_look_a_lead(leads, seed=seed)) for seed in range(60)}
    assert len(drawn) == 3  # each of the three looks at a has its turn
