"""The geometry of the curves on the page on cut-offs: precision against volume, with the cut-offs marked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from features.language.languages import Language
from features.language.numbers import DASH, number, percent
from models.bands import Band
from models.what_if.answer import Answer, ByPolicy, Curve, Curves, Policy
from serve.wording.sentences import say

WIDTH, HEIGHT = 560, 290
LEFT, RIGHT, TOP, BOTTOM = 54, 14, 34, 46
STEPS = (0.1, 0.2, 0.25, 0.5, 1.0, 2.0)


def chart(band: Band, answer: Answer, language: Language) -> dict[str, Any]:
    """Return one stage's picture: lines, marks, ticks, and the words and table that say the same.

    Parameters
    ----------
    band : {"MQL", "SAL"}
    answer : Answer
    """
    goal, curves = answer.about.stage, answer.curves.of(band)
    marks = _marks(answer.stages.of(band))
    x_top = _top([*curves.model.per_week, *curves.points.per_week])
    y_top = min(1.0, _top([*curves.model.precision, *curves.points.precision, *(mark.share for mark in marks)]))
    places = _Places(x_top, y_top)
    words = {mark.policy: mark.words(goal, language) for mark in marks}
    lines = (("points", curves.points), ("model", curves.model))
    return {
        "title": say("chart_title", language, stage=band),
        "words": say("chart_words", language, stage=band, goal=goal, marks="; ".join(words.values())),
        "lines": [
            {"name": name, "words": say(f"chart_{name}", language), "points": places.line(curve)}
            for name, curve in lines
        ],
        "marks": [
            {"name": mark.policy, "words": words[mark.policy], **places.at(mark.per_week, mark.share)}
            for mark in reversed(marks)
        ],
        "x_ticks": [{"x": places.x(v), "words": number(v, language)} for v in _ticks(x_top)],
        "y_ticks": [{"y": places.y(v), "words": percent(v, language)} for v in _ticks(y_top)],
        "axis_x": say("chart_axis_x", language),
        "axis_y": say("chart_axis_y", language, goal=goal),
        "rows": _rows(curves, language),
    }


@dataclass(frozen=True)
class _Mark:
    """Where a policy's cut-off lies in the test period."""

    policy: Policy
    per_week: float
    share: float

    def words(self, goal: str, language: Language) -> str:
        return say(
            "chart_mark", language, name=say(f"chart_{self.policy}", language), goal=goal,
            per_week=number(self.per_week, language, digits=1), share=percent(self.share, language),
        )  # fmt: skip


def _marks(policies: ByPolicy) -> list[_Mark]:
    """Return a mark for each policy whose leads tell a share."""
    return [
        _Mark(policy, side.test.leads_per_week, side.test.precision.value)
        for policy, side in policies.items()
        if side.test.precision is not None and side.test.precision.value is not None
    ]


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

    def line(self, curve: Curve) -> str:
        pairs = zip(curve.per_week, curve.precision, strict=True)
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


def _rows(curves: Curves, language: Language) -> list[dict[str, str]]:
    """Return the picture as a table: the share at a few numbers a week, for both."""
    model = list(zip(curves.model.per_week, curves.model.precision, strict=True))
    return [
        {
            "per_week": number(per_week, language, digits=1),
            "model": percent(share, language),
            "points": _nearby(curves.points, per_week, language),
        }
        for per_week, share in model[:: max(1, len(model) // 8)]
    ]


def _nearby(curve: Curve, per_week: float, language: Language) -> str:
    """Return the share of a curve at a number a week, between its neighbours; a dash outside of them."""
    for (x0, y0), (x1, y1) in pairwise(zip(curve.per_week, curve.precision, strict=True)):
        if x0 <= per_week <= x1:
            return percent(y0 + (y1 - y0) * ((per_week - x0) / (x1 - x0) if x1 > x0 else 0), language)
    return DASH
