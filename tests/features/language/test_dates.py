"""Days and times as each language writes them."""

from __future__ import annotations

from datetime import UTC, datetime

from features.language.dates import date, date_time, iso_date_time, weekday_words

NARROW = "\N{NARROW NO-BREAK SPACE}"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_days_and_times() -> None:
    assert (date(NOON, "de"), date(NOON, "en")) == ("01.06.2026", "1 Jun 2026")
    assert date_time(NOON, "de") == f"01.06.2026, 12:00{NARROW}UTC"
    assert iso_date_time("2026-06-01T14:05:00+02:00", "en") == f"1 Jun 2026, 12:05{NARROW}UTC"


def test_the_week_begins_on_monday() -> None:
    """1 June 2026 is a Monday."""
    assert weekday_words(NOON.weekday()).model_dump() == {"de": "Montag", "en": "Monday"}
    assert len({weekday_words(day).de for day in range(7)}) == 7
