"""A finding: the key of a sentence and its figures, as JSON holds them; it is worded where somebody reads it.

The ending of a figure's name says how it is written: ``_share`` is a percentage, ``_us`` a moment and ``_span`` a
duration, both in microseconds. Other numbers are written as numbers, texts as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from features.language.dates import date_time
from features.language.languages import Language, Words
from features.language.numbers import number, number_words, percent
from features.time_units import DAY_US, HOUR_US, SECOND_US
from models.findings.sentences import say, say_count

Finding = Mapping[str, Any]
"""``key`` of a sentence in the catalogue, and ``figures`` by placeholder."""


def finding(key: str, /, **figures: Any) -> Finding:
    """Return a finding.

    Parameters
    ----------
    key : str
        Of the sentence.
    **figures
        Numbers, texts, `Words`, findings, or lists of findings.
    """
    return {"key": key, "figures": {name: _as_json(value) for name, value in figures.items()}}


def _as_json(value: Any) -> Any:
    if isinstance(value, Words):
        return {"words": value.model_dump()}
    return value.item() if hasattr(value, "item") else value


def said(found: Finding, language: Language) -> str:
    """Put a finding into words.

    Parameters
    ----------
    found : Finding
    language : {"de", "en"}

    Examples
    --------
    >>> lost = finding("brake.rows", table="leads", before=1000, after=500)
    >>> said(lost, "en")
    'rows in leads: 1,000 last night, 500 tonight'
    >>> said(lost, "de")
    'Zeilen in leads: 1.000 in der letzten Nacht, 500 in dieser'
    """
    figures = {name: _written(name, value, language) for name, value in found["figures"].items()}
    return say(found["key"], language, **figures)


def all_said(findings: Sequence[Finding], language: Language) -> str:
    """Put findings into words, one sentence after the other."""
    return " ".join(said(found, language) for found in findings)


def _written(name: str, value: Any, language: Language) -> str:
    if isinstance(value, Mapping):
        return Words(**value["words"]).of(language) if "words" in value else said(value, language)
    if isinstance(value, list | tuple):
        return ", ".join(_written(name, one, language) for one in value)
    if isinstance(value, str):
        return value
    if name.endswith("_share"):
        return percent(float(value), language, digits=1)
    if name.endswith("_us"):
        return date_time(datetime.fromtimestamp(value // SECOND_US, tz=UTC), language)
    if name.endswith("_span"):
        return _span(float(value), language)
    return number(value, language) if isinstance(value, int) else number_words(float(value), language)


def _span(us: float, language: Language) -> str:
    """Return a duration in days, or below one day in hours."""
    unit, size = ("days", DAY_US) if us >= DAY_US else ("hours", HOUR_US)
    shown = Decimal(f"{us / size:.1f}")
    return say_count(f"span.{unit}", language, shown, number=number_words(shown, language))
