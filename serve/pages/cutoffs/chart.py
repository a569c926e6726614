"""The geometry of the curves on the page on cut-offs: precision against volume, with the cut-offs marked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from features.language.languages import Language
from features.language.numbers import DASH, number, percent
from serve.wording.sentences import say

WIDTH, HEIGHT = 560, 290
LEFT, RIGHT, TOP, BOTTOM = 54, 14, 34, 46
STEPS = (0.1, 0.2, 0.25, 0.5, 1.0, 2.0)
POLICIES = ("proposed", "in_force", "points")


def chart(stage: str, answer: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """Return one stage's picture: lines, marks, ticks, and the words and table that say the same.

    Parameters
    ----------
    stage : {"MQL", "SAL"}
    answer : mapping
        From `models.what_if.answer.what_if`.
    """
    goal, curves = answer["about"]["stage"], answer["curves"][stage]
    tests = {name: answer["stages"][stage][name]["test"] for name in POLICIES}
    marks = {name: test for name, test in tests.items() if test["precision"] is not None}
    x_top = _top([*curves["model"]["per_week"], *curves["points"]["per_week"]])
    shares = [*curves["model"]["precision"], *curves["points"]["precision"]]
    y_top = min(1.0, _top([*shares, *(test["precision"]["value"] for test in marks.values())]))
    places = _Places(x_top, y_top)
    told = {
        name: say(
            "chart_mark", language, name=say(f"chart_{name}", language), goal=goal,
            per_week=number(test["leads_per_week"], language, digits=1),
            share=percent(test["precision"]["value"], language),
        )
        for name, test in marks.items()
    }  # fmt: skip
    return {
        "title": say("chart_title", language, stage=stage),
        "words": say("chart_words", language, stage=stage, goal=goal, marks="; ".join(told.values())),
        "lines": [
            {"name": name, "words": say(f"chart_{name}", language), "points": places.line(curves[name])}
            for name in ("points", "model")
        ],
        "marks": [
            {"name": name, "words": told[name], **places.at(test["leads_per_week"], test["precision"]["value"])}
            for name, test in reversed(marks.items())
        ],
        "x_ticks": [{"x": places.x(v), "words": number(v, language)} for v in _ticks(x_top)],
        "y_ticks": [{"y": places.y(v), "words": percent(v, language)} for v in _ticks(y_top)],
        "axis_x": say("chart_axis_x", language),
        "axis_y": say("chart_axis_y", language, goal=goal),
        "rows": _rows(curves, language),
    }


class _Places:
    """From figures to places in the picture."""

    def __init__(self, x_top: float, y_top: float) -> None:
        self._x_top, self._y_top = x_top, y_top

    def x(self, value: float) -> str:
        return f"{LEFT + (WIDTH - LEFT - RIGHT) * min(value / self._x_top, 1.0):.1f}"

    def y(self, value: float) -> str:
        return f"{HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(value / self._y_top, 1.0):.1f}"

    def at(self, per_week: float, share: float) -> dict[str, str]:
        return {"x": self.x(per_week), "y": self.y(share)}

    def line(self, curve: Mapping[str, Sequence[float]]) -> str:
        pairs = zip(curve["per_week"], curve["precision"], strict=True)
        return " ".join(f"{self.x(per_week)},{self.y(share)}" for per_week, share in pairs)


def _step(top: float) -> float:
    """Return the smallest round step of which six reach the top.

    Examples
    --------
    >>> _step(1.0), _step(184.0), _step(17.0), _step(0.67)
    (0.2, 50.0, 5.0, 0.2)
    """
    size = 10.0 ** math.floor(math.log10(top))
    return next((size * step for step in STEPS if top / (size * step) <= 6), size)


def _top(values: Sequence[float]) -> float:
    highest = max(values, default=1.0) or 1.0
    step = _step(highest)
    return step * math.ceil(highest / step - 1e-9)


def _ticks(top: float) -> list[float]:
    step = _step(top)
    return [step * place for place in range(int(top / step + 1e-9) + 1)]


def _rows(curves: Mapping[str, Any], language: Language) -> list[dict[str, str]]:
    """Return the picture as a table: the share at a few numbers a week, for both."""
    model, points = curves["model"], curves["points"]
    if not model["per_week"]:
        return []
    shown = range(0, len(model["per_week"]), max(1, len(model["per_week"]) // 8))
    return [
        {
            "per_week": number(model["per_week"][at], language, digits=1),
            "model": percent(model["precision"][at], language),
            "points": _nearby(points, model["per_week"][at], language),
        }
        for at in shown
    ]


def _nearby(curve: Mapping[str, Sequence[float]], per_week: float, language: Language) -> str:
    """Return the share of a curve at a number a week, between its neighbours; a dash outside of them."""
    places = list(zip(curve["per_week"], curve["precision"], strict=True))
    for (x0, y0), (x1, y1) in pairwise(places):
        if x0 <= per_week <= x1:
            return percent(y0 + (y1 - y0) * ((per_week - x0) / (x1 - x0) if x1 > x0 else 0), language)
    return DASH
