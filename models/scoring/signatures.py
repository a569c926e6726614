"""Who signed a decision, and which team still has to, in the language of whoever reads it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from features.language.dates import date
from features.language.languages import Words
from features.language.numbers import DASH
from features.language.sentences import say
from features.time_units import SECOND_US, parse_time

TEAMS = ("marketing", "sales")


def team_words(team: str) -> Words:
    """Return what a team is called.

    Examples
    --------
    >>> team_words("sales")
    Words(de='Vertrieb', en='sales')
    """
    return Words.each(lambda language: say(f"team.{team}", language)) if team in TEAMS else Words.same(team)


def signed_words(signed_by: Sequence[str]) -> Words:
    """Return who signed, in the order of the signatures, each written as ``team: name``.

    Examples
    --------
    >>> signed_words(["marketing: A. Beck", "sales: B. Cole"])
    Words(de='Marketing: A. Beck, Vertrieb: B. Cole', en='marketing: A. Beck, sales: B. Cole')
    """
    signatures = [(team_words(team), colon + name) for team, colon, name in (one.partition(": ") for one in signed_by)]
    return Words.each(lambda language: ", ".join(team.of(language) + rest for team, rest in signatures) or DASH)


def teams_words(teams: Sequence[str]) -> Words:
    """Return which teams are waited for."""
    named = [team_words(team) for team in teams]
    return Words.each(lambda language: ", ".join(team.of(language) for team in named))


def day_words(time: str) -> Words:
    """Return the day of an ISO 8601 time.

    Examples
    --------
    >>> day_words("2026-11-28T15:05:51Z")
    Words(de='28.11.2026', en='28 Nov 2026')
    """
    return Words.each(partial(date, datetime.fromtimestamp(parse_time(time) / SECOND_US, tz=UTC)))
