"""Numbers and shares as the readers of a language write them: separators by Babel, digits by our own rules."""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import copy
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal

from features.language.languages import Language, locale_of

if TYPE_CHECKING:
    from babel.numbers import NumberPattern

DASH = "–"
"""Stands where there is no figure."""
MINUS = "\N{MINUS SIGN}"


def number(value: float, language: Language, *, digits: int = 0, signed: bool = False) -> str:
    """Return a number with a true minus; ``signed`` puts a plus before what is above 0.

    Examples
    --------
    >>> number(-1234.5, "de", digits=1), number(1234.5, "en", digits=1), number(0.04, "en", digits=1, signed=True)
    ('−1.234,5', '1,234.5', '0.0')
    """
    shown = _rounded(value, digits)
    shown = shown if shown else abs(shown)  # no minus before what is rounded to 0
    text = _written(str(shown), language).replace("-", MINUS)
    return f"+{text}" if signed and shown > 0 else text


def number_or_dash(value: float, language: Language, *, digits: int = 0, signed: bool = False) -> str:
    """Return a number as `number` does, and a dash for what is infinite or no number."""
    return number(value, language, digits=digits, signed=signed) if math.isfinite(value) else DASH


def exact(value: float, language: Language) -> str:
    """Return a number with up to six digits after the point, as many as it has: a limit that somebody set.

    Examples
    --------
    >>> exact(2.5, "de"), exact(10.0, "de"), exact(1500, "en")
    ('2,5', '10', '1,500')
    """
    return _written(f"{value:.6f}".rstrip("0").rstrip("."), language)


def about_three_digits(value: float) -> Decimal:
    """Return a number with as many digits as people take in; two after the point at most.

    Examples
    --------
    >>> about_three_digits(1234.56), about_three_digits(3.14159), about_three_digits(0.123), about_three_digits(7.0)
    (Decimal('1235'), Decimal('3.1'), Decimal('0.12'), Decimal('7'))
    """
    digits = 0 if abs(value) >= 100 or round(value, 6) == round(value) else 1 if abs(value) >= 1 else 2
    return _rounded(value, digits)


def number_words(value: Decimal | float, language: Language) -> str:
    """Return a number inside a sentence about a lead: with the digits of a Decimal, else with about three.

    Examples
    --------
    >>> number_words(1234.56, "de"), number_words(3.14159, "en"), number_words(Decimal("1.0"), "de")
    ('1.235', '3.1', '1,0')
    """
    return _written(str(value if isinstance(value, Decimal) else about_three_digits(value)), language)


def percent(share: float, language: Language, *, digits: int | None = None) -> str:
    """Return a share as a percentage: whole from 10 % on, with a decimal below; never a rounded-up certainty.

    Parameters
    ----------
    share : float
        0 to 1.
    digits : int, optional
        Digits after the point, whatever the share.

    Examples
    --------
    >>> percent(0.1432, "en"), percent(0.0132, "en"), percent(0.9999, "en"), percent(0.00001, "en"), percent(1, "en")
    ('14%', '1.3%', '>99%', '<0.1%', '100%')
    """
    if digits is not None:
        return _percent(_rounded(share * 100, digits), language)
    if 0 < share < 0.0005:
        return f"<{_percent(Decimal('0.1'), language)}"
    if 0.995 <= share < 1:
        return f">{_percent(Decimal(99), language)}"
    return _percent(_rounded(share * 100, 0 if share >= 0.0995 or share == 0 else 1), language)


def apart(shares: Mapping[str, float], language: Language) -> dict[str, str]:
    """Return shares in percent, with as many digits as it takes to tell unequal ones apart."""
    texts = {name: percent(share, language) for name, share in shares.items()}
    for digits in range(1, 7):
        if len(set(texts.values())) == len(set(shares.values())):
            break
        texts = {name: percent(share, language, digits=digits) for name, share in shares.items()}
    return texts


def plural_form(shown: Decimal, language: Language) -> str:
    """Return which plural form of a language a number takes as it is written: ``1 day``, but ``1.0 days``.

    Examples
    --------
    >>> plural_form(Decimal("1"), "en"), plural_form(Decimal("1.0"), "en"), plural_form(Decimal("0"), "de")
    ('one', 'other', 'other')
    """
    return str(locale_of(language).plural_form(shown))


def _rounded(value: float, digits: int) -> Decimal:
    """Round as Python does, half to even of the binary value; Babel would round its decimal text."""
    return Decimal(f"{value:.{digits}f}")


@lru_cache(maxsize=10_000)
def _written(text: str, language: Language) -> str:
    """Return a number given by its digits (a cache takes equal Decimals, 1 and 1.0, for the same)."""
    shown = Decimal(text)
    return str(_pattern("decimal", _digits(shown), language).apply(shown, locale_of(language)))


def _percent(shown: Decimal, language: Language) -> str:
    text = _pattern("percent", _digits(shown), language).apply(shown.scaleb(-2), locale_of(language))
    return str(text).replace("-", MINUS)


def _digits(shown: Decimal) -> int:
    """Return the digits after the point."""
    return max(0, -int(shown.as_tuple().exponent))


@cache
def _pattern(kind: Literal["decimal", "percent"], digits: int, language: Language) -> NumberPattern:
    """Return a language's pattern with a number of digits after the point."""
    locale = locale_of(language)
    pattern: NumberPattern = copy((locale.decimal_formats if kind == "decimal" else locale.percent_formats)[None])
    pattern.frac_prec = (digits, digits)
    return pattern
