"""The list itself: names, order, words."""

from __future__ import annotations

from collections import Counter

import pytest
import yaml

from features.families.behaviour import trend_windows
from features.families.feature_list import feature_list
from features.source_columns import FitColumn
from features.source_spec import FeatureOptions, Snapshots, SourceSpec


def test_names_are_unique_and_start_with_their_family(spec, options):
    features = feature_list(spec, options)
    assert max(Counter(feature.name for feature in features).values()) == 1
    assert all(feature.name.startswith(f"{feature.family}_") for feature in features)
    assert {feature.family for feature in features} == {"fit", "behaviour", "journey", "account", "source"}


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_feature_can_be_said_with_a_value_and_without(spec, options, language):
    for feature in feature_list(spec, options):
        value = "head" if feature.dtype == "category" else 1.0
        for sentence in (
            feature.say(value, language),
            feature.say(None, language),
            feature.say(float("nan"), language),
        ):
            assert sentence, feature.name
            assert "{" not in sentence, feature.name
        assert feature.definition, feature.name
        assert ("{value}" in getattr(feature.words, language)) != ("_decayed_" in feature.name), feature.name


def test_numbers_are_said_as_people_say_them(spec, options):
    by_name = {feature.name: feature for feature in feature_list(spec, options)}
    assert by_name["behaviour_blog_days_since_last"].say(1.0, "en") == "blog: yesterday"
    assert by_name["behaviour_blog_days_since_last"].say(2.54, "de") == "blog: zuletzt vor 3 Tagen"
    assert by_name["behaviour_blog_trend"].say(2.0, "en") == "blog: +2 a week lately, against the weeks before"
    assert by_name["fit_completeness_share"].say(0.5, "de") == "Angaben zum Lead zu 50 % ausgefüllt"
    assert by_name["fit_job_title_seniority"].say("c_level", "de") == "job title: Geschäftsleitung"
    assert by_name["fit_opt_in"].say(1.0, "de") == "opt in: ja"
    assert by_name["journey_as_of_weekday"].say(3.0, "en") == "Scored on a Thursday"
    nightly = spec.model_copy(update={"snapshots": Snapshots(every="1d", until="30d")})
    by_name = {feature.name: feature for feature in feature_list(nightly, options)}
    assert by_name["journey_created_weekday"].say(3.0, "de") == "Eingegangen an einem Donnerstag"
    assert by_name["journey_created_hour"].say(14.0, "en") == "Arrived at about 14:00 (UTC)"
    assert "journey_as_of_hour" not in by_name


def test_what_is_counted_is_singular_where_one_is_shown(spec, options):
    age = next(feature for feature in feature_list(spec, options) if feature.name == "journey_days_since_created")
    assert [age.say(days, "en") for days in (0.2, 1.0, 1.04, 2.0)] == [
        "Arrived today", "Arrived yesterday", "Arrived yesterday", "Arrived 2 days ago",
    ]  # fmt: skip
    assert [age.say(days, "de") for days in (1.0, 12.4)] == ["Gestern eingegangen", "Eingegangen vor 12 Tagen"]


def test_braces_in_the_words_of_a_source_are_kept(options):
    spec = SourceSpec.model_validate(
        {
            "name": "x",
            "title": {"de": "X", "en": "X"},
            "targets": {"close": {"stage": "WON", "horizon": "30d"}},
            "events": {"promo": {"types": ["promo"], "words": {"de": "Aktion {Mai}", "en": "Promo {May}"}}},
        }
    )
    promo = next(f for f in feature_list(spec, options) if f.name == "behaviour_promo_count_ever")
    assert promo.say(2.0, "en") == "Promo {May}: 2× so far"
    assert promo.say(None, "de") == "Aktion {Mai}: noch nie"


def test_the_demo_has_a_reasonable_number_of_features(project_root, options):
    text = (project_root / "sources" / "demo" / "source.yaml").read_text(encoding="utf-8")
    assert 150 < len(feature_list(SourceSpec.model_validate(yaml.safe_load(text)), options)) < 250


def test_a_trend_compares_two_windows():
    assert trend_windows(FeatureOptions(windows=("1d", "7d", "30d", "90d"))) == (
        7 * 86_400_000_000,
        30 * 86_400_000_000,
    )
    assert trend_windows(FeatureOptions(windows=("7d",))) is None


def test_a_category_is_said_in_the_words_of_the_source() -> None:
    called = {"open": {"de": "offen", "en": "open"}, "yes": {"de": "bestätigt", "en": "confirmed"}}
    own = {"type": "category", "words": {"de": "Bedarf", "en": "Need"}, "value_words": called}
    spec = SourceSpec.model_validate(
        {
            "name": "x",
            "title": {"de": "X", "en": "X"},
            "targets": {"close": {"stage": "WON", "horizon": "30d"}},
            "fit": {"need": own},
        }
    )
    need = next(feature for feature in feature_list(spec, FeatureOptions()) if feature.name == "fit_need")
    assert (need.say("yes", "de"), need.say("yes", "en")) == ("Bedarf: bestätigt", "Need: confirmed")
    assert need.say("undeclared", "de") == "Bedarf: undeclared"
    with pytest.raises(ValueError, match="value_words names 'open', which is not among the values"):
        FitColumn.model_validate({**own, "values": ["yes"]})
    with pytest.raises(ValueError, match="value_words are for the values of a category"):
        FitColumn.model_validate({**own, "type": "number"})
