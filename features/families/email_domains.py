"""What kind of address an e-mail address is: of a company, private, of a university, or thrown away after use."""

from __future__ import annotations

import re
from functools import cache, lru_cache

REMEMBERED = 65_536
"""So many domains are not read again."""

FREE_PATTERN = (
    r"^(gmail|googlemail|yahoo|ymail|rocketmail|hotmail|outlook|live|msn|gmx|web|t-online|freenet|aol|icloud|me|mac"
    r"|proton|protonmail|mail|email|posteo|mailbox|tutanota|tuta|bluewin|aon|chello|vodafone|arcor|online|1und1|zoho"
    r"|yandex|fastmail|hispeed|sunrise|kabelmail|unitybox|netcologne|ewetel|hey)"
    r"\.(de|at|ch|com|net|org|me|email|eu|li|fr|it|nl|pl|es|ru|co\.uk|io|info|biz|pm)$"
)
UNIVERSITY_PATTERN = (
    r"\.edu(\.[a-z]{2})?$|\.ac\.[a-z]{2}$|(^|\.)(uni|tu|fh|hs|th|htw|haw|rwth|fu|hu|dhbw|ph|kh|htwk|hft|hfu|hwr|ku|bht)-"
    r"|(^|\.)(stud|student|students|studium|campus|alumni)\.|(^|\.)(uni|univ|universitaet|hochschule|fernuni)(-[a-z-]+)?\.[a-z]{2,}$"
    r"|(^|\.)(tum|lmu|kit|fau|rub|ovgu|tuhh|htwg|jku|ethz|uzh|epfl|unibe|unibas|unisg|zhaw|fhnw|hslu|ost|univie|tuwien"
    r"|tugraz|wu|boku|uibk|iu|srh|fom|whu|ebs|esmt|hpi|cbs|hm|thi|oth-[a-z]+|fernuni-hagen|leuphana|charite|dhbw)\.(de|ch|at|org|eu|edu|ac\.at|dk)$"
    r"|(^|\.)(hochschule|university|college)[.-]"
)
DISPOSABLE_PATTERN = (
    r"(^|\.)(mailinator|guerrillamail|guerrillamailblock|sharklasers|10minutemail|10minutesmail|tempmail|temp-mail"
    r"|tempmailo|trashmail|trash-mail|wegwerfmail|wegwerfemail|wegwerf-email|byom|spamgourmet|yopmail|maildrop|getnada"
    r"|nada|dispostable|throwawaymail|fakeinbox|mailnesia|mohmal|muellmail|spambog|discard|mytemp|emailondeck|moakt"
    r"|einrot|cuvox|dayrep|fleckens|gustr|jourrapide|rhyta|superrito|teleworm|armyspy)\.[a-z]{2,}$"
)
_DOMAIN = r"^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.[a-z]{2,}$"


def email_domain(address: str) -> str:
    """Return the domain of an address in lower case; a bare domain is its own."""
    return address.rpartition("@")[2].lower().strip().rstrip(">. ")


def address_kind(address: str) -> str:
    """Return company, free, university, disposable, or unknown for an address.

    Examples
    --------
    >>> [address_kind(address) for address in ("Eva <eva@GMX.de>", "x")]
    ['free', 'unknown']
    """
    return _kind_after(address.rpartition("@")[2])


@lru_cache(maxsize=REMEMBERED)
def _kind_after(at_sign: str) -> str:
    domain = email_domain(at_sign)
    is_domain, *kinds = _patterns()
    if not is_domain[1].search(domain):
        return "unknown"
    return next((kind for kind, pattern in kinds if pattern.search(domain)), "company")


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    ordered = {
        "domain": _DOMAIN, "disposable": DISPOSABLE_PATTERN, "free": FREE_PATTERN, "university": UNIVERSITY_PATTERN
    }  # fmt: skip
    return tuple((kind, re.compile(pattern, re.ASCII)) for kind, pattern in ordered.items())
