from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.catalog.feature import Feature
from features.language.languages import Words
from models.forecast.forecast_rows import Explanation
from models.log_odds import log_odds_to_probability
from models.scoring.reasons import percentage_points, reasons

SMALL = st.floats(-4, 4)


def feature(name, family, subject, dtype="number", words="{value}"):
    return Feature(name, family, dtype, "", subject, Words(de=words, en=words), Words(de="fehlt", en="missing"), "")


FEATURES = (
    feature("fit_branch", "fit", "branch", "category", "Branch: {value}"),
    feature("behaviour_demo_count_7d", "behaviour", "demo", words="{value} this week"),
    feature("behaviour_demo_count_ever", "behaviour", "demo", words="{value} ever"),
    feature("journey_age_days", "journey", "tempo"),
)
NAMES = [f.name for f in FEATURES]
X = pd.DataFrame([["software", 3.0, 5.0, np.nan]], columns=NAMES)


def explain(contributions, base=-1.0, *, reached=False):
    table = pd.DataFrame([contributions], columns=NAMES)
    odds = base + table.sum(axis=1)
    return Explanation("sql", pd.Series([base]), odds, table, pd.Series([None]), pd.Series([reached]))


def test_by_hand():
    # demo: +2.0 - 0.5 = +1.5, told by the feature that goes up; branch -0.5; tempo +0.1 is left for other
    found = reasons(explain([-0.5, 2.0, -0.5, 0.1]), X, FEATURES, top=2)[0]
    assert [(r.family, r.subject, round(r.log_odds, 9)) for r in found] == [
        ("behaviour", "demo", 1.5),
        ("fit", "branch", -0.5),
        ("other", "other", 0.1),
    ]
    assert [(r.value, r.feature) for r in found] == [
        (3.0, "behaviour_demo_count_7d"),
        ("software", "fit_branch"),
        (None, None),
    ]
    # p goes from s(-1) = 26.894 % to s(0.1) = 52.498 %: 25.604 points over 1.1 in log-odds
    assert [r.percentage_points for r in found] == pytest.approx([34.914, -11.638, 2.328], abs=1e-3)


def test_a_missing_or_infinite_value_is_none_and_a_yes_is_a_yes():
    rows = X.assign(journey_age_days=[np.inf], behaviour_demo_count_7d=[1.0])
    is_demo = replace(FEATURES[1], dtype="boolean")
    features = (FEATURES[0], is_demo, *FEATURES[2:])
    found = {r.feature: r.value for r in reasons(explain([0.0, 2.0, 0.0, 1.0]), rows, features)[0]}
    assert found == {"behaviour_demo_count_7d": True, "journey_age_days": None}
    assert reasons(explain([0.0, 0.0, 0.0, 1.0]), X, FEATURES)[0][0].value is None


@given(st.lists(SMALL, min_size=4, max_size=4), SMALL, st.integers(1, 4))
@settings(max_examples=80)
def test_reasons_add_up(contributions, base, top):
    explanation = explain(contributions, base)
    found = reasons(explanation, X, FEATURES, top=top)[0]
    total = float(sum(contributions))
    p, p_base = log_odds_to_probability(base + total), log_odds_to_probability(base)
    assert sum(r.log_odds for r in found) == pytest.approx(total, abs=1e-9)
    assert sum(r.percentage_points for r in found) == pytest.approx(100 * (p - p_base), abs=1e-4)
    assert all(r.log_odds * r.percentage_points >= 0 for r in found)
    named = [abs(r.log_odds) for r in found if r.family != "other"]
    assert named == sorted(named, reverse=True)
    assert len(named) <= top


def test_contributions_that_cancel_keep_their_size():
    # at a sum of 0 a small step of the log-odds is worth p (1 - p) = 1/4 of it
    points = percentage_points(np.array([[1.0, -1.0], [1.0, -1.0 + 1e-5]]), np.zeros(2))
    assert points[0].tolist() == [25.0, -25.0]
    assert points[1] == pytest.approx([25.0, -25.0], abs=1e-3)


def test_a_reached_target_says_so():
    rows = X.assign(journey_current_stage="SQL")
    found = reasons(explain([0, 0, 0, 0], base=np.inf, reached=True), rows, FEATURES)[0]
    assert [(r.subject, r.value, r.log_odds) for r in found] == [("reached_sql", "SQL", 0.0)]


def test_the_base_rate_has_no_reasons():
    assert reasons(explain([0, 0, 0, 0]), X, FEATURES) == [()]


def test_reasons_of_a_forecast_are_json(forecast, company):
    rows = company.history.tail(50)
    explanation = forecast.explain(rows, "sql")
    for row, found in enumerate(reasons(explanation, rows, forecast.features, top=3)):
        json.dumps([reason.to_json() for reason in found], allow_nan=False)
        assert sum(r.log_odds for r in found) == pytest.approx(explanation.contributions.iloc[row].sum(), abs=1e-9)
    alone = reasons(forecast.explain(rows.tail(1), "sql"), rows.tail(1), forecast.features, top=3)
    assert alone == reasons(explanation, rows, forecast.features, top=3)[-1:]
