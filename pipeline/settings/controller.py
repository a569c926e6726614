"""Who answers for the scores, and how long what is kept."""

from __future__ import annotations

from pydantic import Field

from features.language.languages import Words
from features.strict import Strict
from features.time_units import Duration


class Controller(Strict):
    """Who is responsible under data protection law, as letters to people name them."""

    name: str | None = None
    """The company."""
    address: str | None = None
    contact: str | None = None
    """Whom people write to: an e-mail address, a telephone number."""
    data_protection_officer: str | None = None
    authority: str | None = None
    """The supervisory authority that people may complain to."""
    data_sources: Words | None = None
    """Where the data come from, as a sentence; None says what is usual."""


class Retention(Strict):
    """How long what is kept; None keeps it until somebody sets a period."""

    scores: Duration | None = Field(default=None, gt=0)
    """Scores in the store and in files."""
    facts: Duration | None = Field(default=None, gt=0)
    """Facts that scores were computed from, as they were known then."""
    models: Duration | None = Field(default=None, gt=0)
    """Decisions (model, cut-offs, rules) that no stored score comes from any more."""
