"""What checks and brakes have found, in the language of a channel; news of earlier versions hold English text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from features.language.languages import Language
from models.findings.finding import Finding, all_said, said
from models.findings.sentences import say


@dataclass(frozen=True)
class AlarmWords:
    """An alarm in words.

    Attributes
    ----------
    title, sentence, todo : str
        ``todo`` is empty where the alarm is over.
    """

    title: str
    sentence: str
    todo: str


def alarm_words(facts: Mapping[str, Any], language: Language) -> AlarmWords:
    """Put what is stored of an alarm into words."""
    if "findings" not in facts:
        return AlarmWords(facts["title"], facts["sentence"], facts.get("todo") or "")
    code, found = facts["check"], facts["findings"]
    return AlarmWords(say(f"check.{code}.title", language), all_said(found, language), todo_of(code, language))


def odd_words(odd: Sequence[Finding | str], language: Language) -> tuple[str, ...]:
    """Put what a brake found odd into words."""
    return tuple(one if isinstance(one, str) else said(one, language) for one in odd)


def todo_of(code: str, language: Language) -> str:
    """Return what to do about the alarm of a check."""
    return say(f"check.{code}.todo", language)
