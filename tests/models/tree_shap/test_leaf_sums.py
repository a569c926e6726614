"""Few rows, and many, are forecast by the bits of LightGBM."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest

from models.estimator.boosters import BoosterPart
from models.tree_shap.leaf_sums import BLOCK_ROWS, FEW_ROWS, LeafSums


@pytest.fixture(scope="module")
def texts() -> tuple[str, ...]:
    """Models whose trees ask numbers with and without missing values, zeros that count as missing, and categories."""
    rng = np.random.default_rng(5)
    X = rows(400, rng)
    y = np.nan_to_num(X[:, 0]) + (X[:, 3] % 3 == 1) + rng.normal(size=400)
    params = {"objective": "regression", "verbosity": -1, "num_leaves": 12, "min_data_in_leaf": 5, "cat_smooth": 1.0}
    return tuple(
        lightgbm.train({**params, **more}, lightgbm.Dataset(X, y, categorical_feature=[3]), 12).model_to_string()
        for more in ({}, {"zero_as_missing": True}, {"use_missing": False})
    )


def rows(count, rng):
    X = np.column_stack([rng.normal(size=(count, 2)), rng.integers(-1, 2, count), rng.integers(0, 40, count)])
    X[rng.random((count, 4)) < 0.2] = np.nan
    X[rng.random((count, 4)) < 0.1] = 0.0
    return X


def test_each_model_says_the_bits_of_lightgbm(texts):
    X = rows(500, np.random.default_rng(6))
    X[0], X[1], X[2, 3] = 1e-36, -1e-36, 1e9
    expected = [lightgbm.Booster(model_str=text).predict(X, raw_score=True) for text in texts]
    assert np.array_equal(LeafSums.of_texts(texts).of_rows(X), expected)


def test_the_number_of_rows_is_nothing_that_a_forecast_shows(texts):
    part, X = BoosterPart(texts), rows(FEW_ROWS + 1, np.random.default_rng(7))
    alone = np.concatenate([part.log_odds(X[[row]]) for row in range(len(X))])
    assert np.array_equal(part.log_odds(X), alone)
    assert np.array_equal(part.log_odds(X[:FEW_ROWS]), alone[:FEW_ROWS])


def test_rows_do_not_call_lightgbm(texts, monkeypatch):
    part = BoosterPart(texts)
    monkeypatch.setattr(lightgbm.Booster, "predict", None)
    assert np.isfinite(part.log_odds(np.zeros((FEW_ROWS, 4)))).all()
    assert np.isfinite(part.log_odds(np.zeros((FEW_ROWS + 1, 4)))).all()


@pytest.mark.parametrize("leaves", [2, 13, 14, 40])
def test_trees_of_any_size_on_any_number_of_threads_say_the_same_bits(leaves):
    rng = np.random.default_rng(8)
    X = rows(2 * BLOCK_ROWS + 3, rng)
    y = np.nan_to_num(X[:, 0]) + (X[:, 3] % 3 == 1) + rng.normal(size=len(X))
    params = {"objective": "regression", "verbosity": -1, "num_leaves": leaves, "min_data_in_leaf": 5}
    model = lightgbm.train(params, lightgbm.Dataset(X, y, categorical_feature=[3]), 12)
    sums, expected = LeafSums.of_texts([model.model_to_string()]), model.predict(X, raw_score=True)
    for threads in (1, 2):
        assert np.array_equal(sums.of_rows(X, threads=threads)[0], expected)


def test_a_tree_without_decisions_is_its_leaf():
    data = lightgbm.Dataset(np.zeros((50, 1)), np.ones(50))
    model = lightgbm.train({"objective": "regression", "verbosity": -1}, data, 3)
    expected = model.predict(np.zeros((2, 1)), raw_score=True)
    assert LeafSums.of_texts([model.model_to_string()]).of_rows(np.zeros((2, 1)))[0].tolist() == expected.tolist()
