"""The time over which promotions are counted."""

from __future__ import annotations

from features.time_units import DAY_US
from models.cutoffs.counting import period_weeks


def test_weeks_span_the_period_and_are_at_least_one() -> None:
    assert period_weeks([0, 3 * DAY_US, 21 * DAY_US]) == 3
    assert period_weeks([5, 5]) == 1
