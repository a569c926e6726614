"""How features are put to a salesperson, in German and English."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from features.catalog.phrases import PHRASES
from features.source_spec import Words
from features.time_units import DAY_US, HOUR_US

Language = Literal["de", "en"]


_SINGULAR = (
    (re.compile(r"(?<![\d.,])1 Tagen"), "1 Tag"),
    (re.compile(r"(?<![\d.,])1 days"), "1 day"),
    (re.compile(r"(?<![\d.,])1 Stunden"), "1 Stunde"),
    (re.compile(r"(?<![\d.,])1 hours"), "1 hour"),
)


def phrase(measure: str, *, thing: Words | None = None, window: Words | None = None) -> tuple[Words, Words]:
    """Return the sentences of a measure, for a value and for none, with all but ``{value}`` filled in.

    Examples
    --------
    >>> phrase("days_since_last", thing=Words(de="Preisliste", en="Price list"))[0].en
    'Price list: last {value} days ago'
    """
    raw = PHRASES[measure]
    de, en = _filler(thing, window, "de"), _filler(thing, window, "en")
    return Words(de=de(raw.de), en=en(raw.en)), Words(de=de(raw.none_de), en=en(raw.none_en))


def _filler(thing: Words | None, window: Words | None, language: Language) -> Callable[[str], str]:
    parts = {"{thing}": thing, "{window}": window}

    def fill(text: str) -> str:
        for mark, words in parts.items():
            if words is not None:
                text = text.replace(mark, getattr(words, language).replace("{", "{{").replace("}", "}}"))
        return text

    return fill


def plain_words(name: str) -> Words:
    """Return words for something the source gave no words for: its name, readable."""
    text = name.replace("_", " ").strip()
    return Words(de=text, en=text)


def duration_words(us: int, *, every: bool = False) -> Words:
    """Return a duration in words as after "in the last", or after "every": ``7 days``, ``24 hours``."""
    if us % DAY_US == 0 and us > DAY_US:
        return Words(de=f"{us // DAY_US} {'Tage' if every else 'Tagen'}", en=f"{us // DAY_US} days")
    hours = number_words(us / HOUR_US, "en")
    return Words(de=f"{number_words(us / HOUR_US, 'de')} Stunden", en=f"{hours} hours")


def number_words(value: float, language: Language) -> str:
    """Return a number as people write it: about three digits, the language's own separators.

    Examples
    --------
    >>> number_words(1234.56, "de"), number_words(3.14159, "en"), number_words(7.0, "en")
    ('1.235', '3.1', '7')
    """
    digits = 0 if abs(value) >= 100 or round(value, 6) == round(value) else 1 if abs(value) >= 1 else 2
    text = f"{value:,.{digits}f}"
    return text.translate(str.maketrans(",.", ".,")) if language == "de" else text


def singular(text: str) -> str:
    """Return the sentence with ``1 days`` and its like mended."""
    for pattern, right in _SINGULAR:
        text = pattern.sub(right, text)
    return text
