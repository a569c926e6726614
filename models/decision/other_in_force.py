"""What to say where somebody asks about cut-offs of a model that is not the one in force."""

from __future__ import annotations

from functools import partial

from features.language.languages import Words
from features.language.numbers import percent
from features.language.sentences import words
from models.cutoffs.cutoffs import Cutoffs
from models.decision.current import DecisionChange
from models.scoring.signatures import day_words, signed_words


def other_in_force(step: DecisionChange, cutoffs: Cutoffs, version: str) -> Words | None:
    """Return which decision is in force and with which cut-offs, where they are not those that are spoken of.

    Parameters
    ----------
    step : DecisionChange
        Put the decision in force.
    cutoffs : Cutoffs
        Of that decision.
    version : str
        Of the cut-offs of the model trained last, which the figures are of.

    Returns
    -------
    Words or None
        None where the figures are of what is in force.
    """
    if cutoffs.version == version:
        return None
    mql, sal = (Words.each(partial(percent, p)) for p in (cutoffs.at.mql, cutoffs.at.sal))
    names, since = signed_words(step.signed_by), day_words(step.time)
    return words("other_in_force", version=step.version, since=since, names=names, mql=mql, sal=sal)
