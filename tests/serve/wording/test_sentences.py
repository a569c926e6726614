"""Words, numbers and dates: both languages say the same things, and as their readers write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from features.language.dates import date
from features.language.numbers import number, percent
from features.language.sentences import of_many
from serve.wording.sentences import WORDS

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_both_languages_say_the_same_things() -> None:
    places = {
        language: {key: sorted(re.findall(r"\{(\w+)\}", sentence)) for key, sentence in words.items()}
        for language, words in WORDS.items()
    }
    assert places["de"] == places["en"]


def test_every_sentence_is_used() -> None:
    folder = Path(__file__).resolve().parents[3] / "serve"
    code = "".join(
        file.read_text()
        for file in [*folder.rglob("*.py"), *folder.glob("pages/templates/*")]
        if not file.name.endswith("sentences.py")
    )
    prefixes = (
        "ask_", "badge_", "band_help_", "base_", "changes_", "chart_", "column_", "head_", "limit_", "people_",
        "stage_", "verdict_",
    )  # fmt: skip
    assert [
        key for key in WORDS["en"] if f'"{key}"' not in code and f"'{key}'" not in code and not key.startswith(prefixes)
    ] == []


def test_numbers_and_dates_as_each_language_writes_them() -> None:
    assert (number(1234567.891, "de", digits=2), number(1234567.891, "en", digits=2)) == (
        "1.234.567,89",
        "1,234,567.89",
    )
    assert (number(-0.04, "en", digits=1, signed=True), number(2.5, "de", digits=1, signed=True)) == ("0.0", "+2,5")
    assert (date(NOON, "de"), date(NOON, "en")) == ("01.06.2026", "1 Jun 2026")
    # never "100 %" or "0 %" for what is not certain
    assert (percent(0.99999, "de"), percent(1e-9, "de")) == (">99\N{NO-BREAK SPACE}%", "<0,1\N{NO-BREAK SPACE}%")
    assert [of_many(p, "en") for p in (0.0, 0.0094, 0.0096, 0.145, 1.0)] == [
        "fewer than 1 of 1,000", "9 of 1,000", "1 of 100", "14 of 100", "100 of 100",
    ]  # fmt: skip
