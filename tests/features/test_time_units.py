from __future__ import annotations

import pandas as pd
import pytest

from features.time_units import DAY_US, format_duration, format_time, from_micros, parse_duration, parse_time, to_micros


@pytest.mark.parametrize(
    ("text", "us"), [("7d", 7 * DAY_US), ("36h", 36 * 3600 * 10**6), ("2w", 14 * DAY_US), ("0", 0)]
)
def test_durations(text, us):
    assert parse_duration(text) == us
    assert parse_duration(format_duration(us)) == us


@pytest.mark.parametrize("text", ["7", "d7", "-3d", "7 days", "", True])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="expected a duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["01.02.2026", "02/01/2026", "2026", "someday", "", "2026-13-01"])
def test_a_time_that_is_not_iso_8601_is_refused(text):
    with pytest.raises(ValueError, match=r"expected a time|month must be in|time data"):
        parse_time(text)


def test_times_are_utc_and_exact_to_the_microsecond():
    assert parse_time("2026-01-01") == parse_time("2026-01-01T01:00:00+01:00")
    assert format_time(parse_time("2026-01-01T00:00:00.000001Z")) == "2026-01-01T00:00:00.000001Z"
    zoned = pd.Series(
        pd.to_datetime(["2026-03-29T01:30:00+01:00", "1969-12-31T23:59:59.999999Z"], utc=True, format="ISO8601")
    )
    assert to_micros(zoned).tolist() == [parse_time("2026-03-29T00:30:00"), -1]
    assert to_micros(from_micros(to_micros(zoned))).tolist() == to_micros(zoned).tolist()
