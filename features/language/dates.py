"""Days and times, all of UTC, as the readers of a language write them."""

from __future__ import annotations

from datetime import UTC, datetime

from features.language.languages import Language, Words, locale_of
from features.time_units import SECOND_US, parse_time

_NARROW = "\N{NARROW NO-BREAK SPACE}"


def date(moment: datetime, language: Language) -> str:
    """Return the day (of UTC): ``01.07.2026``, ``1 Jul 2026``."""
    from babel.dates import format_date

    return str(format_date(moment, "medium", locale=locale_of(language)))


def date_time(moment: datetime, language: Language) -> str:
    """Return day and minute, saying that it is UTC."""
    from babel.dates import get_datetime_format

    clock = f"{moment:%H:%M}{_NARROW}UTC"
    joined = get_datetime_format("medium", locale=locale_of(language))
    return str(joined).replace("{1}", date(moment, language)).replace("{0}", clock)


def iso_date_time(text: str, language: Language) -> str:
    """Return an ISO 8601 time as people write it.

    Examples
    --------
    >>> iso_date_time("2026-07-01T08:30:00Z", "de").replace(chr(0x202F), " ")
    '01.07.2026, 08:30 UTC'
    """
    return date_time(datetime.fromtimestamp(parse_time(text) / SECOND_US, tz=UTC), language)


def weekday_words(day: int) -> Words:
    """Return a day of the week; 0 is Monday.

    Examples
    --------
    >>> weekday_words(3)
    Words(de='Donnerstag', en='Thursday')
    """
    from babel.dates import get_day_names

    return Words.each(lambda language: str(get_day_names("wide", locale=locale_of(language))[day]))
