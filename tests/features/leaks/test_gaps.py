"""What begins or ends in mid-history is found; what is rare, or stray, is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.leaks.gaps import family_gaps, find_gaps
from features.time_units import DAY_US

CLOCK = np.arange(200) * DAY_US


def gaps(days: np.ndarray, each: int = 1) -> list[tuple[bool, int]]:
    found = find_gaps(days * DAY_US, np.full(len(days), each), CLOCK, np.ones(200))
    return [(gap.at_begin, gap.edge_us // DAY_US) for gap in found]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [(0, 200, []), (80, 200, [(True, 80)]), (0, 120, [(False, 119)]), (60, 140, [(True, 60), (False, 139)]),
     (10, 195, [])],
)  # fmt: skip
def test_a_gap_is_named_at_its_edge(first, last, expected):
    assert gaps(np.arange(first, last)) == expected


def test_few_rows_leave_gaps_by_chance():
    assert gaps(np.arange(80, 200, 10)) == []  # 12 rows


def test_a_stray_row_hides_no_gap():
    assert gaps(np.concatenate([[3], np.repeat(np.arange(80, 200), 3)])) == [(True, 80)]


def test_what_comes_and_goes_is_expected_to_come_again():
    fairs = np.repeat([5, 40, 75, 110, 145], 20)
    assert gaps(fairs) == []  # 55 days of silence at the end, after pauses of 35
    assert gaps(np.repeat([5, 15, 25, 35, 45, 55], 20)) == [(False, 55)]  # 145 days of silence, after pauses of 10


def test_order_and_bundling_change_nothing():
    days = np.arange(80, 200)
    assert gaps(days[::-1]) == gaps(days) == gaps(days, each=4)


def by_day(**families: range) -> pd.DataFrame:
    return pd.DataFrame([{"family": f, "day_us": d * DAY_US, "n": 3} for f, days in families.items() for d in days])


LEADS = pd.DataFrame({"day_us": CLOCK, "n": 1})


def test_a_family_is_held_against_the_others():
    found = family_gaps(by_day(mail=range(200), webinar=range(90, 200)), LEADS)
    assert list(found) == ["webinar"]


def test_events_that_were_kept_for_a_year_only_are_told_once():
    found = family_gaps(by_day(mail=range(90, 200), visit=range(90, 200)), LEADS)
    assert list(found) == [""]
