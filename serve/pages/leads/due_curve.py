"""When a lead is due, as its page shows it: a curve, and a table that says the same."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from features.language.languages import Language
from features.language.numbers import DASH, about_three_digits, number, percent
from features.source_spec import TargetName
from models.scoring.run_about import RunAbout
from models.scoring.score_columns import expected_days_to, probability_of
from serve.reading.score_store import Row
from serve.wording.sentences import say, say_count

TOLD_DAYS = (7, 14, 30, 60, 90, 180, 365)
"""Days that stand in the table, beside the horizons: enough to see the pace, few enough to be read."""
MOST_TOLD = 5
LEFT, RIGHT, TOP, BOTTOM = 46.0, 350.0, 14.0, 122.0
"""Edges of the curve inside its picture of 360 to 150."""


def when(row: Row, about: RunAbout, explained: TargetName, language: Language) -> dict[str, Any] | None:
    """Return the curve of the target that the page explains, and the table of all that are still to come.

    None where the score holds no curve (older versions), or one of a single day, or the export lacks the times.
    """
    targets = [explained, *(name for name in about.targets if name != explained and not row["reached"])]
    column = probability_of(explained)
    curve = [point for point in row.get("curve") or () if point.get(column) is not None]
    if about.unknown_times is not None or len(curve) < 2 or curve[-1][column] == 1:
        return None
    days = _told_days([point["days"] for point in row["curve"]], about, targets)
    by_day = {point["days"]: point for point in row["curve"]}
    goals = [about.targets[name].stage for name in targets]
    expected = [_after(row.get(expected_days_to(name)), language) for name in targets]
    ahead = [day for day in days if day <= curve[-1]["days"]]
    chances = [f"{_within(day, language)} {_share(by_day[day], explained, language)}" for day in ahead]
    return {
        "about": say("when_about", language, goal=goals[0]),
        "goals": goals,
        "rows": [(_within(day, language), [_share(by_day[day], name, language) for name in targets]) for day in days],
        "expected": expected if any(text != DASH for text in expected) else None,
        "curve": _geometry(curve, column, language),
        "words": say("when_picture", language, goal=goals[0], chances=", ".join(chances)),
    }


def _told_days(days: Sequence[float], about: RunAbout, targets: Sequence[TargetName]) -> list[float]:
    """Choose the days of the table: the last calendar days that fit, and the horizons of what it tells."""
    ends = {end for name in targets if (end := about.targets[name].horizon_days) is not None}
    last = max(ends)
    between = [day for day in days if day in TOLD_DAYS and day < last and day not in ends]
    return sorted({*(day for day in days if day in ends), *between[-max(MOST_TOLD - len(ends), 1) :]})


def _geometry(curve: Sequence[Row], column: str, language: Language) -> dict[str, Any]:
    """Return the curve from now to the horizon, the area below it, and what stands at the axes."""
    last = curve[-1]
    top = last[column] or 1.0
    dots = [(LEFT, BOTTOM)] + [
        (LEFT + (RIGHT - LEFT) * p["days"] / last["days"], BOTTOM - (BOTTOM - TOP) * p[column] / top) for p in curve
    ]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in dots)
    return {
        "points": points,
        "area": f"{points} {RIGHT:.1f},{BOTTOM:.1f}",
        "top": percent(last[column], language),
        "middle": {"x": f"{(LEFT + RIGHT) / 2:.1f}", "words": _days(last["days"] / 2, language)},
        "end": say("when_axis", language, days=_days(last["days"], language)),
    }


def _share(point: Row, target: str, language: Language) -> str:
    value = point.get(probability_of(target))
    return DASH if value is None else percent(value, language)


def _within(days: float, language: Language) -> str:
    return say_count("when_within", language, about_three_digits(days), days=_days(days, language))


def _after(days: float | None, language: Language) -> str:
    if days is None:
        return DASH
    whole = round(days)
    if whole == 0:
        return say("when_soon", language)
    return say_count("when_days", language, Decimal(whole), days=number(whole, language))


def _days(days: float, language: Language) -> str:
    return number(days, language, digits=0 if days == round(days) else 1)
