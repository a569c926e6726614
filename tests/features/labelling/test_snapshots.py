"""When leads are looked at, worked by hand in whole days."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.labelling.snapshots import history_snapshots, job_snapshots, open_snapshots
from features.source_spec import SourceSpec
from features.time_units import DAY_US


def spec_with(**snapshots: str) -> SourceSpec:
    return SourceSpec.model_validate(
        {
            "name": "x",
            "title": {"de": "X", "en": "X"},
            "ladder": ["MQL", "WON"],
            "targets": {"close": {"stage": "WON", "horizon": "30d"}},
            "snapshots": snapshots,
        }
    )


@pytest.fixture
def leads() -> pd.DataFrame:
    # a stays open, b is lost on day 12, c is created on day 28, d is won on day 10
    return pd.DataFrame({"lead_id": list("abcd"), "created_us": [day * DAY_US for day in (0, 2, 28, 0)]})


@pytest.fixture
def stages() -> pd.DataFrame:
    rows = [("a", "MQL", 5), ("a", "MQL", 9), ("b", "LOST", 12), ("d", "MQL", 1), ("d", "WON", 10)]
    frame = pd.DataFrame(rows, columns=["lead_id", "stage", "entered_us"])
    return frame.assign(entered_us=frame["entered_us"] * DAY_US)


def days(snapshots: pd.DataFrame) -> list[tuple[str, float]]:
    return [(lead, as_of / DAY_US) for lead, as_of in snapshots.itertuples(index=False, name=None)]


def test_one_look_after_creation(leads, stages):
    found = history_snapshots(leads, stages, spec_with(after="7d"), observed_until_us=30 * DAY_US)
    assert days(found) == [("a", 7), ("b", 9), ("d", 7)]  # c's look on day 35 has not come


def test_a_grid_ends_when_the_lead_is_closed(leads, stages):
    spec = spec_with(after="1d", every="5d", until="16d")
    found = history_snapshots(leads, stages, spec, observed_until_us=30 * DAY_US)
    # b is lost on day 12 (3, 8 come before), d is won on day 10 (1, 6)
    assert days(found) == [("a", 1), ("a", 6), ("a", 11), ("a", 16), ("b", 3), ("b", 8), ("c", 29), ("d", 1), ("d", 6)]


def test_a_lead_closed_at_the_very_time_is_not_looked_at(leads, stages):
    found = history_snapshots(leads, stages, spec_with(after="10d"), observed_until_us=30 * DAY_US)
    assert days(found) == [("a", 10)]  # b on day 12 and d on day 10 are closed just then


def test_a_stage_as_anchor_counts_from_its_first_entry(leads, stages):
    spec = spec_with(anchor="stage:MQL", after="2d")
    assert days(history_snapshots(leads, stages, spec, observed_until_us=30 * DAY_US)) == [("a", 7), ("d", 3)]


def test_tonight_scores_open_leads_of_the_right_age(leads, stages):
    spec = spec_with(after="1d", every="5d", until="29d")
    assert days(open_snapshots(leads, stages, spec, as_of_us=29 * DAY_US)) == [("a", 29), ("c", 29)]
    assert days(open_snapshots(leads, stages, spec, as_of_us=30 * DAY_US)) == [("c", 30)]  # a is too old by now


def test_without_a_rhythm_each_open_lead_has_its_own_look(leads, stages):
    assert days(open_snapshots(leads, stages, spec_with(after="7d"), as_of_us=30 * DAY_US)) == [("a", 7)]


@pytest.mark.parametrize("anchor", ["created", "stage:MQL"])
@pytest.mark.parametrize("until", ["9d", "29d"])
def test_a_job_of_many_nights_is_each_night_together(leads, stages, anchor, until):
    spec = spec_with(anchor=anchor, after="1d", every="5d", until=until)
    nights = np.arange(0, 33, 1.5) * DAY_US
    each = [open_snapshots(leads, stages, spec, as_of_us=int(night)) for night in nights]
    expected = pd.concat(each).sort_values(["lead_id", "as_of_us"], ignore_index=True)
    pd.testing.assert_frame_equal(job_snapshots(leads, stages, spec, nights_us=nights.astype("int64")), expected)


def test_a_job_needs_a_rhythm(leads, stages):
    with pytest.raises(ValueError, match=r"snapshots\.every"):
        job_snapshots(leads, stages, spec_with(after="7d"), nights_us=np.array([0]))


def test_no_leads_no_looks(leads, stages):
    found = history_snapshots(
        leads[:0], stages[:0], spec_with(after="1d", every="5d", until="16d"), observed_until_us=0
    )
    assert found.empty
    assert list(found.columns) == ["lead_id", "as_of_us"]


def test_without_a_rhythm_a_look_whose_window_is_over_is_not_scored(leads, stages):
    # a's look on day 7 is forecast until day 37; c's on day 35 until day 65
    spec = spec_with(after="7d")
    assert days(open_snapshots(leads, stages, spec, as_of_us=37 * DAY_US - 1)) == [("a", 7), ("c", 35)]
    assert days(open_snapshots(leads, stages, spec, as_of_us=37 * DAY_US)) == [("c", 35)]
    assert open_snapshots(leads, stages, spec, as_of_us=65 * DAY_US).empty
