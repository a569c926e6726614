"""The gaming alarm: it names what was planted, keeps quiet otherwise, and knows nothing of the future."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.answers import Answer
from features.time_units import DAY_US
from models.monitoring.decomposition import decompose
from models.monitoring.followed_leads import Path
from models.monitoring.gaming import weekly_runs
from models.monitoring.gaming_options import GamingOptions
from models.monitoring.responsible_groups import responsible, surplus_inside
from models.monitoring.step_counts import count_entries

DAYS = 600
PATH = Path(("MQL", "SAL", "SQL"), (("MQL", "SAL", "SQL"), ("SAL", "SQL"), ("SQL",)), 60 * DAY_US)
CAMPAIGNS = ("big", "small", "tiny")
OPTIONS = GamingOptions()


def company(seed, *, extra=0.0, extra_rate=0.05, extra_of="small", rate_after=None, grow=1.0, start=500):
    """MQLs of three campaigns (8, 4 and 2 a week … times grow after the start), ``extra`` more a day in one of them."""
    rng = np.random.default_rng(seed)
    days, names, chances = [], [], []
    for campaign, pace in zip(CAMPAIGNS, (1.6, 0.8, 0.4), strict=True):
        for first, last, factor in ((0, start, 1.0), (start, DAYS, grow)):
            own = rng.uniform(first, last, rng.poisson(pace * factor * (last - first)))
            rate = 0.4 if rate_after is None or first == 0 else rate_after
            days.append(own), names.append([campaign] * len(own)), chances.append(np.full(len(own), rate))
    own = rng.uniform(start, DAYS, rng.poisson(extra * (DAYS - start)))
    days.append(own), names.append([extra_of] * len(own)), chances.append(np.full(len(own), extra_rate))
    day, chance = np.concatenate(days), np.concatenate(chances)
    sal = rng.random(len(day)) < chance
    sql = sal & (rng.random(len(day)) < 0.5)
    sal_day = day + rng.exponential(8, len(day)) + 0.5
    sql_day = sal_day + rng.exponential(10, len(day)) + 0.5
    campaign = np.concatenate(names)
    rows = pd.DataFrame(
        {
            "lead_id": [f"L{number:05d}" for number in range(len(day))],
            "entered_us": (day * DAY_US).astype("int64"),
            "reached_SAL_us": pd.array(np.where(sal, sal_day * DAY_US, np.nan)).astype("Int64"),
            "reached_SQL_us": pd.array(np.where(sql, sql_day * DAY_US, np.nan)).astype("Int64"),
            "campaign": campaign,
            "channel": np.where(campaign == "big", "search", "social"),
        }
    )
    return rows.sort_values("entered_us", ignore_index=True)


def seen(rows, day):
    """The rows as a run on a day would have them."""
    known = rows[rows["entered_us"] <= day * DAY_US].copy()
    for column in ("reached_SAL_us", "reached_SQL_us"):
        known[column] = known[column].where((known[column] <= day * DAY_US).fillna(False))
    return known


def runs(rows, *, weeks=1, day=DAYS, by=("campaign", "channel")):
    counts = count_entries(rows, PATH, by=by, as_of_us=day * DAY_US, days=day)
    return weekly_runs(counts, OPTIONS, runs=weeks)


def alarms(told):
    hit = told[told["answer"] == Answer.FAILED]
    return sorted(set(hit.loc[hit["dimension"] == "campaign", "value"]))


@pytest.mark.parametrize("campaign", CAMPAIGNS)
def test_the_planted_campaign_is_named_and_no_other(campaign):
    rows = company(3, extra=2.5, extra_of=campaign)
    assert alarms(runs(rows)) == [campaign]


@pytest.mark.parametrize(
    "harmless",
    [
        {"extra": 1.6, "extra_rate": 0.4},  # one campaign brings more, as good as before
        {"grow": 2.0},  # all of them do
        {"rate_after": 0.2},  # sales takes fewer of all
        {},
    ],
)
def test_harmless_changes_raise_no_alarm(harmless):
    told = [alarms(runs(company(seed, **harmless), by=("campaign",))) for seed in range(4)]
    assert told == [[]] * 4


def test_all_grow_and_convert_less_is_an_alarm_of_the_company():
    told = runs(company(5, grow=2.0, rate_after=0.2))
    company_rows = told[told["dimension"] == ""]
    assert (company_rows["answer"] == Answer.FAILED).any()


def test_later_facts_change_nothing_of_an_earlier_run():
    rows = company(7, extra=2.5)
    past = runs(rows, weeks=9)
    for ago in (0, 4, 8):
        then = runs(seen(rows, DAYS - 7 * ago), day=DAYS - 7 * ago)
        merged = past[past["weeks_ago"] == ago].reset_index(drop=True).drop(columns="weeks_ago")
        pd.testing.assert_frame_equal(merged, then.drop(columns="weeks_ago"), check_exact=False, rtol=1e-9)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000))
def test_row_order_changes_nothing(seed):
    rows = company(1, extra=2.0)
    shuffled = rows.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(runs(rows), runs(shuffled))


def test_too_short_a_past_cannot_be_told():
    rows = company(2, extra=2.5)
    late = rows[rows["entered_us"] > (DAYS - 60) * DAY_US]
    told = count_entries(late, PATH, by=["campaign"], as_of_us=DAYS * DAY_US, days=DAYS)
    assert set(weekly_runs(told, OPTIONS, runs=1)["answer"]) == {Answer.UNCHECKED}


def test_young_leads_alone_never_lower_conversion():
    """A flood of leads on the last day: volume is up, nothing can be said of what they become."""
    rows = company(4)
    flood = (
        rows.head(1)
        .loc[[0] * 400]
        .assign(
            lead_id=[f"N{number}" for number in range(400)],
            entered_us=int((DAYS - 0.5) * DAY_US),
            reached_SAL_us=pd.NA,
            reached_SQL_us=pd.NA,
            campaign="tiny",
        )
    )
    before, after = (
        runs(table.astype({"reached_SAL_us": "Int64", "reached_SQL_us": "Int64"}))
        for table in (rows, pd.concat([rows, flood], ignore_index=True))
    )
    assert after["expected"].tolist() == before["expected"].tolist()
    assert alarms(after) == []


def test_the_group_inside_an_alarm_is_the_one_that_brought_the_surplus():
    rows = company(3, extra=2.5)
    told = runs(rows, by=("channel",))
    named = responsible(told, rows, by=("channel", "campaign"), now_us=DAYS * DAY_US, reference_weeks=52)
    told = {(row.dimension, row.value): row.how for row in named.itertuples()}
    assert told["channel", "social"] == "its own figures"
    assert told["campaign", "small"] == "inside channel social"


def test_surplus_worked_by_hand():
    # Window of one week, two weeks before: x 1 + 1 before (1 a week), 3 now; y 2 before (1 a week), 0 now.
    day = [1.0, 8.0, 1.0, 8.0, 15.0, 16.0, 17.0]
    rows = pd.DataFrame({"entered_us": [int(d * DAY_US) for d in day], "form": list("xxyyxxx")})
    rows["campaign"] = "c"
    told = surplus_inside(
        rows, dimension="campaign", value="c", within="form", now_us=21 * DAY_US, window_weeks=1, reference_weeks=2
    )
    assert told["value"].tolist() == ["x", "y"]
    assert told["leads"].tolist() == [3.0, 0.0]
    assert told["part"].tolist() == [1.0, 0.0]


def test_the_parts_of_a_change_add_up_to_it():
    # Before: x 10 leads at 1.0, y 10 at 0.5, mean 0.75. Now: x 30 at 0.5, y 10 at 0.5, mean 0.5.
    looked = pd.DataFrame(
        {
            "dimension": "campaign", "value": ["x", "y"], "leads": [30.0, 10.0], "leads_before": [10.0, 10.0],
            "weeks_before": [4.0, 4.0], "moved": [15.0, 5.0], "expected": [30.0, 10.0],
            "moved_before": [10.0, 5.0], "expected_before": [10.0, 10.0],
        }
    )  # fmt: skip
    parts = decompose(looked, "campaign")
    assert parts["total"].sum() == pytest.approx(0.5 - 0.75)
    assert parts.loc[0, "value"] == "x"
    assert parts.loc[0, "within"] == pytest.approx(-0.5 * (0.75 + 0.5) / 2)
    assert parts.loc[1, "within"] == 0
