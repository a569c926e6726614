"""What to say where scores come from a model that has not been shown to beat the baseline."""

from __future__ import annotations

from features.language.languages import LANGUAGES, Language
from models.scoring.run_about import RunAbout, VerdictAbout
from serve.wording.sentences import say


def caution(about: RunAbout | None, language: Language) -> str | None:
    """Return a warning, or None where the run's model was shown to beat the baseline.

    Parameters
    ----------
    about : RunAbout or None
        What a run says of itself. One without a verdict was not checked, and no run was not either.
    language : {"de", "en"}
    """
    return _caution(None if about is None else about.verdict, language)


def caution_words(verdict: VerdictAbout | None) -> dict[str, str] | None:
    """Return the warning about a model in every language, for the API; None of a verdict is a model not checked."""
    words = {language: _caution(verdict, language) for language in LANGUAGES}
    return {language: text for language, text in words.items() if text is not None} or None


def decision_words(about: RunAbout | None) -> dict[str, str] | None:
    """Return which decision a run scored with, in every language; None where the run does not say."""
    if about is None or about.decision is None:
        return None
    words = about.decision.words()
    return {language: words.of(language) for language in LANGUAGES}


def _caution(verdict: VerdictAbout | None, language: Language) -> str | None:
    if verdict is None:
        return say("caution_unchecked", language)
    if verdict.beats_baseline:
        return None
    return say("caution_unproven", language, base=say(f"base_{verdict.baseline}", language))
