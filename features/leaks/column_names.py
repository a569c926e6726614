"""What the name of a column says about when it is written, in English and German: a doubt, never a proof."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text, each once."""
    return frozenset(text.split())


_WORDS = {
    "kept up to date until the export": "latest final modified updated notable recent letzte letzter letztes zuletzt",
    "about the outcome": "won lost closed converted conversion signed churned rejected "
    "gewonnen verloren abgeschlossen unterschrieben",
    "a note of sales' work on the lead": "tag tags status stage phase owner assigned assignee reason disposition "
    "outcome result remark remarks stufe besitzer zuständig betreuer grund ergebnis bemerkung",
    "somebody's judgement of the lead": "score scoring index quality grade rating profile rank probability likelihood "
    "forecast prediction temperature punkte bewertung qualität güte profil wahrscheinlichkeit",
}
SIGNS = {meaning: words_of(words) for meaning, words in _WORDS.items()}
"""Words in a column's name, by what they say about when it is written."""

OUTCOME = SIGNS["about the outcome"]
_NO_LAST = frozenset({"name", "names", "mile"})
_ARCHIVED = (["active"], ["aktiv"], ["inactive"], ["inaktiv"], ["archived"], ["archiviert"], ["deleted"], ["gelöscht"])
_OF_THE_PERSON = frozenset(
    {"marital", "family", "familien", "civil", "employment", "housing", "residence", "citizenship", "visa", "smoking"}
)
"""Whose status, grade or result it is: the person's own, which sales does not write."""

COUNTER = "a counter that goes on counting until the export, by its name"
_ACTS = words_of(
    "visits views pageviews sessions clicks opens downloads touches interactions submissions conversions "
    "activities calls besuche aufrufe seitenaufrufe seitenansichten sitzungen klicks öffnungen interaktionen "
    "aktivitäten anrufe kontaktversuche"
)
_COUNTING = frozenset({"total", "lifetime", "gesamt", "gesamtzahl", "anzahl", "num", "bisher", "bislang", "count"})
_SIZES = words_of(
    "employees employee mitarbeiter mitarbeitende standorte sites locations users seats licences licenses "
    "lizenzen revenue umsatz budget price preis amount betrag machines maschinen branches filialen rooms "
    "beschäftigte beschäftigten beschaeftigten children kinder beds area fläche weight capacity head country population"
)


def counter_sign(name: str) -> str | None:
    """Return `COUNTER` where a column's name says that it counts what leads did, for as long as they live.

    Examples
    --------
    >>> counter_sign("Page views to date") == counter_sign("Anzahl Besuche") == counter_sign("num_sessions") == COUNTER
    True
    >>> counter_sign("Number of employees") is None and counter_sign("Anzahl Mitarbeiter") is None
    True
    """
    words = _words(name)
    counts = _ACTS.intersection(words) or _COUNTING.intersection(words) or ("number", "of") in pairwise(words)
    return COUNTER if counts and not _SIZES.intersection(words) else None


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-ZÄÖÜ]?[a-zäöüß]+|[A-ZÄÖÜ]+(?![a-zäöüß])", name)]


def name_sign(name: str) -> str | None:
    """Return what a column's name says about when it is written, or None.

    Examples
    --------
    >>> name_sign("Last Notable Activity")
    'kept up to date until the export, by its name'
    >>> name_sign("last_name") is None and name_sign("marital_status") is None
    True
    """
    words = _words(name)
    if [word for word in words if word not in ("is", "ist")] in _ARCHIVED:
        return "a note of sales' work on the lead, by its name"
    if any(word == "last" and (not rest or rest[0] not in _NO_LAST) for word, *rest in _tails(words)):
        return "kept up to date until the export, by its name"
    if _OF_THE_PERSON.intersection(words):
        return None
    return next((f"{meaning}, by its name" for meaning, signs in SIGNS.items() if signs.intersection(words)), None)


def _tails(words: list[str]) -> Iterable[list[str]]:
    return (words[start:] for start in range(len(words)))
