"""Importance: features of one subject that cancel out count for nothing, and the shares add up."""

from __future__ import annotations

import pandas as pd
import pytest

from features.families.feature_list import feature_list
from features.language.languages import Words
from features.source_columns import EventFamily, FitColumn
from features.source_spec import FeatureOptions, SourceSpec, Target
from models.evaluation.importance import family_importance, subject_importance

SPEC = SourceSpec(
    name="small",
    title=Words(de="Klein", en="Small"),
    targets={"sql": Target(stage="SQL", horizon="60d")},
    fit={"country": FitColumn(type="category")},
    events={"demo": EventFamily(types=("demo",))},
)
NAMES = ("fit_country", "behaviour_demo_count_7d", "behaviour_demo_count_ever")
FEATURES = tuple(f for f in feature_list(SPEC, FeatureOptions()) if f.name in NAMES)


def test_worked_by_hand() -> None:
    contributions = pd.DataFrame([[0.5, 1.0, -1.0], [-0.5, 1.0, 2.0]], columns=list(NAMES))
    # Country: mean of 0.5 and 0.5. Demo: mean of |1 - 1| and |1 + 2|.
    by_subject = subject_importance(contributions, FEATURES)
    assert by_subject["subject"].tolist() == ["demo", "country"]
    assert by_subject["mean_abs_log_odds"].tolist() == [1.5, 0.5]
    assert by_subject["share"].tolist() == pytest.approx([0.75, 0.25])
    by_family = family_importance(contributions, FEATURES)
    assert by_family["family"].tolist() == ["behaviour", "fit"]
    assert by_family["share"].sum() == pytest.approx(1)


def test_a_forecast_that_nothing_moves_has_no_shares() -> None:
    nothing = pd.DataFrame(0.0, index=range(3), columns=list(NAMES))
    assert subject_importance(nothing, FEATURES)["share"].tolist() == [0, 0]
