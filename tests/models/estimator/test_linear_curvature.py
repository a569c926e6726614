from __future__ import annotations

import numpy as np
import pytest

from models.estimator import linear_curvature
from models.estimator.encoding import Encoding, Vocabulary
from models.estimator.linear_curvature import Curvature
from models.estimator.linear_part import LinearFitting
from models.estimator.linear_terms import LinearDesign, Ridge, fit_scale
from models.log_odds import log_odds_to_probability

ENCODING = Encoding(("x", "flag"), (Vocabulary("c", ("a", "b"), rare=False),))


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(3)
    x, flag, code = (
        rng.exponential(2.0, 900),
        rng.integers(0, 2, 900).astype(float),
        rng.integers(0, 2, 900).astype(float),
    )
    x[::7], flag[::11], code[::5] = np.nan, np.nan, np.nan
    y = (rng.random(900) < log_odds_to_probability(0.5 * np.nan_to_num(x) - 1.0)).astype(float)
    return np.column_stack([x, flag, code]), y, np.ones(900)


def test_the_spread_is_that_of_the_full_table_less_its_means(rows):
    matrix, _, weights = rows
    design = LinearDesign.of(matrix, fit_scale(matrix, weights, encoding=ENCODING, steps=4))
    table = np.column_stack([design.times(unit) for unit in np.eye(design.size)])
    curvature = np.linspace(0.1, 2.0, len(matrix))
    centred = table - curvature @ table / curvature.sum()
    assert design.spread(curvature) == pytest.approx(centred.T @ (curvature[:, None] * centred), rel=1e-4, abs=1e-2)


@pytest.mark.parametrize("most_together", [2_500, 3])
def test_parameters_and_coefficients_are_two_ways_to_say_the_same(rows, monkeypatch, most_together):
    monkeypatch.setattr(linear_curvature, "MOST_TOGETHER", most_together)
    matrix, _, weights = rows
    design = LinearDesign.of(matrix, fit_scale(matrix, weights, encoding=ENCODING, steps=4))
    whitening = Curvature.of(design, 0.2 * weights, weights).whitening(design.ridges(Ridge(3.0, 5.0)), leads=900.0)
    rng = np.random.default_rng(0)
    coefficients, slope = rng.normal(size=design.size), rng.normal(size=design.size)
    parameters = whitening.parameters(coefficients)
    assert whitening.coefficients(parameters) == pytest.approx(coefficients)
    assert whitening.slopes(slope) @ parameters == pytest.approx(slope @ coefficients)  # the chain rule


def test_the_curvature_moves_the_way_and_not_the_place_where_it_arrives(rows):
    """The slope of the penalised loss is 0 at the optimum, with all pairs of parameters and with categories alone."""
    matrix, y, weights = rows
    fitting = LinearFitting.of(matrix, y, weights, encoding=ENCODING, steps=4)
    ridge = Ridge(3.0, 5.0)
    flat = Curvature(np.eye(fitting.design.size), np.zeros(0))
    plain = LinearFitting(fitting.design, y, weights, flat)
    one, other = fitting.fit(ridge), plain.fit(ridge)
    assert one.log_odds(matrix) == pytest.approx(other.log_odds(matrix), abs=2e-3)
    found = fitting.optimum(ridge, fitting.whitening(ridge))
    design = fitting.design
    error = weights * (log_odds_to_probability(found.intercept + design.times(found.coefficients)) - y)
    slope = design.transposed_times(error) + design.ridges(ridge) * found.coefficients
    assert np.abs(slope).max() < 0.05
    assert abs(error.sum()) < 0.05
