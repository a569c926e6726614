from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.families.feature_list import feature_list
from features.source_spec import FeatureOptions, SourceSpec
from models.feature_rows import FeatureRows
from models.forecast.forecast_rows import Explanation
from models.scoring.reasons import reasons
from models.scoring.subjects import HIGH_INTENT, PACE, STAGE, ActColumns, did_lately, latest_acts, subjects_of

SPEC = SourceSpec.model_validate(
    {
        "name": "x",
        "title": {"de": "X", "en": "X"},
        "targets": {"close": {"stage": "WON", "horizon": "30d"}},
        "fit": {
            "campaign": {"type": "category", "source_rate": True},
            "budget": {"type": "category", "known": "changes", "role": "budget"},
            "size": {"type": "number"},
        },
        "events": {
            "demo": {"types": ["demo"], "intent": "high"},
            "price": {"types": ["price"], "intent": "high"},
            "blog": {"types": ["blog"], "intent": "low"},
            "jobs": {"types": ["jobs"], "intent": "negative"},
            "letter": {"types": ["letter"], "actor": "marketing"},
        },
    }
)
FEATURES = feature_list(SPEC, FeatureOptions())
NAMES = [feature.name for feature in FEATURES]


def row(**values: float) -> pd.DataFrame:
    numbers = {f.name: [values.get(f.name, np.nan)] for f in FEATURES if f.dtype != "category"}
    return pd.DataFrame(numbers | {f.name: pd.Series([None], dtype=object) for f in FEATURES if f.dtype == "category"})


def explained(contributions: dict[str, float]) -> Explanation:
    table = pd.DataFrame([[contributions.get(name, 0.0) for name in NAMES]], columns=NAMES)
    base = pd.Series([-1.0])
    return Explanation("close", base, base + table.sum(axis=1), table, pd.Series([None]), pd.Series([False]))


def test_each_column_belongs_to_one_subject() -> None:
    subjects = subjects_of(FEATURES, SPEC)
    assert len(subjects.of_feature) == len(FEATURES)
    of = {name: subjects.listed[at] for name, at in zip(NAMES, subjects.of_feature, strict=True)}
    assert of["behaviour_demo_count_7d"] == of["behaviour_price_days_since_last"] == HIGH_INTENT
    assert of["behaviour_blog_trend"] == ("behaviour", "interest")
    assert of["behaviour_jobs_trend"] == ("behaviour", "negative")
    assert of["behaviour_letter_trend"] == ("behaviour", "from_us")
    assert of["journey_sessions_count"] == of["journey_last_family"] == PACE
    assert of["journey_high_intent_count"] == of["journey_low_intent_before_first_high_count"] == HIGH_INTENT
    assert of["journey_current_stage"] == of["journey_days_in_stage"] == STAGE
    assert of["fit_campaign"] == of["source_campaign_close_lift"] == ("source", "campaign")
    assert of["fit_budget"] == of["fit_bant_known_count"] == ("fit", "bant")
    assert of["fit_size"] == ("fit", "size")


def test_without_a_source_the_subjects_are_those_of_the_feature_list() -> None:
    subjects = subjects_of(FEATURES, None)
    assert [subjects.listed[at] for at in subjects.of_feature] == [(f.family, f.subject) for f in FEATURES]
    assert subjects.acts == {}


def test_the_latest_acts_come_first_and_those_never_done_not_at_all() -> None:
    columns = [ActColumns(name, f"{name}_days", f"{name}_times", 30.0) for name in ("a", "b", "c")]
    frame = pd.DataFrame(
        {
            "a_days": [3.0, np.nan], "b_days": [1.5, np.nan], "c_days": [40.0, 2.0],
            "a_times": [2.0, 0.0], "b_times": [1.0, 0.0], "c_times": [0.0, 7.0],
        }
    )  # fmt: skip
    X = FeatureRows.of(frame)
    first, second = latest_acts(X, columns, np.array([0, 1]))
    assert [(act["act"], act["days"], act["times"]) for act in first] == [("b", 1.5, 1), ("a", 3.0, 2)]
    assert second == [{"act": "c", "days": 2.0, "times": 7, "within": 30}]
    assert did_lately(X, columns[:1]).tolist() == [True, False]
    assert did_lately(X, columns[2:]).tolist() == [False, True]


@pytest.mark.parametrize(("days", "is_named"), [(29.9, True), (30.1, False)])
def test_what_was_done_with_clear_intent_of_late_is_named_however_little_it_weighs(days: float, is_named: bool) -> None:
    weights = {"fit_size": 2.0, "behaviour_blog_trend": 1.0, "behaviour_demo_trend": 0.001, "journey_as_of_hour": 0.5}
    X = row(behaviour_demo_days_since_last=days, behaviour_demo_count_30d=float(days < 30))
    found = reasons(explained(weights), X, FEATURES, spec=SPEC, top=2)[0]
    named = [(reason.family, reason.subject) for reason in found]
    assert named == [("fit", "size"), HIGH_INTENT if is_named else ("behaviour", "interest"), ("other", "other")]
    assert sum(reason.log_odds for reason in found) == pytest.approx(sum(weights.values()), abs=1e-12)


def test_what_says_nothing_is_no_reason() -> None:
    X = row(behaviour_demo_days_since_last=1.0, behaviour_demo_count_30d=1.0)
    found = reasons(explained({"fit_size": 2.0, "fit_campaign": 1.0}), X, FEATURES, spec=SPEC, top=1)[0]
    assert [reason.subject for reason in found] == ["size", "other"]
