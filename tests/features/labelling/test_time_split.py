from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import InputError
from features.labelling.time_split import KNOWN_AT_TEST, SplitOptions, split_by_time
from features.time_units import DAY_US, format_time

HORIZON = 10 * DAY_US


def labelled(days, *, leads=None, y=None, at_risk=True):
    count = len(days)
    return pd.DataFrame(
        {
            "lead_id": leads if leads is not None else [f"lead {i}" for i in range(count)],
            "as_of_us": (np.asarray(days) * DAY_US).astype("int64"),
            "at_risk": at_risk,
            "y": pd.array(y if y is not None else [0] * count, dtype="Int8"),
        }
    )


def test_worked_by_hand():
    # 100 leads, one a day. The newest 30 % are leads 70 to 99. Of the rest, those with as_of + 10 days <= day 70 are
    # usable: days 0 to 60. The newest 20 % of these 61 are days 49 to 60; training ends 10 days before: day 39.
    # The windows of days 40 to 48 are open when calibration begins, those of days 61 to 69 when the test begins.
    part = split_by_time(labelled(range(100)), horizon_us=HORIZON, options=SplitOptions())
    assert part[part == "test"].index.tolist() == list(range(70, 100))
    assert part[part == "calibration"].index.tolist() == list(range(49, 61))
    assert part[part == "train"].index.tolist() == list(range(40))
    assert set(part[40:49]) == {"between"}
    assert set(part[61:70]) == {"young"}


def test_dates_given_by_hand():
    options = SplitOptions.model_validate(
        {"train_from": format_time(20 * DAY_US), "test_from": format_time(80 * DAY_US)}
    )
    part = split_by_time(labelled(range(100)), horizon_us=HORIZON, options=options)
    assert part[part == "test"].index.tolist() == list(range(80, 100))
    assert part[part == "train"].index.min() == 20
    assert set(part[:20]) == {"embargo"}


def test_young_and_reached_rows_are_named():
    rows = labelled(range(100))
    rows.loc[95:, "y"] = pd.NA
    rows.loc[50, "at_risk"] = False
    rows.loc[50, "y"] = pd.NA
    part = split_by_time(rows, horizon_us=HORIZON, options=SplitOptions())
    assert set(part[95:]) == {"too_young"}
    assert part[50] == "not_at_risk"


@settings(max_examples=40, deadline=None)
@given(
    data=st.lists(st.tuples(st.integers(0, 20), st.floats(0, 300)), min_size=60, max_size=120),
    share=st.sampled_from([0.2, 0.3, 0.5]),
)
def test_outcome_windows_never_reach_into_a_later_part(data, share):
    leads = [f"lead {lead}" for lead, _ in data]
    rows = labelled([day for _, day in data], leads=leads)
    try:
        part = split_by_time(rows, horizon_us=HORIZON, options=SplitOptions(test_share=share))
    except InputError:
        return
    test_start = rows["as_of_us"][part == "test"].min()
    fitted = rows[part.isin(KNOWN_AT_TEST)]
    assert (fitted["as_of_us"] + HORIZON <= test_start).all()
    young = rows.loc[part == "young", "as_of_us"]
    assert ((young < test_start) & (young + HORIZON > test_start)).all()
    by_lead = rows[part.isin(["train", "calibration", "test"])].assign(part=part).groupby("lead_id")["part"].nunique()
    assert (by_lead == 1).all()
    in_test = set(rows.loc[part == "test", "lead_id"])
    assert in_test.isdisjoint(rows.loc[part.isin([*KNOWN_AT_TEST, "young"]), "lead_id"])


def test_too_short_a_history_says_what_to_do():
    with pytest.raises(InputError, match=r"rows in the training period.*horizon of 10 days.*split\.test_from"):
        split_by_time(labelled(range(8)), horizon_us=HORIZON, options=SplitOptions())


def test_no_mature_outcome_says_so():
    rows = labelled(range(8), y=[pd.NA] * 8)
    with pytest.raises(InputError, match="outcomes whose horizon has passed"):
        split_by_time(rows, horizon_us=HORIZON, options=SplitOptions())
