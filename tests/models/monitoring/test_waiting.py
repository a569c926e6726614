"""Volume, waits and idle leads: tables worked by hand, and nothing young counted as a no."""

from __future__ import annotations

import pandas as pd
import pytest

from features.source_spec import SourceSpec
from features.time_units import DAY_US
from models.monitoring.followed_leads import Path
from models.monitoring.volume import still_open, volume_by_month
from models.monitoring.waiting import NEW, idle_leads, waits

PATH = Path(("MQL", "SQL"), (("MQL", "SQL"), ("SQL",)), 30 * DAY_US)
SPEC = SourceSpec.model_validate(
    {"name": "x", "title": {"de": "X", "en": "X"}, "targets": {"sql": {"stage": "SQL", "horizon": "30d"}}}
)


def rows(*entries):
    """Entries as (day since 1 January 1970, day of SQL or None, campaign)."""
    return pd.DataFrame(
        {
            "lead_id": [str(number) for number in range(len(entries))],
            "entered_us": [int(day * DAY_US) for day, _, _ in entries],
            "reached_SQL_us": pd.array(
                [None if sql is None else int(sql * DAY_US) for _, sql, _ in entries], dtype="Int64"
            ),
            "campaign": [campaign for _, _, campaign in entries],
        }
    )


def test_volume_worked_by_hand():
    table = volume_by_month(
        rows((1, 5, "x"), (2, None, "x"), (3, 40, "y"), (40, 41, "x")), PATH, by=["campaign"], as_of_us=50 * DAY_US
    )
    january = table[(table["dimension"] == "") & (table["month"] == "1970-01")].iloc[0]
    assert january[["leads", "matured", "too_young", "reached"]].tolist() == [3, 3, 0, 1]  # y came too late
    february = table[(table["dimension"] == "") & (table["month"] == "1970-02")].iloc[0]
    assert february[["leads", "matured", "too_young", "reached"]].tolist() == [1, 0, 1, 0]
    assert pd.isna(february["share"])


def test_open_outcomes_and_the_day_they_are_known():
    # As of day 50: the lead of day 25 is open until day 55 (25 February), that of day 21 too, until day 51.
    table = still_open(
        rows((1, None, "x"), (21, None, "x"), (25, None, "x"), (26, 30, "x")), PATH, as_of_us=50 * DAY_US
    )
    assert table.to_dict(orient="records") == [{"month": "1970-01", "leads": 4, "open": 2, "known_on": "1970-02-25"}]


def test_waits_count_who_still_waits():
    # 10 moved after 4 days, 10 entered an hour ago: Kaplan-Meier's median is 4 days, not "never".
    entries = [(1 + n / 100, 5 + n / 100, "x") for n in range(10)] + [(20 - 1 / 24, None, "x")] * 10
    (wait,) = waits(rows(*entries), PATH, as_of_us=20 * DAY_US, since_us=0)
    assert wait.median_days.value == pytest.approx(4.0)
    assert wait.reached == 10
    assert wait.within.value == pytest.approx(1.0)


def test_idle_leads_worked_by_hand():
    leads = pd.DataFrame({"lead_id": list("abcd"), "created_us": 0})
    stages = pd.DataFrame(
        {
            "lead_id": ["a", "b", "c", "c"],
            "stage": ["MQL", "MQL", "MQL", "LOST"],
            "entered_us": [DAY_US, DAY_US, DAY_US, 2 * DAY_US],
        }
    )
    events = pd.DataFrame({"lead_id": ["b", "d"], "occurred_us": [45 * DAY_US, 49 * DAY_US]})
    table = idle_leads(leads, stages, events, SPEC, as_of_us=50 * DAY_US, idle_days=30).set_index("stage")
    assert table.loc["MQL", ["leads", "idle"]].tolist() == [2, 1]  # a: 49 days of silence, b: 5
    assert table.loc["MQL", "median_days"] == 27
    assert table.loc[NEW, ["leads", "idle"]].tolist() == [1, 0]
    assert "LOST" not in table.index


def test_later_facts_do_not_end_idleness():
    leads = pd.DataFrame({"lead_id": ["a"], "created_us": [0]})
    nothing = pd.DataFrame({"lead_id": [], "stage": [], "entered_us": []}).astype({"entered_us": "int64"})
    later = pd.DataFrame({"lead_id": ["a"], "occurred_us": [51 * DAY_US]})
    table = idle_leads(leads, nothing, later, SPEC, as_of_us=50 * DAY_US, idle_days=30)
    assert table.loc[0, "idle"] == 1
