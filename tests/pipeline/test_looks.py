"""When the job looks, worked by hand in whole days."""

from __future__ import annotations

import pytest

from features.clock import DAY_US
from models.cutoffs import WEEK_US
from pipeline.looks import counting_nights


def nights(*, period_from: int, test_from: int, every: int, runin: int) -> tuple[list[float], float, float]:
    times, counting = counting_nights(
        period_from_us=period_from * DAY_US,
        test_from_us=test_from * DAY_US,
        every_us=every * DAY_US,
        runin_us=runin * DAY_US,
    )
    return (times / DAY_US).tolist(), counting.from_us / DAY_US, counting.weeks


def test_the_run_in_comes_before_what_counts_and_the_test_after() -> None:
    # Days 10 to 20, a look every three days: 11, 14 and 17 count; four days of run-in are two looks, 5 and 8.
    assert nights(period_from=10, test_from=20, every=3, runin=4) == ([5, 8, 11, 14, 17], 11, pytest.approx(9 / 7))


def test_at_most_the_newest_eight_weeks_count() -> None:
    times, counted_from, weeks = nights(period_from=0, test_from=100, every=1, runin=30)
    assert (times[0], times[-1], len(times)) == (14, 99, 86)
    assert (counted_from, weeks) == (44, 8)


def test_a_short_period_still_counts_one_look() -> None:
    times, counted_from, weeks = nights(period_from=10, test_from=12, every=7, runin=0)
    assert (times, counted_from, weeks) == ([5], 5, 7 * DAY_US / WEEK_US)
