"""Days and times as the readers of a language write them: of a company's own zone where it is given, else of UTC."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from features.language.languages import Language, Words, locale_of
from features.time_units import SECOND_US, parse_time

_NARROW = "\N{NARROW NO-BREAK SPACE}"


@cache
def _zone(name: str) -> tzinfo:
    """Return a zone; UTC where nobody knows one of this name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def local(us: int, timezone: str) -> datetime:
    """Return a moment as the clocks of a zone show it.

    Parameters
    ----------
    us : int
        Microseconds since 1970, UTC.
    timezone : str
        ``Europe/Berlin``; UTC where nobody knows a zone of this name.

    Examples
    --------
    >>> local(parse_time("2026-06-30T23:30:00Z"), "Europe/Berlin").isoformat()
    '2026-07-01T01:30:00+02:00'
    """
    return datetime.fromtimestamp(us // SECOND_US, tz=_zone(timezone))


def days_ago(us: int, now_us: int, timezone: str) -> int:
    """Return how many midnights of a zone lie between a moment and now: 0 is today, 1 yesterday.

    Examples
    --------
    >>> evening, morning = map(parse_time, ("2026-06-30T21:30:00Z", "2026-06-30T22:30:00Z"))
    >>> days_ago(evening, morning, "Europe/Berlin"), days_ago(evening, morning, "UTC")
    (1, 0)
    """
    return max((local(now_us, timezone).date() - local(us, timezone).date()).days, 0)


def date(moment: datetime, language: Language) -> str:
    """Return the day: ``01.07.2026``, ``1 Jul 2026``."""
    from babel.dates import format_date

    return str(format_date(moment, "medium", locale=locale_of(language)))


def date_time(moment: datetime, language: Language, timezone: str = "UTC") -> str:
    """Return day and minute as the clocks of a zone show them; of UTC it says so.

    Examples
    --------
    >>> date_time(datetime(2026, 6, 30, 23, 30, tzinfo=UTC), "de", "Europe/Berlin")
    '01.07.2026, 01:30'
    """
    from babel.dates import get_datetime_format

    at = moment.astimezone(_zone(timezone))
    clock = f"{at:%H:%M}{_NARROW}UTC" if timezone == "UTC" else f"{at:%H:%M}"
    joined = get_datetime_format("medium", locale=locale_of(language))
    return str(joined).replace("{1}", date(at, language)).replace("{0}", clock)


def iso_date_time(text: str, language: Language, timezone: str = "UTC") -> str:
    """Return an ISO 8601 time as people write it.

    Examples
    --------
    >>> iso_date_time("2026-07-01T08:30:00Z", "de").replace(chr(0x202F), " ")
    '01.07.2026, 08:30 UTC'
    """
    return date_time(datetime.fromtimestamp(parse_time(text) / SECOND_US, tz=UTC), language, timezone)


def weekday_words(day: int) -> Words:
    """Return a day of the week; 0 is Monday.

    Examples
    --------
    >>> weekday_words(3)
    Words(de='Donnerstag', en='Thursday')
    """
    from babel.dates import get_day_names

    return Words.each(lambda language: str(get_day_names("wide", locale=locale_of(language))[day]))
