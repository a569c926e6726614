"""What ``rules.yaml`` of compiled points must survive: any value in its rules and in their comments."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from features.families.feature_list import feature_list
from features.source_spec import FeatureOptions, SourceSpec
from models.rules.points import PointsRules
from pipeline.points.compile_run import JudgedPoints
from pipeline.points.files import rules_tree, rules_yaml

SPEC = SourceSpec.model_validate(
    {
        "name": "x",
        "title": {"de": "X", "en": "X"},
        "targets": {"close": {"stage": "WON", "horizon": "30d"}},
        "fit": {"industry": {"type": "category"}},
    }
)


def text_of(value: str) -> tuple[str, PointsRules]:
    rule = {"column": "fit_industry", "in": [value], "points": 5}
    rules = PointsRules.model_validate({"attributes": [rule], "cutoffs": {"MQL": 5, "SAL": 10}})
    judged = SimpleNamespace(
        compiled=SimpleNamespace(rules=rules),
        spec=SPEC,
        features=feature_list(SPEC, FeatureOptions()),
        cutoffs=SimpleNamespace(target="close"),
        max_rules=3,
    )
    return rules_yaml(cast("JudgedPoints", judged)), rules


def same(value: str) -> None:
    text, rules = text_of(value)
    read: dict[str, Any] = yaml.safe_load(text)
    assert read == rules_tree(rules)
    assert PointsRules.model_validate(read) == rules


@pytest.mark.parametrize(
    "value", ["a\nb", "a\r\nb", "\u2028", "# x: [1", "yes", "- {", "'\"", "\x85", "\x07", "\ufeff"]
)
def test_values_that_break_a_line_or_a_comment_come_back(value: str) -> None:
    same(value)


@given(value=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
@settings(max_examples=60, deadline=None)
def test_any_value_comes_back(value: str) -> None:
    same(value)
