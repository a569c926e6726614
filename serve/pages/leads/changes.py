"""What changed since the run before, ready for the templates: the arrow, who is new, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from features.language.dates import date, days_ago, local
from features.language.languages import Language
from features.language.numbers import number
from features.time_units import parse_time
from models.scoring.changes import EARLIER, strongest_cause, total_change
from models.scoring.run_about import BeforeAbout, RunAbout
from models.scoring.trend import LEAST_POINTS, Trend, trend_of
from serve.reading.score_store import Row
from serve.wording.sentences import say

ARROWS: dict[Trend, str] = {"up": "↑", "same": "→", "down": "↓"}
"""For who sees; who listens gets the word."""


def arrow(row: Row, language: Language) -> dict[str, str] | None:
    """Return the arrow of a lead, its word and the signed points; None where there is nothing to compare it with."""
    trend = trend_of(row.get("change"))
    if trend is None:
        return None
    points = _points(total_change(row["change"]), language)
    return {"sign": ARROWS[trend], "trend": trend, "words": say(f"trend_{trend}", language), "points": points}


def why_line(row: Row, language: Language) -> str | None:
    """Return by how much a score moved and what moved it most, in one line; None where no arrow is shown."""
    if trend_of(row.get("change")) in (None, "same"):
        return None
    moved = say("change_points", language, points=_points(total_change(row["change"]), language))
    cause = strongest_cause(row["change"])
    return moved if cause is None else f"{moved}: {cause[language]}"


def new_badge(row: Row, language: Language) -> str | None:
    """Return in what way a lead is new, as it stands by itself."""
    joined = row.get("joined")
    return None if joined is None else say(f"new_{joined}", language, band=row["counted_as"])


def new_words(row: Row, language: Language) -> str | None:
    """Return the same as a sentence."""
    joined = row.get("joined")
    return None if joined is None else say(f"new_{joined}_words", language, band=row["counted_as"])


def since_words(about: RunAbout, language: Language) -> str | None:
    """Return what the filter of new leads is called; None where there is no run before."""
    if about.before is None:
        return None
    then, now = (parse_time(moment) for moment in (about.before.observed_until, about.observed_until))
    if days_ago(then, now, about.timezone) == 1:
        return say("new_since_yesterday", language)
    return say("new_since", language, day=_day(about.before, about, language))


def arrows_help(about: RunAbout, language: Language) -> str | None:
    """Return what the arrows mean; None where there is no run before."""
    if about.before is None:
        return None
    points = number(LEAST_POINTS, language)
    return say("trend_help", language, day=_day(about.before, about, language), points=points)


def split(row: Row, about: RunAbout, language: Language) -> dict[str, Any] | None:
    """Return the whole split for a lead's page; None where there is no score before."""
    change: Sequence[Row] | None = row.get("change")
    if change is None or about.before is None:
        return None
    if not change:
        return {"words": say("change_reached", language), "rows": [], "total": None, "same": None}
    before, moved = change[0]["percentage_points"], total_change(change)
    shown = {name: number(value, language, digits=1) for name, value in (("before", before), ("now", before + moved))}
    texts = {name: f"{value} %" for name, value in shown.items()}
    rows, band = [], change[0]["band"]
    for part in change:
        if part["part"] == EARLIER:
            continue
        words = say("change_band", language, before=_band(band, language), band=_band(part["band"], language))
        rows.append(
            {
                "words": part[language],
                "points": _points(part["percentage_points"], language),
                "band": words if part["band"] != band else None,
            }
        )
        band = part["band"]
    day = _day(about.before, about, language)
    return {
        "words": say("change_since", language, day=day, **texts),
        "rows": rows,
        "total": _points(moved, language),
        "same": None if rows else say("change_same", language),
    }


def _points(value: float, language: Language) -> str:
    return number(value, language, digits=1, signed=True)


def _band(band: str, language: Language) -> str:
    return say("band_none", language) if band == "none" else band


def _day(before: BeforeAbout, about: RunAbout, language: Language) -> str:
    return date(local(parse_time(before.observed_until), about.timezone), language)
