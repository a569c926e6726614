"""Numbers and shares: the digits by our rules, everything else as the language writes it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.language.languages import LANGUAGES
from features.language.numbers import apart, exact, number, number_or_dash, number_words, percent, plural_form

NO_BREAK = "\N{NO-BREAK SPACE}"
VALUES = st.floats(-1e9, 1e9)


def test_numbers_as_each_language_writes_them() -> None:
    assert number(1234567.891, "de", digits=2) == "1.234.567,89"
    assert number(1234567.891, "en", digits=2) == "1,234,567.89"
    assert (number(-0.04, "en", digits=1, signed=True), number(2.5, "de", digits=1, signed=True)) == ("0.0", "+2,5")
    assert (exact(0.5, "de"), exact(5000.0, "de"), exact(-2.25, "en")) == ("0,5", "5.000", "-2.25")
    assert (number_or_dash(float("nan"), "de"), number_or_dash(float("inf"), "en")) == ("–", "–")


def test_a_share_is_never_rounded_to_a_certainty() -> None:
    assert (percent(0.99999, "de"), percent(1e-9, "de")) == (f">99{NO_BREAK}%", f"<0,1{NO_BREAK}%")
    assert (percent(1.0, "en"), percent(0.0, "en")) == ("100%", "0%")
    assert percent(0.995, "en", digits=1) == "99.5%"


@given(VALUES, st.integers(0, 3), st.sampled_from(LANGUAGES))
def test_a_number_is_rounded_as_python_rounds_it(value: float, digits: int, language: str) -> None:
    """Babel rounds the decimal text of a number, Python its binary value: 0.15 is a little less than 0.15."""
    written = number(value, language, digits=digits)
    plain = written.translate(str.maketrans({"−": "-", **({".": "", ",": "."} if language == "de" else {",": ""})}))
    assert Decimal(plain) == Decimal(f"{value:.{digits}f}")
    assert len(plain.partition(".")[2]) == digits


@given(st.floats(-1e6, 1e6))
def test_both_languages_write_the_same_digits(value: float) -> None:
    german, english = number_words(value, "de"), number_words(value, "en")
    assert german.translate(str.maketrans(",.", ".,")) == english


@given(st.lists(st.floats(0, 1).map(lambda share: round(share, 6)), min_size=2, max_size=3, unique=True))
def test_unequal_shares_are_told_apart(shares: list[float]) -> None:
    texts = apart({str(at): share for at, share in enumerate(shares)}, "de")
    assert len(set(texts.values())) >= len({round(share, 8) for share in shares})


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plural_goes_by_what_is_shown(language: str) -> None:
    shown = [Decimal(text) for text in ("1", "1.0", "0", "2", "-1", "1.5")]
    assert [plural_form(number, language) for number in shown] == ["one", "other", "other", "other", "one", "other"]
