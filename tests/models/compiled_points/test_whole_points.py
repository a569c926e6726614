"""Whole points: rounding that keeps signs, steps that never make it worse, ties that cost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.compiled_points.whole_points import expected_average_precision, whole_points
from models.measures.metrics import Scored, metric_values


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_expected_precision_is_average_precision_where_p_is_the_outcome(seed: int) -> None:
    draw = np.random.default_rng(seed)
    points, y, weights = draw.integers(-5, 5, 40), draw.integers(0, 2, 40).astype(float), draw.random(40) + 0.1
    y[0] = 1.0
    measured = metric_values(y, Scored(points.astype(float), np.full(40, 0.5)), weights)["ap"]
    assert expected_average_precision(points, y, weights) == pytest.approx(measured)


def test_signs_are_kept_and_no_rule_ends_at_nothing() -> None:
    draw = np.random.default_rng(4)
    columns = draw.integers(0, 2, (500, 4)).astype(np.int8)
    coefficients = np.array([1.0, -0.6, 0.3, -0.01])
    p = 1 / (1 + np.exp(1.5 - columns @ coefficients))
    found = whole_points(columns, coefficients, p, np.ones(500))
    assert (np.sign(found.points) == np.sign(coefficients)).all()
    plain = np.rint(coefficients * found.scale).astype(int)
    plain[3] = -1
    assert found.expected_precision >= expected_average_precision(columns @ plain, p, np.ones(500))
