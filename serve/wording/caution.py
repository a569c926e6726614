"""What to say where scores come from a model that has not been shown to beat the baseline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from features.language.languages import LANGUAGES, Language
from serve.wording.sentences import say


def caution(about: Mapping[str, Any], language: Language) -> str | None:
    """Return a warning, or None where the run's model was shown to beat the baseline.

    Parameters
    ----------
    about : mapping
        What a run says about itself. One without a verdict, of an older version, was not checked.
    language : {"de", "en"}
    """
    verdict = about.get("verdict")
    if verdict is None:
        return say("caution_unchecked", language)
    if verdict["beats_baseline"]:
        return None
    return say("caution_unproven", language, base=say(f"base_{verdict['baseline']}", language))


def caution_words(about: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the warning in every language, for the API."""
    words = {language: caution(about, language) for language in LANGUAGES}
    return {language: text for language, text in words.items() if text is not None} or None
