"""Each family of features on a story small enough to work out by hand; hours count from Thursday 2026-01-01."""

from __future__ import annotations

import math

import pytest

from features.engine import compute_features
from features.errors import InputError
from features.source_spec import FeatureOptions, Snapshots, SourceSpec
from features.time_units import DAY_US, to_micros

NAN = float("nan")


def values(row, names: dict[str, object], prefix: str) -> None:
    for name, expected in names.items():
        found = row[f"{prefix}_{name}"]
        if isinstance(expected, float) and math.isnan(expected):
            assert math.isnan(found), name
        else:
            assert found == expected, name


def test_fit(tables, snapshots_at, spec, options):
    frames = tables(
        [
            {
                "lead_id": "a", "created": 0, "job_title": "Leiterin Einkauf", "email": "a@gmx.de", "company": "Muster",
                "country": "DE", "employees": 50.0, "opt_in": False, "campaign": "fair",
            }
        ],
        changes=[
            ("a", 5, "budget", "open"),
            ("a", 10, "budget", "confirmed"),
            ("a", 10, "budget", "asked"),  # at the same time: the greater text is the last
            ("a", 20, "budget", None),  # taken back
            ("a", 10, "machines", "12.5"),
            ("a", 20, "machines", "many"),  # not a number
            ("a", 10, "decides", "ja"),
            ("a", 20, "position", "CEO"),
        ],
    )  # fmt: skip
    rows = compute_features(frames, snapshots_at(("a", 4), ("a", 10), ("a", 20)), spec, options)
    created = {
        "job_title_seniority": "head", "job_title_function": "purchasing", "email_kind": "free", "company_given": 1.0,
        "country": "DE", "employees": 50.0, "opt_in": 0.0, "campaign": "fair",
    }  # fmt: skip
    nothing = {"budget": None, "machines": NAN, "decides": NAN, "position_seniority": "unknown"}
    # 7 of 11 columns are filled; none with a BANT role (country is a location)
    values(rows.iloc[0], created | nothing | {"completeness_share": 0.636363636, "bant_known_count": 0.0}, "fit")
    # a change at the very time is known
    later = {"budget": "confirmed", "machines": 12.5, "decides": 1.0, "position_seniority": "unknown"}
    values(rows.iloc[1], created | later | {"completeness_share": 0.909090909, "bant_known_count": 3.0}, "fit")
    last = {"budget": None, "machines": NAN, "decides": 1.0, "position_seniority": "c_level"}
    values(rows.iloc[2], created | last | {"completeness_share": 0.818181818, "bant_known_count": 1.0}, "fit")


def test_behaviour(tables, snapshots_at, spec, options):
    frames = tables(
        [{"lead_id": "a", "created": 0}],
        events=[
            ("a", 0, "blog_read", "lead"),  # 14 days before
            ("a", 168, "blog_read", "lead"),  # 7 days before: just outside the last 7 days
            ("a", 170, "blog_share", "lead"),  # the same day
            ("a", 330, "blog_read", "lead"),  # 6 hours before
            ("a", 336, "blog_read", "sales"),  # not the family's actor
            ("a", 337, "blog_read", "lead"),  # an hour after
        ],
    )
    row = compute_features(frames, snapshots_at(("a", 336)), spec, options).iloc[0]
    blog = {
        "count_1d": 1.0, "count_7d": 2.0, "count_30d": 4.0, "count_90d": 4.0, "count_ever": 4.0,
        # 2^-2 + 2^-1 + 2^(-166/168) + 2^(-6/168)
        "decayed_7d": round(0.25 + 0.5 + 2 ** (-166 / 168) + 2 ** (-6 / 168), 9),
        "days_since_last": 0.25, "distinct_days": 3.0,
        "trend": round(2 - 2 * 7 / 23, 9),  # 2 a week lately, before that 2 in 23 days
    }  # fmt: skip
    values(row, blog, "behaviour_blog")
    values(row, {"count_ever": 0.0, "decayed_30d": 0.0, "days_since_last": NAN, "trend": NAN}, "behaviour_price_list")


@pytest.mark.parametrize("age_days", [3, 499, 500, 501, 999, 1_400, 30 * 365])
def test_what_is_old_has_faded_however_old_the_lead_is(tables, snapshots_at, spec, age_days):
    now = age_days * 24
    events = [("a", max(now - days * 24, 0), kind, "lead") for days, kind in ((300, "blog_read"), (2, "price_list"))]
    frames = tables([{"lead_id": "a", "created": 0}], events=[*events, ("a", now - 48, "career", "lead"),
                                                              ("a", now - 72, "career", "lead")])  # fmt: skip
    row = compute_features(frames, snapshots_at(("a", now)), spec, FeatureOptions(half_lives=("1d",))).iloc[0]
    # 2^-300 (or 2^-3 where the lead is 3 days old), 2^-2, 2^-2 + 2^-3
    assert row["behaviour_blog_decayed_1d"] == (0.125 if age_days == 3 else 0.0)
    assert row["behaviour_price_list_decayed_1d"] == 0.25
    assert row["behaviour_career_decayed_1d"] == 0.375


@pytest.mark.parametrize("half_life", ["1h", "1d", "7d"])
def test_fading_counts_are_the_sums_they_are_said_to_be(random_funnel, snapshots_at, spec, half_life):
    options = FeatureOptions(half_lives=(half_life,))
    frames = random_funnel(3, leads=3, rows=200, hours=40_000)
    looks = snapshots_at(*((lead, hours) for lead in ("L000", "L001", "L002") for hours in (11_000, 24_000, 40_000)))
    rows = compute_features(frames, looks, spec, options)
    blogs = frames.events[
        frames.events["event_type"].isin(["blog_read", "blog_share"]) & (frames.events["actor"] == "lead")
    ]
    for _, row in rows.iterrows():
        at_us = to_micros(blogs.loc[blogs["lead_id"] == row["lead_id"], "occurred_at"])
        ages = row["as_of_us"] - at_us[at_us <= row["as_of_us"]]
        expected = float((0.5 ** (ages / options.half_lives[0])).sum())
        assert row[f"behaviour_blog_decayed_{half_life}"] == pytest.approx(expected, abs=2e-9)


def test_half_lives_of_nothing_are_refused(tables, snapshots_at, spec):
    with pytest.raises(InputError, match="half-lives longer than 0"):
        compute_features(
            tables([{"lead_id": "a", "created": 0}]), snapshots_at(("a", 1)), spec, FeatureOptions(half_lives=("0",))
        )


def test_journey(tables, snapshots_at, spec, options):
    frames = tables(
        [{"lead_id": "a", "created": 6}],
        events=[
            ("a", 0, "mailing", "marketing"),  # not the lead's own
            ("a", 6, "blog_read", "lead"),
            ("a", 6.5, "blog_read", "lead"),  # 30 minutes later: the same visit
            ("a", 30, "price_list", "lead"),  # first clear intent, 24 hours after creation, after two blogs
            ("a", 30, "blog_read", "lead"),  # at the same time, so not before it
            ("a", 78, "price_list", "lead"),  # after three blogs
            ("a", 100, "career", "lead"),  # after the as-of time
        ],
        stages=[
            ("a", "MQL", 30),
            ("a", "SAL", 54),
            ("a", "RECYCLED", 54),  # at the same time: the rung counts
            ("a", "MQL", 60),
            ("a", "SQL", 99),  # after the as-of time
        ],
    )
    row = compute_features(frames, snapshots_at(("a", 90)), spec, options).iloc[0]
    expected = {
        "days_since_created": 3.5, "as_of_weekday": 6.0, "as_of_hour": 18.0,  # Sunday 18:00
        "days_since_anchor": 2.5, "first_family": "blog", "last_family": "price_list", "first_family_high_intent": 0.0,
        "families_count": 2.0, "sessions_count": 3.0, "active_days_count": 3.0,
        "events_per_active_day": round(5 / 3, 9), "days_since_last_event": 0.5,
        "days_between_last_two_active_days": 2.0, "mean_days_between_active_days": 1.5,  # days 0, 1 and 3
        "high_intent_count": 2.0, "days_to_first_high_intent": 1.0, "low_intent_before_first_high_count": 2.0,
        "high_intent_after_three_low_count": 1.0, "current_stage": "MQL", "days_in_stage": 1.25,
        "stage_entries_count": 4.0, "recycled_count": 1.0, "hours_to_mql": 24.0, "hours_to_sal": 48.0,
        "hours_to_sql": NAN,
    }  # fmt: skip
    values(row, expected, "journey")


def test_where_a_nightly_job_looks_the_calendar_is_that_of_creation(tables, snapshots_at, spec, options):
    nightly = spec.model_copy(update={"snapshots": Snapshots(after="1d", every="1d", until="30d")})
    frames = tables([{"lead_id": "a", "created": 6}])
    # past looks keep the hour of creation (Thursday 6:00), tonight's has the job's: both give the same
    rows = compute_features(frames, snapshots_at(("a", 30), ("a", 54), ("a", 71.5)), nightly, options)
    assert (rows["journey_created_weekday"] == 3.0).all()
    assert (rows["journey_created_hour"] == 6.0).all()
    assert not [name for name in rows.columns if name.startswith("journey_as_of_")]


def test_of_stages_at_one_time_the_highest_counts(tables, snapshots_at, spec, options):
    frames = tables([{"lead_id": "a", "created": 0}], stages=[("a", s, 1) for s in ("SAL", "RECYCLED", "MQL")])
    assert compute_features(frames, snapshots_at(("a", 1)), spec, options)["journey_current_stage"].item() == "SAL"


def test_account(tables, snapshots_at, spec, options):
    frames = tables(
        [
            {"lead_id": "a", "created": 0, "account_id": "X"},
            {"lead_id": "b", "created": 10, "account_id": "X"},
            {"lead_id": "c", "created": 50, "account_id": "X"},
            {"lead_id": "d", "created": 0, "account_id": "Y"},
            {"lead_id": "e", "created": 0, "account_id": None},
        ],
        events=[
            ("a", 5, "blog_read", "lead"),  # one's own
            ("b", 20, "blog_read", "lead"),
            ("b", 21, "mailing", "marketing"),  # not by the lead
            ("b", 22, "call", "sales"),
            ("c", 20, "blog_read", "lead"),  # c is not known to belong here before hour 50
            ("d", 20, "blog_read", "lead"),  # another company
        ],
        stages=[("a", "SQL", 8), ("b", "SQL", 24), ("b", "WON", 36), ("d", "WON", 1)],
    )
    rows = compute_features(frames, snapshots_at(("a", 9), ("a", 48), ("a", 50), ("e", 48)), spec, options)
    nothing = {"other_leads_count": 0.0, "others_reached_count": 0.0, "others_won_count": 0.0,
               "days_since_last_won": NAN, "other_events_count_30d": 0.0}  # fmt: skip
    b_only = {"other_leads_count": 1.0, "others_reached_count": 1.0, "others_won_count": 1.0,
              "days_since_last_won": 0.5, "other_events_count_30d": 1.0}  # fmt: skip
    values(rows.iloc[0], nothing, "account")
    values(rows.iloc[1], b_only, "account")
    values(rows.iloc[2], b_only | {"other_leads_count": 2.0, "other_events_count_30d": 2.0,
                                   "days_since_last_won": 14 / 24}, "account")  # fmt: skip
    values(rows.iloc[3], nothing, "account")


def test_source_rates(tables, snapshots_at, spec, options):
    # the target is SQL within 10 days (240 hours) of creation
    frames = tables(
        [
            {"lead_id": "a", "created": 0, "campaign": "fair"},  # converted in time; matured at 240
            {"lead_id": "b", "created": 10, "campaign": "fair"},  # too late: not converted; matured at 250
            {"lead_id": "c", "created": 20, "campaign": "fair"},  # converted, but matured only at 260
            {"lead_id": "d", "created": 0, "campaign": "search"},  # not converted; matured at 240
            {"lead_id": "e", "created": 0, "campaign": "search"},  # there at creation already: never at risk
            {"lead_id": "f", "created": 240, "campaign": "fair"},
            {"lead_id": "g", "created": 240, "campaign": None},
        ],
        stages=[("a", "WON", 240), ("b", "SQL", 251), ("c", "SQL", 30), ("e", "SQL", 0)],
    )
    looks = snapshots_at(("a", 250), ("f", 239), ("f", 250), ("f", 260), ("g", 250))
    rows = compute_features(frames, looks, spec, options).iloc
    # matured at 250: a (1), b (0), d (0); a itself taken out leaves b and d: none of all, so no multiple of it
    values(rows[0], {"sql_lift": NAN}, "source_campaign")
    values(rows[1], {"sql_lift": NAN}, "source_campaign")  # nobody has matured
    # fair: 1 of 2; all: 1 of 3; drawn to it with the weight of 20 leads
    values(rows[2], {"sql_lift": round((1 + 20 / 3) / 22 / (1 / 3), 9)}, "source_campaign")
    values(rows[3], {"sql_lift": round((2 + 20 * 2 / 4) / 23 / (2 / 4), 9)}, "source_campaign")
    values(rows[4], {"sql_lift": NAN}, "source_campaign")  # no campaign is known


def test_a_source_that_declares_next_to_nothing(tables, snapshots_at, options):
    bare = SourceSpec.model_validate(
        {
            "name": "bare", "title": {"de": "B", "en": "B"}, "ladder": ["Offer sent", "WON"], "recycled": [],
            "targets": {"close": {"stage": "WON", "horizon": "30d"}},
        }
    )  # fmt: skip
    frames = tables([{"lead_id": "a", "created": 0}], stages=[("a", "Offer sent", 12)])
    row = compute_features(frames, snapshots_at(("a", 24)), bare, options).iloc[0]
    assert row["journey_hours_to_offer_sent"] == 12.0
    assert row["fit_completeness_share"] == 1.0
    assert not [name for name in row.index if name.startswith(("behaviour_", "source_"))]


def test_a_look_given_twice_is_one_row(tables, snapshots_at, spec, options):
    frames = tables([{"lead_id": "a", "created": 0}])
    assert len(compute_features(frames, snapshots_at(("a", 1), ("a", 1)), spec, options)) == 1


def test_windows_count_exactly_to_the_microsecond(tables, snapshots_at, spec, options):
    frames = tables([{"lead_id": "a", "created": 0}], events=[("a", 0, "price_list", "lead")])
    looks = snapshots_at(("a", 0))
    start = looks["as_of_us"].item()
    for age_us, expected in ((0, 1.0), (DAY_US - 1, 1.0), (DAY_US, 0.0)):
        rows = compute_features(frames, looks.assign(as_of_us=start + age_us), spec, options)
        assert rows["behaviour_price_list_count_1d"].item() == expected
