"""The geometry of the small diagrams, with the words that say the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from features.language.dates import date, local
from features.language.languages import Language
from features.language.numbers import apart, number, percent
from features.time_units import parse_time
from models.scoring.run_about import RunAbout
from models.scoring.telling_order import ABOUT, about
from serve.reading.score_store import Row
from serve.wording.sentences import say

SCALE_WIDTH, LABEL_WIDTH = 500, 90
"""Of the line with the cut-offs, and of a label below it."""


def reason_sections(reasons: Sequence[Row], language: Language) -> list[dict[str, Any]]:
    """Return the diagram of reasons: what the lead did, who it is, where it stands; each with its title and bars."""
    longest = max((abs(reason["percentage_points"]) for reason in reasons), default=0.0) or 1.0
    of_part = {part: [reason for reason in reasons if about(reason) == part] for part in ABOUT}
    return [
        {
            "title": None if part == "rest" else say(f"reasons_{part}", language),
            "rows": _reason_rows(of_part[part], language, longest),
        }
        for part in ABOUT
        if of_part[part]
    ]


def _reason_rows(reasons: Sequence[Row], language: Language, longest: float) -> list[dict[str, Any]]:
    """Return the bars of some reasons; the longest of all reaches from the middle to an end."""
    rows = []
    for reason in reasons:
        size = 98 * abs(reason["percentage_points"]) / longest
        is_for = reason["log_odds"] > 0
        rows.append(
            {
                "words": reason[language],
                "effect": number(reason["percentage_points"], language, digits=1, signed=True),
                "direction": say("for" if is_for else "against", language),
                "is_for": is_for,
                "x": f"{100.0 if is_for else 100 - size:.2f}",
                "width": f"{size:.2f}",
            }
        )
    return rows


def scale(row: Row, about: RunAbout, language: Language) -> dict[str, Any]:
    """Return the probability on a line with both cut-offs; the line is SCALE_WIDTH long."""
    values = {"chance": row[about.probability], "mql": about.cutoffs.mql, "sal": about.cutoffs.sal}
    end = min(1.0, 1.25 * max(*values.values(), 0.01))
    place = {name: SCALE_WIDTH * min(value / end, 1.0) for name, value in values.items()}
    texts = apart(values, language)
    touching = place["sal"] - place["mql"] < LABEL_WIDTH  # then one goes left of its mark and one goes right
    return {
        "x": f"{place['chance']:.1f}",
        "label_x": f"{min(max(place['chance'], 25), SCALE_WIDTH - 25):.1f}",
        "chance": texts["chance"],
        "marks": [
            _mark(place["mql"], f"MQL {texts['mql']}", "end" if touching and place["mql"] > LABEL_WIDTH else "middle"),
            _mark(place["sal"], f"SAL {texts['sal']}", "start" if touching else "middle"),
        ],
        "words": say("scale_picture", language, **texts),
    }


def _mark(x: float, words: str, anchor: str) -> dict[str, str]:
    shift = {"end": -4, "start": 4}.get(anchor, 0)
    inside = min(max(x, LABEL_WIDTH / 2), SCALE_WIDTH - LABEL_WIDTH / 2) if anchor == "middle" else x + shift
    return {"x": f"{x:.1f}", "label_x": f"{inside:.1f}", "anchor": anchor, "words": words}


def curve(history: Sequence[Row], about: RunAbout, language: Language) -> dict[str, str] | None:
    """Return the probability over time as a line, or None where there is nothing to connect."""
    column = about.probability
    scores = sorted((parse_time(row["as_of"]), row[column]) for row in history if row[column] is not None)
    if len(scores) < 2 or scores[0][0] == scores[-1][0]:
        return None
    first, last, top = scores[0], scores[-1], max(p for _, p in scores) or 1.0
    dots = [(5 + 990 * (us - first[0]) / (last[0] - first[0]), 68 - 62 * p / top) for us, p in scores]
    words = say(
        "history_picture", language,
        first=percent(first[1], language), first_day=date(local(first[0], about.timezone), language),
        last=percent(last[1], language), last_day=date(local(last[0], about.timezone), language),
    )  # fmt: skip
    return {"points": " ".join(f"{x:.1f},{y:.1f}" for x, y in dots), "words": words}
