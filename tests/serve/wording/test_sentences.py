"""The sentences of the pages: what a template or a page asks for is there."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from serve.wording.sentences import PAGE_SENTENCES, say_count

TEMPLATES = Path(__file__).resolve().parents[3] / "serve" / "pages" / "templates"


def test_templates_ask_for_sentences_that_are_there() -> None:
    texts = "".join(file.read_text(encoding="utf-8") for file in TEMPLATES.glob("*.j2"))
    asked = set(re.findall(r"""\bsay\(["'](\w+)["']\)""", texts))
    assert len(asked) > 20
    assert asked <= set(PAGE_SENTENCES.sentences("en"))


@pytest.mark.parametrize(
    ("days", "german", "english"),
    [("1", "innerhalb eines Tages", "within a day"), ("7", "innerhalb von 7 Tagen", "within 7 days")],
)
def test_one_day_is_said_without_a_number(days: str, german: str, english: str) -> None:
    assert say_count("when_within", "de", Decimal(days), days=days) == german
    assert say_count("when_within", "en", Decimal(days), days=days) == english
