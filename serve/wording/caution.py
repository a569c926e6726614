"""What to say where scores come from a model that has not been shown to beat the baseline."""

from __future__ import annotations

from features.language.languages import LANGUAGES, Language
from models.scoring.run_about import RunAbout
from serve.wording.sentences import say


def caution(about: RunAbout | None, language: Language) -> str | None:
    """Return a warning, or None where the run's model was shown to beat the baseline.

    Parameters
    ----------
    about : RunAbout or None
        What a run says of itself. One without a verdict was not checked, and no run was not either.
    language : {"de", "en"}
    """
    if about is None or about.verdict is None:
        return say("caution_unchecked", language)
    if about.verdict.beats_baseline:
        return None
    return say("caution_unproven", language, base=say(f"base_{about.verdict.baseline}", language))


def caution_words(about: RunAbout | None) -> dict[str, str] | None:
    """Return the warning in every language, for the API."""
    words = {language: caution(about, language) for language in LANGUAGES}
    return {language: text for language, text in words.items() if text is not None} or None
