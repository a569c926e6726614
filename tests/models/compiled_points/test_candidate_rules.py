"""Candidates: only what a tool can know, nothing twice, and equal to what points would give."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.catalog.feature import Feature
from features.families.feature_list import feature_list
from features.source_spec import FeatureOptions, SourceSpec
from models.compiled_points.candidate_rules import Candidates, rule_candidates
from models.compiled_points.rule_bounds import LONGEST_GROUP, level_groups
from models.rules.points import ActionPoints, AttributePoints, PointsRules, points_breakdown

SPEC = SourceSpec.model_validate(
    {
        "name": "small",
        "title": {"de": "Klein", "en": "Small"},
        "targets": {"sql": {"stage": "SQL", "horizon": "30d"}},
        "fit": {"industry": {"type": "category", "source_rate": True}, "size": {"type": "number"}},
        "events": {
            "demo": {"types": ["demo"], "intent": "high"},
            "price": {"types": ["price"], "intent": "high"},
            "mail_sent": {"types": ["mail_sent"], "actor": "marketing"},
        },
    }
)
FEATURES: tuple[Feature, ...] = feature_list(SPEC, FeatureOptions())


def candidates(*, rows: int = 600) -> tuple[pd.DataFrame, Candidates]:
    draw = np.random.default_rng(2)
    table = pd.DataFrame(
        {
            feature.name: draw.choice(["MQL", "SAL", "RECYCLED", "x"], rows)
            if feature.dtype == "category"
            else draw.poisson(2, rows).astype("float64")
            for feature in FEATURES
        }
    )
    return table, rule_candidates(table, draw.random(rows), np.ones(rows), FEATURES, SPEC)


def test_only_what_a_tool_can_know() -> None:
    _, found = candidates()
    columns = {rule.column for rule in found.rules if isinstance(rule, AttributePoints)}
    assert {"fit_industry", "fit_size", "journey_days_since_created"} <= columns
    assert not {column for column in columns if column.startswith(("account_", "source_", "behaviour_"))}
    assert "fit_completeness_share" not in columns
    families = {rule.families for rule in found.rules if isinstance(rule, ActionPoints)}
    assert families == {("demo",), ("price",), ("demo", "price")}


def test_points_never_feed_on_the_rung_that_they_decide() -> None:
    _, found = candidates()
    stages = {
        rule.in_ for rule in found.rules if isinstance(rule, AttributePoints) and rule.column == "journey_current_stage"
    }
    assert stages == {("SAL",), ("RECYCLED",)}


def test_a_candidate_gives_what_points_would_give() -> None:
    table, found = candidates()
    for position, rule in enumerate(found.rules):
        section = "attributes" if isinstance(rule, AttributePoints) else "actions"
        priced = rule.model_copy(
            update={"points": -3.0, **({} if section == "attributes" else {"cap": -3.0 * rule.cap})}
        )
        rules = PointsRules.model_validate(
            {section: [priced.model_dump(mode="json", by_alias=True)], "cutoffs": {"MQL": 0, "SAL": 0}}
        )
        assert (points_breakdown(table, rules).iloc[:, 0] == -3.0 * found.given[:, position]).all()


def test_nothing_is_said_twice() -> None:
    _, found = candidates()
    columns = [found.given[:, position].tobytes() for position in range(len(found.rules))]
    assert len(set(columns)) == len(columns)


def test_rare_values_join_no_group_and_no_group_is_too_long_to_type() -> None:
    values = pd.Series([f"v{number:02d}" for number in range(30)] * 30 + ["rare"])
    p = np.linspace(0, 1, len(values))
    groups = level_groups(values, p, np.ones(len(values)))
    assert max(len(group) for group in groups) == LONGEST_GROUP
    assert all("rare" not in group for group in groups)
