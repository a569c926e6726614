"""Time as this project counts it: whole microseconds since 1970-01-01 UTC, and durations written like ``30d``."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

if TYPE_CHECKING:
    import pandas as pd

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
DAY_US = 24 * HOUR_US
WEEK_US = 7 * DAY_US

_UNITS_US = {"w": WEEK_US, "d": DAY_US, "h": HOUR_US, "m": 60 * SECOND_US, "s": SECOND_US}
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]|$)")
"""How ISO 8601 begins: 01.02.2026 is February to one reader and January to another, so it is refused."""
_PLAIN_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?)?")
"""What Python reads as pandas does, without the half second that it takes to load pandas."""
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?")
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*([wdhms])")


def parse_duration(text: str | int) -> int:
    """Return a duration in microseconds.

    Parameters
    ----------
    text : str or int
        A number with a unit (``w``, ``d``, ``h``, ``m`` for minutes, ``s``), or 0.

    Raises
    ------
    ValueError
        If the text is not of that form.

    Examples
    --------
    >>> parse_duration("7d") == 7 * DAY_US
    True
    >>> format_duration(parse_duration("36h"))
    '36h'
    """
    if isinstance(text, bool):
        raise ValueError("expected a duration such as 7d, 36h or 30m, found a yes/no value")
    written = str(text).strip()
    if written == "0":
        return 0
    if _NUMBER.fullmatch(written):
        raise ValueError(
            f"expected a duration with its unit, such as {written}d, {written}h or {written}m, found {text!r}"
        )
    match = _DURATION.fullmatch(written)
    if match is None:
        raise ValueError(f"expected a duration such as 7d, 36h or 30m, found {text!r}")
    return round(float(match[1]) * _UNITS_US[match[2]])


def format_duration(us: int) -> str:
    """Return a duration in the largest unit that divides it: ``7d``, ``36h``."""
    for unit in ("d", "h", "m", "s"):
        if us and us % _UNITS_US[unit] == 0:
            return f"{us // _UNITS_US[unit]}{unit}"
    return f"{us / SECOND_US:g}s" if us else "0"


Duration = Annotated[int, BeforeValidator(parse_duration), PlainSerializer(format_duration, return_type=str)]
"""A pydantic field: written ``7d``, held as microseconds."""


_START, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def parse_time(text: Any) -> int:
    """Return a point in time, given as ISO 8601 text, date or datetime, in microseconds since 1970 (naive is UTC)."""
    if isinstance(text, int) and not isinstance(text, bool):
        return text
    plain = _plain_time(text)
    if plain is not None:  # pandas takes ten times as long, and an answer waits for hundreds
        return ((plain if plain.tzinfo is not None else plain.replace(tzinfo=UTC)) - _START) // _MICROSECOND
    import pandas as pd

    stamp = pd.NaT if isinstance(text, str) and not _ISO.match(text.strip()) else pd.Timestamp(text)
    if pd.isna(stamp):
        raise ValueError(f"expected a time such as 2026-01-31 or 2026-01-31T08:00:00Z, found {text!r}")
    stamp = stamp.tz_localize("UTC") if stamp.tz is None else stamp.tz_convert("UTC")
    return int(stamp.asm8.astype("datetime64[us]").astype("int64"))


def _plain_time(text: Any) -> datetime | None:
    """Return what Python reads by itself; None for what is left to pandas, mistakes among it."""
    if type(text) is datetime:
        return text
    if type(text) is date:
        return datetime(text.year, text.month, text.day, tzinfo=UTC)
    if type(text) is str and _PLAIN_ISO.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return None
    return None


def format_time(us: int) -> str:
    """Return microseconds since 1970 as ISO 8601 text in UTC."""
    text = datetime.fromtimestamp(us // SECOND_US, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S")
    rest = us % SECOND_US
    return f"{text}.{rest:06d}Z" if rest else f"{text}Z"


Instant = Annotated[int, BeforeValidator(parse_time), PlainSerializer(format_time, return_type=str)]
"""A pydantic field: written as ISO 8601, held as microseconds since 1970 UTC."""


def to_micros(times: pd.Series) -> pd.Series:
    """Return a datetime column (zoned, or naive meaning UTC) as int64 microseconds since 1970."""
    import pandas as pd

    stamps = pd.to_datetime(times, utc=True)
    return stamps.dt.as_unit("us").astype("int64")


def from_micros(us: pd.Series) -> pd.Series:
    """Return int64 microseconds since 1970 as a UTC datetime column."""
    import pandas as pd

    return pd.to_datetime(us, unit="us", utc=True).dt.as_unit("us")
