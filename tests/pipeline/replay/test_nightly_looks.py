"""When the job looks, worked by hand in whole days."""

from __future__ import annotations

import pytest

from features.time_units import DAY_US, WEEK_US
from pipeline.replay.nightly_looks import counting_nights


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
    assert (times[-1], counted_from, weeks) == (99, 44, 8)


def test_the_nights_reach_back_over_the_whole_period_and_the_run_in() -> None:
    # 44 nights of the period come before those that count, more than the run-in of 30; one of 60 begins on day -16.
    assert nights(period_from=0, test_from=100, every=1, runin=30)[0] == list(range(100))
    assert nights(period_from=0, test_from=100, every=1, runin=60)[0] == list(range(-16, 100))


def test_a_short_period_still_counts_one_look() -> None:
    times, counted_from, weeks = nights(period_from=10, test_from=12, every=7, runin=0)
    assert (times, counted_from, weeks) == ([5], 5, 7 * DAY_US / WEEK_US)
