"""How columns and their coded values are put to a salesperson, in German and English."""

from __future__ import annotations

from typing import NamedTuple

from features.language.dates import weekday_words
from features.language.languages import Language, Words
from features.language.sentences import LEAD_SENTENCES, words

NEVER_MISSING = Words.same("—")
"""Stands for the sentence about no value where a column always has one."""
_CODES = {
    "seniority": ("c_level", "head", "manager", "specialist", "assistant", "student", "unknown"),
    "function": (
        "management", "it", "purchasing", "quality", "production", "sales", "marketing", "hr", "finance",
        "engineering", "research", "other", "unknown",
    ),
    "kind": ("company", "free", "university", "disposable", "unknown"),
    "given": ("1", "0"),
    "boolean": ("1", "0"),
}  # fmt: skip
"""The codes that a measure's values have; how each is called stands in the catalogue."""


class Phrase(NamedTuple):
    """The sentences of a measure.

    Attributes
    ----------
    words : Words
        About a value.
    missing : Words
        About no value.
    one, zero : Words or None
        About a value that is 1 or 0 as it is shown, where that is said otherwise.
    """

    words: Words
    missing: Words
    one: Words | None
    zero: Words | None


def phrase(measure: str, *, thing: Words | None = None, window: Words | None = None) -> Phrase:
    """Return the sentences of a measure with all but ``{value}`` filled in.

    Parameters
    ----------
    measure : str
        ``column.MEASURE`` is the key of its sentence in the catalogue, ``column.MEASURE.none`` of the one about no
        value, ``column.MEASURE.zero`` of the one about 0.
    thing, window : Words, optional
        What the sentence is about, and over which time.

    Examples
    --------
    >>> about = phrase("days_since_last", thing=Words(de="Preisliste", en="Price list"))
    >>> about.words.en, about.one.en, about.missing.de, about.zero.de
    ... # doctest: +NORMALIZE_WHITESPACE
    ('Price list: last {value} days ago', 'Price list: yesterday', 'Preisliste: noch nie',
     'Preisliste: heute')
    """
    places = {name: _literal(text) for name, text in (("thing", thing), ("window", window)) if text is not None}
    key, none, zero = f"column.{measure}", f"column.{measure}.none", f"column.{measure}.zero"

    def filled(key: str, form: str) -> Words:
        def said(language: Language) -> str:
            texts = {name: text.of(language) for name, text in places.items()}
            return LEAD_SENTENCES.forms(key, language)[form].format_map({"value": "{value}", **texts})

        return Words.each(said)

    known = LEAD_SENTENCES.sentences("en")
    missing = filled(none, "other") if none in known else NEVER_MISSING
    single = filled(key, "one") if "one" in LEAD_SENTENCES.forms(key, "en") else None
    return Phrase(filled(key, "other"), missing, single, filled(zero, "other") if zero in known else None)


def _literal(text: Words) -> Words:
    """Return words that may stand in a template: their braces are no places."""
    return Words.each(lambda language: text.of(language).replace("{", "{{").replace("}", "}}"))


def value_words(measure: str, *, is_boolean: bool) -> tuple[tuple[str, Words], ...]:
    """Return how the coded values of a measure are called, by code; nothing where its values are no codes.

    Examples
    --------
    >>> value_words("kind", is_boolean=False)[1]
    ('free', Words(de='private Adresse', en='private address'))
    >>> value_words("open", is_boolean=True)[0]
    ('1', Words(de='ja', en='yes'))
    """
    if measure.endswith("_weekday"):
        return tuple((str(day), weekday_words(day)) for day in range(7))
    coded = measure if measure in _CODES else "boolean" if is_boolean else None
    return () if coded is None else tuple((code, words(f"value.{coded}.{code}")) for code in _CODES[coded])


def plain_words(name: str) -> Words:
    """Return words for something the source gave no words for: its name, readable."""
    return Words.same(name.replace("_", " ").strip())
