"""SHAP values are LightGBM's own, for trees of any size and any way of reading a value, and sum to the forecast."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.tree_shap.forest import BLOCK_ROWS, Forest
from models.tree_shap.layout import MOST_DECISIONS

ROWS, CODES = 400, 40


def table(rng, rows):
    """Three numbers (one of them mostly 0, one with gaps), a yes/no, and a column of codes with gaps."""
    numbers = rng.normal(size=(rows, 3)).round(1)
    numbers[rng.random(rows) < 0.6, 1] = 0.0
    numbers[rng.random(rows) < 0.2, 2] = np.nan
    codes = rng.integers(0, CODES, rows).astype(float)
    codes[rng.random(rows) < 0.1] = np.nan
    return np.column_stack([numbers, rng.integers(0, 2, rows), codes])


def booster(matrix, rng, **parameters):
    """Train a real booster on an outcome in which all columns work together."""
    odds = np.nan_to_num(matrix[:, 0]) * (matrix[:, 3] + 0.5) + np.nan_to_num(matrix[:, 2], nan=1.0) + matrix[:, 1]
    y = (odds + np.sin(np.nan_to_num(matrix[:, 4], nan=3.0)) + rng.normal(size=len(matrix)) > 0).astype(float)
    chosen = {"objective": "cross_entropy", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 3, "cat_smooth": 1.0}
    chosen |= {"min_data_per_group": 5, "max_cat_to_onehot": 1, "deterministic": True, "seed": 1} | parameters
    data = lightgbm.Dataset(matrix, y, categorical_feature=[4], params=chosen)
    return lightgbm.train(chosen, data, num_boost_round=6)


def other_values(rng, matrix):
    """Return rows with values that training never had: codes beyond the list or below 0, infinities, tiny numbers."""
    later = matrix[:120].copy()
    later[:30, 4] = rng.choice([-3.0, -0.5, 2.7, 999.0, 1e12, np.nan], 30)
    odd = [np.nan, 0.0, 1e-36, -1e-36, 1e-30, 1e9, np.inf]
    for column in range(4):
        later[rng.integers(0, len(later), 20), column] = rng.choice(odd, 20)
    return later


def differences(found, forest, rows):
    """Return the largest differences of values, base and sums to LightGBM's."""
    expected = found.predict(rows, pred_contrib=True, num_threads=1)
    values = forest.contributions(rows)
    sums = forest.base + values.sum(axis=1) - found.predict(rows, raw_score=True, num_threads=1)
    return max(np.abs(values - expected[:, :-1]).max(), np.abs(sums).max(), np.abs(forest.base - expected[:, -1]).max())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**32 - 1),
    leaves=st.integers(2, 64),
    depth=st.sampled_from([-1, 1, 2, 5, 9]),
    missing=st.sampled_from([{}, {"use_missing": False}, {"zero_as_missing": True}]),
    bagging=st.sampled_from([{}, {"bagging_fraction": 0.6, "bagging_freq": 1}]),
)
def test_values_are_those_of_lightgbm(seed, leaves, depth, missing, bagging):
    rng = np.random.default_rng(seed)
    matrix = table(rng, ROWS)
    found = booster(matrix, rng, num_leaves=leaves, max_depth=depth, **missing, **bagging)
    forest = Forest.of_texts([found.model_to_string()])
    assert differences(found, forest, np.vstack([matrix, other_values(rng, matrix)])) < 1e-9


def staircase(columns):
    """Return a booster whose one tree is a way of so many decisions, each about a column of its own."""
    matrix = np.triu(np.ones((columns + 1, columns)))[np.repeat(np.arange(columns + 1), 4)]
    y = np.repeat(np.arange(columns + 1.0) ** 2, 4)
    parameters = {"objective": "regression", "num_leaves": columns + 1, "min_data_in_leaf": 1, "verbosity": -1}
    parameters |= {"min_data_in_bin": 1, "min_sum_hessian_in_leaf": 0.0, "num_threads": 1, "boost_from_average": False}
    found = lightgbm.train(parameters, lightgbm.Dataset(matrix, y), num_boost_round=1)
    return found, (np.random.default_rng(0).random((200, columns)) < 0.5).astype(float)


@pytest.mark.parametrize("columns", [1, 2, 6, 7, MOST_DECISIONS, MOST_DECISIONS + 1, 20, 40])
def test_a_way_of_any_length_is_exact(columns):
    found, rows = staircase(columns)
    assert differences(found, Forest.of_texts([found.model_to_string()]), rows) < 1e-9 * columns**2


def test_a_tree_of_one_leaf_is_all_base():
    data = lightgbm.Dataset(np.zeros((20, 2)), np.arange(20.0))
    found = lightgbm.train({"objective": "regression", "verbosity": -1}, data, num_boost_round=1)
    forest = Forest.of_texts([found.model_to_string()])
    assert forest.base == pytest.approx(9.5)
    assert (forest.contributions(np.ones((3, 2))) == 0.0).all()


@pytest.fixture(scope="module")
def forest_and_rows():
    rng = np.random.default_rng(3)
    matrix = table(rng, 2 * BLOCK_ROWS + 500)
    return Forest.of_texts([booster(matrix, rng, num_leaves=31).model_to_string()]), matrix


def test_a_row_alone_is_the_row_among_others_bit_for_bit(forest_and_rows):
    forest, rows = forest_and_rows
    among = forest.contributions(rows)
    for row in (0, 1, BLOCK_ROWS - 1, BLOCK_ROWS, len(rows) - 1):
        assert (forest.contributions(rows[row : row + 1])[0] == among[row]).all()


def test_several_threads_give_what_one_gives(forest_and_rows):
    forest, rows = forest_and_rows
    assert (forest.contributions(rows, threads=3) == forest.contributions(rows)).all()


def test_no_rows_have_no_values(forest_and_rows):
    forest, rows = forest_and_rows
    assert forest.contributions(rows[:0]).shape == (0, rows.shape[1])


def test_a_sum_of_models_has_the_sum_of_their_values(forest_and_rows):
    _, rows = forest_and_rows
    texts = [booster(rows, np.random.default_rng(seed), num_leaves=9).model_to_string() for seed in (1, 2)]
    both, apart = Forest.of_texts(texts), [Forest.of_texts([text]) for text in texts]
    assert both.base == pytest.approx(sum(forest.base for forest in apart), abs=1e-12)
    together = sum(forest.contributions(rows) for forest in apart)
    assert both.contributions(rows) == pytest.approx(together, abs=1e-12)
