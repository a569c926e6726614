"""Compiled points: whole numbers that read back, equal to what fitting summed, blind to order, true to the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.errors import InputError
from features.families.feature_list import feature_list
from features.source_spec import FeatureOptions, SourceSpec
from models.bands import PerBand
from models.compiled_points.table import CompiledPoints, compile_points
from models.log_odds import log_odds_to_probability
from models.measures.lead_weights import even_weights
from models.rules.points import PointsRules, check_rules, points_breakdown, score_points

SPEC = SourceSpec.model_validate(
    {
        "name": "small",
        "title": {"de": "Klein", "en": "Small"},
        "targets": {"sql": {"stage": "SQL", "horizon": "30d"}},
        "fit": {
            "industry": {"type": "category", "words": {"de": "Branche", "en": "Industry"}},
            "employees": {"type": "number"},
            "phone": {"type": "text"},
        },
        "events": {
            "blog": {"types": ["blog"], "intent": "low"},
            "demo": {"types": ["demo"], "intent": "high"},
            "price": {"types": ["price"], "intent": "high"},
            "mail_sent": {"types": ["mail_sent"], "actor": "marketing"},
        },
    }
)
FEATURES = feature_list(SPEC, FeatureOptions())


def funnel(*, leads: int = 1200, seed: int = 1) -> pd.DataFrame:
    """Two rows a lead; every column of the feature list, most of them noise."""
    draw = np.random.default_rng(seed)
    rows = pd.DataFrame({"lead_id": [f"L{n:05d}" for n in np.repeat(np.arange(leads), 2)]})
    rows["as_of_us"] = np.tile([0, 14], leads)
    columns: dict[str, object] = {}
    for feature in FEATURES:
        if feature.dtype == "category":
            columns[feature.name] = draw.choice(["a", "b", "c", "d", None], 2 * leads)
        elif feature.dtype == "boolean":
            columns[feature.name] = draw.integers(0, 2, 2 * leads).astype("float64")
        elif feature.unit == "count":
            columns[feature.name] = draw.poisson(0.5, 2 * leads).astype("float64")
        else:
            columns[feature.name] = draw.uniform(0, 500, 2 * leads)
    rows = pd.concat([rows, pd.DataFrame(columns)], axis="columns")
    rows.loc[draw.random(2 * leads) < 0.1, "fit_employees"] = np.nan
    return rows


def true_log_odds(rows: pd.DataFrame) -> np.ndarray:
    """Additive: industry a or b +1, more than 200 employees +0.5, each demo of 7 days +1 up to two, a phone −0.5."""
    return (
        -2.5
        + 1.0 * rows["fit_industry"].isin(["a", "b"])
        + 0.5 * (rows["fit_employees"] >= 200)
        + 1.0 * rows["behaviour_demo_count_7d"].clip(upper=2)
        - 0.5 * (rows["fit_phone_given"] == 1)
    ).to_numpy(dtype="float64")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return funnel()


@pytest.fixture(scope="module")
def compiled(rows: pd.DataFrame) -> CompiledPoints:
    return compile_points(rows, log_odds_to_probability(true_log_odds(rows)), FEATURES, spec=SPEC, max_rules=6)


def test_a_known_additive_truth_comes_back(rows: pd.DataFrame, compiled: CompiledPoints) -> None:
    # points = scale x log-odds + a constant, but for rounding: five points apart on 1 in log-odds at the smallest scale
    given = compiled.score(rows)
    slope, start = np.polyfit(true_log_odds(rows), given, 1)
    assert np.abs(given - start - slope * true_log_odds(rows)).max() <= 0.35 * slope
    assert np.corrcoef(given, true_log_odds(rows))[0, 1] > 0.99
    columns = {rule.column for rule in compiled.rules.attributes}
    assert {"fit_industry", "fit_employees", "fit_phone_given"} <= columns
    assert ("demo", 7 * 86_400_000_000) in {(rule.family, rule.within) for rule in compiled.rules.actions}


def test_points_are_whole_and_no_more_rules_than_allowed(compiled: CompiledPoints) -> None:
    rules = (*compiled.rules.attributes, *compiled.rules.actions)
    assert 1 <= len(rules) <= 6
    assert len(compiled.table) == len(rules)
    assert all(rule.points == round(rule.points) != 0 for rule in rules)
    assert all(rule.cap is not None and rule.half_life is None for rule in compiled.rules.actions)
    assert compiled.rules.cutoffs.MQL == round(compiled.rules.cutoffs.MQL) <= compiled.rules.cutoffs.SAL


def test_the_table_reads_back_and_scores_what_was_summed(rows: pd.DataFrame, compiled: CompiledPoints) -> None:
    again = PointsRules.model_validate(compiled.rules.model_dump(mode="json", by_alias=True))
    check_rules(again, FEATURES, FeatureOptions())
    assert again == compiled.rules
    scored = score_points(rows, again)["points"].to_numpy()
    assert (scored == np.rint(scored)).all()
    given = points_breakdown(rows, again)
    assert (scored == given.sum(axis="columns")).all()
    table = compiled.table.set_index("rule")
    weights = even_weights(rows["lead_id"])
    for name in given:
        assert given[name].abs().max() == abs(table.loc[name, "most"])
        assert table.loc[name, "share"] == pytest.approx(weights @ (given[name] != 0) / weights.sum())


def test_the_order_of_rows_plays_no_part(rows: pd.DataFrame, compiled: CompiledPoints) -> None:
    shuffled = rows.sample(frac=1, random_state=3)
    p = log_odds_to_probability(true_log_odds(shuffled))
    again = compile_points(shuffled, p, FEATURES, spec=SPEC, max_rules=6)
    assert again.rules == compiled.rules
    pd.testing.assert_frame_equal(again.table, compiled.table)


def test_probabilities_never_fall_as_points_rise(rows: pd.DataFrame, compiled: CompiledPoints) -> None:
    order = np.argsort(compiled.score(rows), kind="stable")
    assert (np.diff(compiled.probability(rows)[order]) >= 0).all()


def test_exclusions_and_gates_in_force_are_kept(rows: pd.DataFrame) -> None:
    like = PointsRules.model_validate(
        {
            "attributes": [{"column": "fit_industry", "in": ["a"], "points": 1}],
            "exclusions": [{"name": "small", "when": [{"column": "fit_employees", "below": 5}]}],
            "gates": {"SAL": [{"column": "fit_phone_given", "in": [True]}]},
            "cutoffs": {"MQL": 1, "SAL": 1},
        }
    )
    p = log_odds_to_probability(true_log_odds(rows))
    kept = compile_points(rows, p, FEATURES, spec=SPEC, like=like, max_rules=2).rules
    assert (kept.exclusions, kept.gates) == (like.exclusions, like.gates)


def test_no_row_has_more_than_the_highest_points(rows: pd.DataFrame) -> None:
    p = log_odds_to_probability(true_log_odds(rows))
    found = compile_points(rows, p, FEATURES, spec=SPEC, max_rules=6, highest=40)
    assert found.score(rows).max() <= 40


def test_cut_offs_are_raised_to_whole_points_without_changing_who_passes(
    rows: pd.DataFrame, compiled: CompiledPoints
) -> None:
    points = compiled.score(rows)
    middle = np.unique(points)[len(np.unique(points)) // 2] - 0.5
    moved = compiled.with_cutoffs(PerBand(middle, middle + 3))
    assert (middle + 0.5, middle + 3.5) == (moved.rules.cutoffs.MQL, moved.rules.cutoffs.SAL)
    assert ((points >= middle) == (points >= moved.rules.cutoffs.MQL)).all()


def test_one_probability_for_all_has_nothing_to_compile(rows: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="tells leads apart"):
        compile_points(rows, np.full(len(rows), 0.2), FEATURES, spec=SPEC)
    with pytest.raises(InputError, match="at least 1 rule"):
        compile_points(rows, np.full(len(rows), 0.2), FEATURES, spec=SPEC, max_rules=0)
