"""How the report says things: numbers with their intervals, names of subjects, the verdict in one sentence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from features.language.languages import Words
from features.language.numbers import DASH, number_or_dash
from features.language.sentences import say
from models.findings.sentences import FINDING_SENTENCES

if TYPE_CHECKING:
    from features.source_spec import SourceSpec


class Bounds(Protocol):
    """An interval of any kind."""

    @property
    def low(self) -> float:
        """Lower end."""

    @property
    def high(self) -> float:
        """Upper end."""


def subject_title(spec: SourceSpec, family: str, subject: str) -> str:
    """Return a subject as people call it: the source's own words for a column or an event family."""
    return subject_words(spec, family, subject).en


def subject_words(spec: SourceSpec, family: str, subject: str) -> Words:
    """Return the same in every language."""
    words = None
    if subject in spec.fit and family in ("fit", "source"):
        words = spec.fit[subject].words
    elif subject in spec.events and family == "behaviour":
        words = spec.events[subject].words
    elif f"subject.{subject}" in FINDING_SENTENCES.sentences("en"):
        return FINDING_SENTENCES.words(f"subject.{subject}")
    title = words if words is not None else Words.same(subject.replace("_", " "))
    return FINDING_SENTENCES.words("experience.so_far", title=title) if family == "source" else title


def target_title(spec: SourceSpec, target: str) -> str:
    """Return a target's name in words, the stage where it has none."""
    declared = spec.target(target)
    return declared.words.en if declared.words is not None else declared.stage


def within_horizon(spec: SourceSpec, target: str) -> str:
    """Return " within 30 days", or nothing where the export does not say when leads got there."""
    return within_days(spec.horizon_days(target))


def within_days(days: float | None) -> str:
    """Return " within 30 days", or nothing.

    Examples
    --------
    >>> within_days(30.0), within_days(None)
    (' within 30 days', '')
    """
    return "" if days is None else f" within {days:g} days"


def number(value: float, digits: int) -> str:
    """Return a number, or a dash where there is none.

    Examples
    --------
    >>> number(0.12345, 3), number(1234.5, 1), number(float("nan"), 3)
    ('0.123', '1,234.5', '–')
    """
    return number_or_dash(value, "en", digits=digits)


def signed(value: float, digits: int) -> str:
    """Return a number with its sign, or a dash where there is none.

    Examples
    --------
    >>> signed(-0.5, 2), signed(0.25, 1)
    ('−0.50', '+0.2')
    """
    return number_or_dash(value, "en", digits=digits, signed=True)


def percent(value: float, digits: int = 0) -> str:
    """Return a share in percent.

    Examples
    --------
    >>> percent(0.128)
    '13 %'
    """
    return f"{number(100 * value, digits)} %" if math.isfinite(value) else DASH


def bounds(interval: Bounds, digits: int, *, with_sign: bool = False) -> str:
    """Return the two ends of an interval: ``0.71 to 0.78``."""
    if not math.isfinite(interval.low):
        return DASH
    written = signed if with_sign else number
    return say("range", "en", low=written(interval.low, digits), high=written(interval.high, digits))


def percent_bounds(interval: Bounds) -> str:
    """Return the two ends of a share's interval in percent: ``12 to 18 %``."""
    if not math.isfinite(interval.low):
        return DASH
    return say("range", "en", low=number(100 * interval.low, 0), high=percent(interval.high))
