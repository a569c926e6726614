"""In which order people are told why a lead has its score, and which reasons where there is room for few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from models.scoring.reason import OTHER
from models.scoring.subjects import ARRIVAL, HIGH_INTENT, PACE, STAGE

Said = Mapping[str, Any]
"""A part of a score as JSON has it."""
About = Literal["did", "is", "stands", "rest"]
ABOUT: tuple[About, ...] = get_args(About)
"""What the lead did, who it is, where it stands, and what is not named: the order in which people are told."""


def about(reason: Said) -> About:
    """Return which part of the story a reason is.

    Examples
    --------
    >>> about({"family": "journey", "subject": "stage"}), about({"family": "fit", "subject": "industry"})
    ('stands', 'is')
    """
    subject = (reason["family"], reason["subject"])
    if reason["family"] == OTHER:
        return "rest"
    if subject in (STAGE, ARRIVAL) or reason["subject"].startswith("reached_"):
        return "stands"
    return "did" if reason["family"] == "behaviour" or subject == PACE else "is"


def as_told(reasons: Sequence[Said]) -> list[Said]:
    """Return reasons in the order in which people are told them; their parts add up in any.

    What the lead did with clear intent comes first, then its other acts, the latest first; then the rest of what it
    did, who it is, where it stands, and what is not named, each in the order given.

    Examples
    --------
    >>> reasons = [{"family": "journey", "subject": "stage"}, {"family": "fit", "subject": "size"},
    ...            {"family": "behaviour", "subject": "interest", "acts": [{"act": "blog", "days": 1.0}]},
    ...            {"family": "behaviour", "subject": "high_intent", "acts": [{"act": "demo", "days": 3.0}]}]
    >>> [reason["subject"] for reason in as_told(reasons)]
    ['high_intent', 'interest', 'size', 'stage']
    """

    def place(reason: Said) -> tuple[int, int, float]:
        acts = reason.get("acts")
        if not acts:
            return ABOUT.index(about(reason)), 2, 0.0
        intent = (reason["family"], reason["subject"]) == HIGH_INTENT
        return ABOUT.index(about(reason)), 0 if intent else 1, float(acts[0]["days"])

    return sorted(reasons, key=place)


def foremost(reasons: Sequence[Said], count: int) -> list[Said]:
    """Return the few reasons that are told where there is room for few, in the order of `as_told`.

    What the lead did with clear intent is among them, then the strongest; where the lead stands only if nothing else is
    left, and what is not named never.

    Examples
    --------
    >>> reasons = [{"family": "journey", "subject": "stage", "log_odds": 2.0},
    ...            {"family": "fit", "subject": "size", "log_odds": -1.0},
    ...            {"family": "fit", "subject": "branch", "log_odds": 0.5},
    ...            {"family": "behaviour", "subject": "high_intent", "log_odds": 0.1, "acts": [{"days": 1.0}]}]
    >>> [reason["subject"] for reason in foremost(reasons, 2)]
    ['high_intent', 'size']
    """

    def weight(reason: Said) -> tuple[int, float]:
        is_intent = (reason["family"], reason["subject"]) == HIGH_INTENT and bool(reason.get("acts"))
        first = 0 if is_intent else 2 if (reason["family"], reason["subject"]) == STAGE else 1
        return first, -abs(float(reason["log_odds"]))

    named = [reason for reason in reasons if about(reason) != "rest"]
    return as_told(sorted(named, key=weight)[:count])
