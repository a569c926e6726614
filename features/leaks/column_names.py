"""What the name of a column says about when it is written, in English and German: a doubt, never a proof."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORDS = {
    "kept up to date until the export": "latest final modified updated notable recent letzte letzter letztes zuletzt",
    "about the outcome": "won lost closed converted conversion signed churned rejected "
    "gewonnen verloren abgeschlossen unterschrieben",
    "a note of sales' work on the lead": "tag tags status stage phase owner assigned assignee reason disposition "
    "outcome result remark remarks stufe besitzer zuständig betreuer grund ergebnis bemerkung",
    "somebody's judgement of the lead": "score scoring index quality grade rating profile rank probability likelihood "
    "forecast prediction temperature punkte bewertung qualität güte profil wahrscheinlichkeit",
}
SIGNS = {meaning: frozenset(words.split()) for meaning, words in _WORDS.items()}
"""Words in a column's name, by what they say about when it is written."""

OUTCOME = SIGNS["about the outcome"]
_NO_LAST = frozenset({"name", "names", "mile"})


def name_sign(name: str) -> str | None:
    """Return what a column's name says about when it is written, or None.

    Examples
    --------
    >>> name_sign("Last Notable Activity")
    'kept up to date until the export, by its name'
    >>> name_sign("last_name") is None
    True
    """
    words = [word.lower() for word in re.findall(r"[A-ZÄÖÜ]?[a-zäöüß]+|[A-ZÄÖÜ]+(?![a-zäöüß])", name)]
    if any(word == "last" and (not rest or rest[0] not in _NO_LAST) for word, *rest in _tails(words)):
        return "kept up to date until the export, by its name"
    return next((f"{meaning}, by its name" for meaning, signs in SIGNS.items() if signs.intersection(words)), None)


def _tails(words: list[str]) -> Iterable[list[str]]:
    return (words[start:] for start in range(len(words)))
