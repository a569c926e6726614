"""Durations, lists and chances in words."""

from __future__ import annotations

import pytest

from features.language.languages import Words
from features.language.sentences import duration_words, of_many, one_of, say, say_count
from features.time_units import DAY_US, HOUR_US


def test_durations_take_the_case_and_the_plural_of_their_language() -> None:
    assert duration_words(7 * DAY_US) == Words(de="7 Tagen", en="7 days")
    assert duration_words(7 * DAY_US, every=True).de == "7 Tage"
    assert duration_words(DAY_US).de == "24 Stunden"
    assert duration_words(HOUR_US) == Words(de="1 Stunde", en="1 hour")
    assert duration_words(3 * HOUR_US // 2) == Words(de="1,5 Stunden", en="1.5 hours")


@pytest.mark.parametrize(
    ("names", "german", "english"),
    [("a", "a", "a"), ("ab", "a oder b", "a or b"), ("abc", "a, b oder c", "a, b or c")],
)
def test_names_as_a_list(names: str, german: str, english: str) -> None:
    assert one_of([Words.same(name) for name in names]) == Words(de=german, en=english)


def test_chances_as_counts() -> None:
    assert [of_many(p, "en") for p in (0.0, 0.0094, 0.0096, 0.145, 1.0)] == [
        "fewer than 1 of 1,000", "9 of 1,000", "1 of 100", "14 of 100", "100 of 100",
    ]  # fmt: skip


def test_what_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError, match="no such sentence"):
        say("no such sentence", "de")
    with pytest.raises(KeyError, match="high"):
        say("range", "de", low="1")
    with pytest.raises(KeyError, match="no such sentence"):
        say_count("no such sentence", "en", 1)  # type: ignore[arg-type]
