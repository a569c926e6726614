"""The arrow: one threshold, and nothing where there is nothing to compare with."""

from __future__ import annotations

import pytest

from models.scoring.trend import LEAST_POINTS, Trend, trend_of


@pytest.mark.parametrize(
    ("moves", "trend"),
    [
        ((LEAST_POINTS,), "up"),
        ((-LEAST_POINTS,), "down"),
        ((LEAST_POINTS - 0.01,), "same"),
        ((7.0, -7.0), "same"),
        ((0.6, 0.6), "up"),
        ((), "same"),
    ],
)
def test_parts_count_together(moves: tuple[float, ...], trend: Trend) -> None:
    earlier = {"part": "earlier", "percentage_points": 30.0}
    assert trend_of([earlier, *({"part": "time_passing", "percentage_points": by} for by in moves)]) == trend


@pytest.mark.parametrize("change", [None, []])
def test_there_is_no_arrow_without_a_score_before_or_at_the_goal(change: list[dict[str, float]] | None) -> None:
    assert trend_of(change) is None
