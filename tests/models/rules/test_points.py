"""Points: hand-worked rows, rules that cannot be computed, reasons that add up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from features.errors import InputError
from features.families.feature_list import feature_list
from features.language.languages import Words
from features.source_columns import EventFamily, FitColumn
from features.source_spec import Condition, Exclusion, FeatureOptions, SourceSpec, Target
from models.rules.points import PointsRules, check_rules, points_breakdown, score_points
from models.rules.points_reasons import condition_words, points_reasons

RULES = PointsRules.model_validate(
    {
        "attributes": [
            {"column": "fit_industry", "in": ["machinery", "chemicals"], "points": 20},
            {"column": "fit_employees", "at_least": 50, "below": 1000, "points": 10},
        ],
        "actions": [
            {"family": "price_list", "points": 15, "within": "90d", "cap": 30},
            {"family": "newsletter", "points": 1, "half_life": "30d", "cap": 10},
            {"family": "unsubscribe", "points": -50, "cap": -50},
        ],
        "exclusions": [{"name": "students", "when": [{"column": "fit_kind", "in": ["student"]}]}],
        "gates": {"SAL": [{"column": "fit_budget", "in": ["confirmed"]}]},
        "cutoffs": {"MQL": 40, "SAL": 60},
    }
)
SPEC = SourceSpec(
    name="small",
    title=Words(de="Klein", en="Small"),
    targets={"sql": Target(stage="SQL", horizon="60d")},
    fit={
        "industry": FitColumn(type="category", words=Words(de="Branche", en="Industry")),
        "employees": FitColumn(type="number"),
        "kind": FitColumn(type="category"),
        "budget": FitColumn(type="category"),
    },
    events={
        "price_list": EventFamily(types=("pl",), words=Words(de="Preisliste", en="price list")),
        "newsletter": EventFamily(types=("nl",)),
        "unsubscribe": EventFamily(types=("un",), intent="negative"),
    },
)
OPTIONS = FeatureOptions()
FEATURES = feature_list(SPEC, OPTIONS)


def rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "fit_industry": ["machinery", "retail", "chemicals", None, "machinery"],
            "fit_employees": [50.0, 1000.0, 999.0, np.nan, 100.0],
            "fit_kind": ["company", "company", "company", None, "student"],
            "fit_budget": ["confirmed", "confirmed", None, None, "confirmed"],
            "behaviour_price_list_count_90d": [1.0, 3.0, 2.0, 0.0, 5.0],
            "behaviour_newsletter_decayed_30d": [0.5, 20.0, 0.0, 2.0, 0.0],
            "behaviour_unsubscribe_count_ever": [0.0, 0.0, 0.0, 3.0, 0.0],
        },
        index=list("abcde"),
    )


def test_points_worked_by_hand() -> None:
    scored = score_points(rows(), RULES)
    # a: 20 + 10 + 15 + 0.5 = 45.5          MQL
    # b: 0 + 0 (1000 is not below 1000) + 30 (capped) + 10 (capped) = 40: exactly the cut-off, MQL
    # c: 20 + 10 + 30 = 60                  enough for SAL, but the budget is not known: MQL
    # d: 2 - 50 (capped) = -48
    # e: 20 + 10 + 30 = 60, all gates open, but a student
    assert scored["points"].tolist() == [45.5, 40.0, 60.0, -48.0, 60.0]
    assert scored["excluded"].tolist() == [False, False, False, False, True]
    assert scored["mql"].tolist() == [True, True, True, False, False]
    assert scored["sal"].tolist() == [False] * 5
    assert score_points(rows().assign(fit_budget="confirmed"), RULES)["sal"].tolist() == [
        False,
        False,
        True,
        False,
        False,
    ]


def test_exclusions_of_the_source_come_on_top() -> None:
    large = Exclusion(name="large", when=(Condition(column="fit_employees", at_least=999),))
    scored = score_points(rows(), RULES, exclusions=[large])
    assert scored["excluded"].tolist() == [False, True, True, False, True]
    assert scored["mql"].tolist() == [True, False, False, False, False]


def test_missing_values_meet_only_missing() -> None:
    X = pd.DataFrame({"fit_employees": [np.nan, 5.0]})
    given = {"attributes": [{"column": "fit_employees", "missing": True, "points": 3}], "cutoffs": {"MQL": 1, "SAL": 2}}
    assert score_points(X, PointsRules.model_validate(given))["points"].tolist() == [3.0, 0.0]
    given["attributes"][0] = {"column": "fit_employees", "below": 10, "missing": False, "points": 3}
    assert score_points(X, PointsRules.model_validate(given))["points"].tolist() == [0.0, 3.0]


def test_reasons_add_up_to_the_points_and_speak_both_languages() -> None:
    X, breakdown = rows(), points_breakdown(rows(), RULES)
    for lead in X.index:
        reasons = points_reasons(X.loc[lead], RULES)
        assert sum(r.points for r in reasons) == pytest.approx(score_points(X, RULES).loc[lead, "points"])
        assert len(reasons) == (breakdown.loc[lead] != 0).sum()
    first = points_reasons(X.loc["c"], RULES)[0]
    assert (first.points, first.count) == (30, 2)
    assert first.words(RULES, SPEC) == Words(
        de="2 × Preisliste in den letzten 90 Tagen", en="2 × price list in the last 90 days"
    )
    assert "Branche: machinery oder chemicals" in [r.words(RULES, SPEC).de for r in points_reasons(X.loc["a"], RULES)]


def test_more_of_a_good_action_never_costs_points() -> None:
    base = rows()
    for column in ("behaviour_price_list_count_90d", "behaviour_newsletter_decayed_30d"):
        more = score_points(base.assign(**{column: base[column] + 1}), RULES)["points"]
        assert (more >= score_points(base, RULES)["points"]).all()


def test_rules_that_fit_the_features_pass() -> None:
    check_rules(RULES, FEATURES, OPTIONS)


@pytest.mark.parametrize(
    ("section", "entry", "message"),
    [
        (
            "attributes",
            {"column": "fit_idustry", "in": ["x"], "points": 1},
            "attributes, rule 1.*Did you mean fit_indus",
        ),
        ("attributes", {"column": "fit_industry", "at_least": 3, "points": 1}, "fit_industry, which is a category"),
        ("attributes", {"column": "fit_employees", "in": ["many"], "points": 1}, "numbers or yes/no values.*'many'"),
        ("actions", {"family": "webinar", "points": 1}, "one of the event families.*actions, rule 1.*'webinar'"),
        ("actions", {"family": "newsletter", "points": 1, "within": "14d"}, "within of newsletter among.*found 14d"),
        ("actions", {"family": "newsletter", "points": 1, "half_life": "3d"}, "half_life of newsletter.*half_lives in"),
        ("exclusions", {"name": "spam", "when": [{"column": "spam", "in": ["x"]}]}, "exclusions, spam.*'spam'"),
    ],
)
def test_rules_that_cannot_be_computed_are_named(section: str, entry: dict[str, object], message: str) -> None:
    tree = RULES.model_dump(mode="json", by_alias=True) | {section: [entry]}
    with pytest.raises(InputError, match=message):
        check_rules(PointsRules.model_validate(tree), FEATURES, OPTIONS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cutoffs": {"MQL": 70, "SAL": 40}}, "must not exceed"),
        ({"attributes": [], "actions": []}, "at least one entry"),
        ({"actions": [{"family": "x", "points": 5, "cap": -5}]}, "its cap cannot be -5"),
        ({"actions": [{"family": "x", "points": 5, "within": "7d", "half_life": "7d"}]}, "not both"),
        ({"attributes": [{"column": "fit_industry", "points": 5}]}, "needs one of"),
        ({"bonus": 3}, "Extra inputs"),
    ],
)
def test_rules_that_contradict_themselves_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        PointsRules.model_validate(RULES.model_dump(mode="json", by_alias=True) | change)


def test_an_action_needs_the_columns_of_its_family() -> None:
    few = tuple(f for f in FEATURES if not f.name.startswith("behaviour_newsletter_decayed"))
    with pytest.raises(InputError, match=r"an event family with the measure decayed.*'newsletter'") as caught:
        check_rules(RULES, few, OPTIONS)
    assert "events.newsletter.measures" in str(caught.value)


@pytest.mark.parametrize(
    ("measure", "rest", "needed"),
    [
        ("count", {}, "count_ever"),
        ("count_ever", {"within": "30d"}, "count"),
        ("count_ever", {"half_life": "30d"}, "decayed"),
        ("days_since_last", {}, "count_ever"),
    ],
)
def test_a_family_without_the_measure_a_rule_needs_is_told_which_one(
    measure: str, rest: dict[str, str], needed: str
) -> None:
    only = SPEC.events["price_list"].model_copy(update={"measures": (measure,)})
    spec = SPEC.model_copy(update={"events": {**SPEC.events, "price_list": only}})
    tree = {"actions": [{"family": "price_list", "points": 1, **rest}], "cutoffs": {"MQL": 1, "SAL": 2}}
    with pytest.raises(InputError) as caught:
        check_rules(PointsRules.model_validate(tree), feature_list(spec, OPTIONS), OPTIONS)
    assert f"an event family with the measure {needed} in actions, rule 1, found 'price_list'" in str(caught.value)
    assert "Add it to events.price_list.measures in source.yaml" in str(caught.value)


def test_a_family_that_is_named_second_must_be_computable_too() -> None:
    tree = {"actions": [{"family": "newsletter", "also": ["webinar"], "points": 1}], "cutoffs": {"MQL": 1, "SAL": 2}}
    with pytest.raises(InputError, match=r"one of the event families \['newsletter', 'price_list', 'unsubscribe'\]"):
        check_rules(PointsRules.model_validate(tree), FEATURES, OPTIONS)


def test_rules_survive_json() -> None:
    assert PointsRules.model_validate_json(RULES.model_dump_json(by_alias=True)) == RULES


def test_a_gate_is_said_in_the_words_of_the_source() -> None:
    called = {"open": {"de": "offen", "en": "open"}}
    column = {"type": "category", "words": {"de": "Bedarf", "en": "Need"}, "value_words": called}
    spec = SourceSpec.model_validate(
        {
            "name": "x",
            "title": {"de": "X", "en": "X"},
            "targets": {"close": {"stage": "WON", "horizon": "30d"}},
            "fit": {"need": column},
        }
    )
    gate = Condition(column="fit_need", in_=("open", "confirmed"))
    words = condition_words(gate, spec)
    assert (words.de, words.en) == ("Bedarf: offen oder confirmed", "Need: open or confirmed")


def test_a_rule_for_any_of_several_actions_counts_them_together():
    rules = PointsRules.model_validate(
        {
            "actions": [{"family": "price", "also": ["demo"], "points": 4, "within": "7d", "cap": 8}],
            "cutoffs": {"MQL": 0, "SAL": 0},
        }
    )
    X = pd.DataFrame({"behaviour_price_count_7d": [1.0, 2.0, None], "behaviour_demo_count_7d": [0.0, 3.0, 1.0]})
    # 1, 5 and 1 actions at 4 points each, at most 8
    assert score_points(X, rules)["points"].tolist() == [4.0, 8.0, 4.0]
    with pytest.raises(InputError, match="behaviour_demo_count_7d"):
        score_points(X[["behaviour_price_count_7d"]], rules)
    with pytest.raises(ValidationError, match="names a family twice"):
        PointsRules.model_validate(
            {"actions": [{"family": "a", "also": ["a"], "points": 1}], "cutoffs": {"MQL": 0, "SAL": 0}}
        )
