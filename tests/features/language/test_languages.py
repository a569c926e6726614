"""Which language somebody is spoken to in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.language.languages import LANGUAGES, Words, preferred_language


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        (None, "en"), ("", "en"), ("*", "en"), ("fr, it", "en"), ("de", "de"), ("DE-at", "de"), ("en-US,de", "en"),
        ("en;q=0.5, de;q=0.9", "de"), ("de;q=0, en;q=0.1", "en"), ("de;q=x, en", "en"), ("de;q=0.8, en;q=0.8", "de"),
        ("fr-CH, fr;q=0.9, de;q=0.7, *;q=0.5", "de"),
    ],
)  # fmt: skip
def test_the_browser_is_followed_by_its_weights(accept: str | None, language: str) -> None:
    assert preferred_language(accept) == language


@pytest.mark.parametrize("accept", ["de", "en", None])
def test_a_choice_comes_first_where_it_can_be_followed(accept: str | None) -> None:
    assert [preferred_language(accept, chosen=language) for language in LANGUAGES] == list(LANGUAGES)
    assert preferred_language(accept, chosen="xx") == preferred_language(accept, chosen=None)


@given(st.text(), st.text())
def test_no_header_and_no_choice_breaks_it(accept: str, chosen: str) -> None:
    assert preferred_language(accept, chosen=chosen) in LANGUAGES


def test_words_in_each_language() -> None:
    assert Words.each(lambda language: f"in {language}") == Words(de="in de", en="in en")
    assert {Words.same("SQL").of(language) for language in LANGUAGES} == {"SQL"}
