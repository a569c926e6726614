from __future__ import annotations

import numpy as np
import pytest

from models.estimator.encoding import Encoding, Vocabulary
from models.estimator.linear_terms import LinearDesign, fit_scale

ENCODING = Encoding(("x", "flag"), (Vocabulary("c", ("a", "b"), rare=False),))
MATRIX = np.array([[0.0, 1, 0], [1, 0, 1], [2, 1, np.nan], [3, np.nan, 0], [np.nan, 0, 1]])


def scale(steps):
    return fit_scale(MATRIX, np.ones(5), encoding=ENCODING, steps=steps)


def test_edges_by_hand():
    # a quarter, half and three quarters of 0, 1, 2, 3 are 0, 1 and 2; the flag has two values, so no steps
    found = scale(4)
    assert [edges.tolist() for edges in found.edges] == [[0.0, 1.0, 2.0], []]
    # steps taken by x: 0 is above no edge, 3 above all; missing is last; the flag has one code and missing
    assert [codes.tolist() for codes in found.codes(MATRIX)] == [[0, 1, 2, 3, 4], [0, 0, 0, 1, 0], [0, 1, 2, 0, 1]]


def test_weights_move_the_edges():
    weights = np.array([10.0, 1, 1, 1, 1])
    assert fit_scale(MATRIX, weights, encoding=ENCODING, steps=2).edges[0].tolist() == [0.0]


@pytest.mark.parametrize("steps", [1, 4])
def test_products_are_those_of_the_full_table(steps):
    design = LinearDesign.of(MATRIX, scale(steps))
    table = np.column_stack([design.times(unit) for unit in np.eye(design.size)])
    rng = np.random.default_rng(0)
    parameters, errors = rng.normal(size=design.size), rng.normal(size=5)
    assert design.times(parameters) == pytest.approx(table @ parameters)
    assert design.transposed_times(errors) == pytest.approx(errors @ table)


def test_steps_add_up():
    design = LinearDesign.of(MATRIX, scale(4))
    parameters = np.zeros(design.size)
    parameters[2:6] = [1.0, 10.0, 100.0, 7.0]  # after two slopes: three steps of x and its term for missing
    assert design.times(parameters).tolist() == [0.0, 1.0, 11.0, 111.0, 7.0]
