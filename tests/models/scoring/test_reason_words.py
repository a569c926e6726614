"""Laws of what a salesperson reads: days of the company, right plurals, no number that nobody can say."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.families.feature_list import feature_list
from features.language.languages import LANGUAGES
from features.source_spec import FeatureOptions, SourceSpec
from features.time_units import parse_time
from models.scoring.reason_words import DATED_DAYS, Moment, ReasonWords

NOW = parse_time("2026-06-30T22:30:00Z")  # half past midnight in Berlin
SPEC = SourceSpec.model_validate(
    {
        "name": "x",
        "title": {"de": "X", "en": "X"},
        "timezone": "Europe/Berlin",
        "targets": {"sql": {"stage": "SQL", "horizon": "30d"}},
        "fit": {
            "campaign": {"type": "category", "source_rate": True, "words": {"de": "Kampagne", "en": "Campaign"}},
            "title": {"type": "job_title", "words": {"de": "Position", "en": "Job title"}},
            "budget": {"type": "category", "known": "changes", "role": "budget"},
            "need": {"type": "category", "known": "changes", "role": "need"},
        },
        "events": {
            "demo": {"types": ["demo"], "intent": "high", "words": {"de": "Demo angefragt", "en": "Demo requested"}},
            "blog": {"types": ["blog"], "intent": "low", "words": {"de": "Blog gelesen", "en": "Blog read"}},
        },
    }
)
WORDS = ReasonWords(SPEC, {feature.name: feature for feature in feature_list(SPEC, FeatureOptions())})
days = st.floats(0, 900, allow_nan=False)
ONE_OF_MANY = re.compile(r"(?<![\d.,])1 (Tage|Tagen|Stunden|days|hours)\b")
PART_OF_A_DAY = re.compile(r"\d[.,]\d+ (Tag|Stunde|day|hour)")


def said(family: str, subject: str, *, odds: float = 1.0, feature: str | None = None, **told: Any) -> Any:
    part = {"family": family, "subject": subject, "feature": feature, "value": None, "log_odds": odds, **told}
    return WORDS.of(part, NOW)


def acts(*told: tuple[str, float, int], odds: float = 1.0, subject: str = "high_intent") -> Any:
    listed = [{"act": act, "days": ago, "times": times, "within": 30} for act, ago, times in told]
    return said("behaviour", subject, odds=odds, acts=listed)


def test_acts_by_hand() -> None:
    assert acts(("demo", 2.0, 1)).de == "Demo angefragt vor 2 Tagen"
    assert (
        acts(("demo", 0.01, 1), ("blog", 1.0, 3)).en == "Demo requested today; Blog read 3× in 30 days, last yesterday"
    )
    assert acts(("demo", 100.0, 0)).de == "Demo angefragt am 22.03.2026"  # in winter time, half past 11 at night
    assert acts().en == "Never so far: Demo requested"
    assert (
        acts(("demo", 12.0, 1), odds=-1.0).de == "Keine Kaufabsicht mehr gezeigt seit 12 Tagen; zuletzt: Demo angefragt"
    )
    assert acts(("demo", 2.0, 1), odds=-1.0).en == "So far only: Demo requested 2 days ago"


def test_where_a_lead_stands_by_hand() -> None:
    beside = {"journey_current_stage": "SRL", "journey_days_in_stage": 1.0, "journey_recycled_count": 1.0}
    assert said("journey", "stage", beside=beside).de == (
        "Im Vertriebsprozess: SRL (dem Vertrieb angeboten), seit gestern; 1× ans Marketing zurückgegeben"
    )
    assert said("journey", "stage", beside={**beside, "journey_current_stage": None}) is None


def test_a_campaign_is_said_against_the_average_by_hand() -> None:
    def of(lift: float) -> str:
        beside = {"fit_campaign": "spring_fair", "source_campaign_sql_lift": lift}
        return str(said("source", "campaign", beside=beside).en)

    assert of(2.24) == "Campaign spring fair reaches SQL 2.2 times as often as the average"
    assert of(1.0) == "Campaign spring fair reaches SQL about as often as the average"
    assert of(0.6) == "Campaign spring fair reaches SQL 40% less often than the average"


def test_answers_and_titles_by_hand() -> None:
    beside = {"fit_budget": "confirmed", "fit_need": None, "fit_bant_known_count": 1.0}
    assert said("fit", "bant", beside=beside).en == "budget: confirmed"
    assert said("fit", "bant", beside={**beside, "fit_budget": None}).en == "Not clarified yet: budget, need"
    title = {"fit_title_seniority": "c_level", "fit_title_function": "management"}
    assert said("fit", "title", beside=title).de == "Position: Geschäftsleitung"
    title = {"fit_title_function": "quality", "fit_title_seniority": "head"}  # in any order
    assert said("fit", "title", beside=title).en == "Job title: head of department, quality"
    title = {"fit_title_seniority": "unknown", "fit_title_function": "other"}
    assert said("fit", "title", beside=title).de == "Position: nicht bekannt"


@given(days)
@settings(deadline=None)
def test_days_are_those_of_the_company(ago: float) -> None:
    zone = ZoneInfo("Europe/Berlin")
    now = datetime.fromtimestamp(NOW / 1e6, UTC).astimezone(zone)
    then = datetime.fromtimestamp((NOW - round(ago * 86_400e6)) // 1_000_000, UTC).astimezone(zone)
    midnights = (now.date() - then.date()).days
    expected = {0: "heute", 1: "gestern"}.get(midnights, f"vor {midnights} Tagen")
    said_now = Moment(NOW, "Europe/Berlin").ago(ago).de
    assert said_now == (expected if midnights <= DATED_DAYS else f"am {then:%d.%m.%Y}")


@given(st.lists(st.tuples(st.sampled_from(["demo", "blog"]), days, st.integers(0, 99)), max_size=2), st.booleans())
@settings(deadline=None)
def test_plurals_are_right_and_no_part_of_a_day_is_said(told: list[tuple[str, float, int]], speaks_for: bool) -> None:
    text = acts(*told, odds=1.0 if speaks_for else -1.0, subject="interest")
    for language in LANGUAGES:
        sentence = text.of(language)
        assert sentence
        assert not ONE_OF_MANY.search(sentence), sentence
        assert not PART_OF_A_DAY.search(sentence), sentence
        assert not {"{", "}"} & set(sentence)


@given(st.floats(0, 999, allow_nan=False))
@settings(deadline=None)
def test_no_column_says_a_part_of_a_day_or_a_sum_that_fades(value: float) -> None:
    for feature in feature_list(SPEC, FeatureOptions()):
        if feature.dtype != "number":
            continue
        for language in LANGUAGES:
            sentence = feature.say(value, language)
            assert sentence
            assert not PART_OF_A_DAY.search(sentence), sentence
            assert not ONE_OF_MANY.search(sentence), sentence
            if "_decayed_" in feature.name:
                assert not re.search(r"\d", sentence), sentence


def test_without_times_no_day_is_said() -> None:
    untimed = ReasonWords(SPEC.model_copy(update={"unknown_times": "all"}), {})
    part = {"family": "behaviour", "subject": "high_intent", "log_odds": -1.0,
            "acts": [{"act": "demo", "days": 12.0, "times": 3, "within": 30}]}  # fmt: skip
    assert untimed.of(part, NOW) is not None
    assert str(untimed.of(part, NOW).en) == "Demo requested"  # type: ignore[union-attr]


@pytest.mark.parametrize("subject", ["pace", "stage", "arrival"])
def test_what_is_not_known_is_left_to_the_column_that_speaks(subject: str) -> None:
    beside = dict.fromkeys(("journey_active_days_count", "journey_current_stage", "journey_days_since_created"))
    assert said("journey", subject, feature="journey_x", beside=beside) is None
