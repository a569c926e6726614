"""The languages that people are spoken to in, and which of them somebody would rather read."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from babel import Locale

Language = Literal["de", "en"]
LANGUAGES: tuple[Language, ...] = ("de", "en")
DEFAULT: Language = "en"

_REGIONS = {"en": "en_GB"}
"""English is written as in Europe: the day before the month."""


class Words(BaseModel):
    """How a thing is called in front of people, in German and English."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    de: str
    en: str

    @classmethod
    def same(cls, text: str) -> Words:
        """Return a name that is the same in every language.

        Examples
        --------
        >>> Words.same("SQL")
        Words(de='SQL', en='SQL')
        """
        return cls(**dict.fromkeys(LANGUAGES, text))

    @classmethod
    def each(cls, said: Callable[[Language], str]) -> Words:
        """Return what a function says in each language."""
        return cls(**{language: said(language) for language in LANGUAGES})

    def of(self, language: Language) -> str:
        """Return the words of one language."""
        return str(getattr(self, language))


@cache
def locale_of(language: Language) -> Locale:
    """Return Babel's data on a language; they are read when somebody first asks."""
    from babel import Locale

    return Locale.parse(_REGIONS.get(language, language))


def preferred_language(accept: str | None, *, chosen: str | None = None) -> Language:
    """Return the language that somebody chose, else the one that the browser asks for; English if it is neither.

    Parameters
    ----------
    accept : str or None
        Header ``Accept-Language``.
    chosen : str or None
        What somebody picked; a language that is not there counts as no choice.

    Examples
    --------
    >>> preferred_language("fr;q=0.9, de-CH;q=0.8, en;q=0.7"), preferred_language("en-GB,de;q=0.9")
    ('de', 'en')
    >>> preferred_language("de", chosen="en"), preferred_language("de", chosen="fr"), preferred_language(None)
    ('en', 'de', 'en')
    """
    from babel import negotiate_locale

    locale = negotiate_locale([(chosen or "").lower(), *_accepted(accept or "")], LANGUAGES, sep="-")
    return "de" if locale == "de" else "en" if locale == "en" else DEFAULT


def _accepted(header: str) -> list[str]:
    """Return the tags of ``Accept-Language``, the most wanted first; what is no tag with a weight is left out."""
    weighed: list[tuple[float, str]] = []
    for part in header.split(","):
        tag, _, parameters = part.partition(";")
        name, _, weight = parameters.strip().partition("=")
        try:
            wish = float(weight) if name.strip() == "q" else 1.0
        except ValueError:
            continue
        if wish > 0:
            weighed.append((-wish, tag.strip().lower()))
    return [tag for _, tag in sorted(weighed, key=lambda entry: entry[0])]
