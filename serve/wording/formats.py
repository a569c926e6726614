"""Numbers, dates and shares as German and English readers write them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from features.time_units import SECOND_US, parse_time

Language = Literal["de", "en"]
LANGUAGES: tuple[Language, ...] = ("de", "en")

_NO_BREAK = "\N{NO-BREAK SPACE}"
_NARROW = "\N{NARROW NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def number(value: float, language: Language, *, digits: int = 0, signed: bool = False) -> str:
    """Return a number with the language's separators.

    Examples
    --------
    >>> number(-1234.5, "de", digits=1), number(1234.5, "en", digits=1), number(0.04, "en", digits=1, signed=True)
    ('−1.234,5', '1,234.5', '0.0')
    """
    rounded = round(float(value), digits) + 0.0
    text = f"{abs(rounded):,.{digits}f}"
    if language == "de":
        text = text.translate(str.maketrans(",.", ".,"))
    if rounded < 0:
        return _MINUS + text
    return f"+{text}" if signed and rounded > 0 else text


def percent(share: float, language: Language) -> str:
    """Return a share as a percentage: whole from 10 % on, with a decimal below; never a rounded-up certainty.

    Examples
    --------
    >>> percent(0.1432, "en"), percent(0.0132, "en"), percent(0.9999, "en"), percent(0.00001, "en"), percent(1, "en")
    ('14%', '1.3%', '>99%', '<0.1%', '100%')
    """
    sign = f"{_NO_BREAK}%" if language == "de" else "%"
    if 0 < share < 0.0005:
        return f"<{number(0.1, language, digits=1)}{sign}"
    if 0.995 <= share < 1:
        return f">99{sign}"
    return number(share * 100, language, digits=0 if share >= 0.0995 or share == 0 else 1) + sign


def points_of_percent(value: float, language: Language) -> str:
    """Return a difference of percentage points with its sign."""
    return number(value, language, digits=1, signed=True)


def of_many(share: float, language: Language) -> str:
    """Return a probability as a count that people can picture.

    Examples
    --------
    >>> of_many(0.143, "en"), of_many(0.004, "de"), of_many(0.0001, "en"), of_many(0.999, "de")
    ('14 of 100', '4 von 1.000', 'fewer than 1 of 1,000', 'mehr als 99 von 100')
    """
    of, fewer, more = ("von", "weniger als", "mehr als") if language == "de" else ("of", "fewer than", "more than")
    thousand = number(1000, language)
    if share >= 0.995:
        return f"{more} 99 {of} 100" if share < 1 else f"100 {of} 100"
    if share >= 0.0095:
        return f"{math.floor(share * 100 + 0.5)} {of} 100"
    in_thousand = math.floor(share * 1000 + 0.5)
    return f"{in_thousand} {of} {thousand}" if in_thousand else f"{fewer} 1 {of} {thousand}"


def date(moment: datetime, language: Language) -> str:
    """Return the day (of UTC): ``01.07.2026``, ``1 Jul 2026``."""
    if language == "de":
        return f"{moment:%d.%m.%Y}"
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def date_time(moment: datetime, language: Language) -> str:
    """Return day and minute, saying that it is UTC."""
    clock = f"{moment:%H:%M}{_NARROW}UTC"
    return f"{date(moment, language)}, {clock}"


def iso_date_time(text: str, language: Language) -> str:
    """Return an ISO 8601 time as people write it."""
    return date_time(datetime.fromtimestamp(parse_time(text) / SECOND_US, tz=UTC), language)


def preferred_language(accept: str | None) -> Language:
    """Return the language a browser asks for; English where it asks for neither.

    Examples
    --------
    >>> preferred_language("fr;q=0.9, de-CH;q=0.8, en;q=0.7"), preferred_language("en-GB,de;q=0.9")
    ('de', 'en')
    """
    wishes: list[tuple[float, int, Language]] = []
    for position, part in enumerate((accept or "").split(",")):
        tag, _, parameters = part.partition(";")
        name, _, weight = parameters.strip().partition("=")
        try:
            q = float(weight) if name.strip() == "q" else 1.0
        except ValueError:
            continue
        primary = tag.strip().lower().split("-")[0]
        if primary in LANGUAGES and q > 0:
            wishes.append((-q, position, "de" if primary == "de" else "en"))
    return min(wishes)[2] if wishes else "en"


def apart(values: Mapping[str, float], language: Language) -> dict[str, str]:
    """Return shares in percent, with as many digits as it takes to tell unequal ones apart."""
    texts = {name: percent(value, language) for name, value in values.items()}
    sign = "\N{NO-BREAK SPACE}%" if language == "de" else "%"
    for digits in range(1, 7):
        if len(set(texts.values())) == len(set(values.values())):
            break
        texts = {name: number(100 * value, language, digits=digits) + sign for name, value in values.items()}
    return texts
