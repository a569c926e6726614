from __future__ import annotations

import lightgbm
import numpy as np
import pytest

from features.errors import InputError
from models.lightgbm_text import checked_trees, read_booster


def trained(
    seed: int, *, leaves: int = 12, rounds: int = 12, objective: str = "cross_entropy"
) -> tuple[str, np.ndarray]:
    """Return a model on numbers, gaps, zeros and a category, and rows to forecast."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(600, 5))
    X[rng.random(X.shape) < 0.2] = np.nan
    X[:, 3] = np.where(rng.random(600) < 0.5, 0.0, X[:, 3])
    X[:, 4] = rng.integers(0, 40, 600)
    y = (rng.random(600) < 1 / (1 + np.exp(-np.nan_to_num(X[:, 0]) - (X[:, 4] % 3)))).astype(float)
    params = {"objective": objective, "num_leaves": leaves, "verbosity": -1, "seed": seed, "num_threads": 1}
    params |= {"max_cat_to_onehot": 1, "min_data_per_group": 2, "cat_smooth": 1, "min_data_in_leaf": 5}
    data = lightgbm.Dataset(X, y, categorical_feature=[4], params=params)
    return lightgbm.train(params, data, num_boost_round=rounds).model_to_string(), X


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("leaves", "objective"), [(2, "binary"), (12, "cross_entropy"), (63, "regression")])
def test_what_lightgbm_writes_is_let_through_and_forecasts_bit_for_bit_the_same(seed, leaves, objective):
    text, X = trained(seed, leaves=leaves, objective=objective)
    whole = lightgbm.Booster(model_str=text)
    assert (read_booster(text).predict(X, raw_score=True) == whole.predict(X, raw_score=True)).all()
    assert "parameters:" not in checked_trees(text)


def test_a_tree_of_one_leaf_and_a_category_are_among_what_is_let_through():
    assert "cat_boundaries=" in checked_trees(trained(1)[0])
    lone = lightgbm.train(
        {"objective": "regression", "verbosity": -1}, lightgbm.Dataset(np.ones((30, 1)), np.ones(30)), 2
    )
    assert "num_leaves=1\n" in lone.model_to_string()
    assert read_booster(lone.model_to_string()).predict(np.ones((3, 1))).tolist() == [1.0, 1.0, 1.0]
    with_weight = sized(lone.model_to_string().replace("leaf_weight=\n", "leaf_weight=0\n"))
    assert read_booster(with_weight).predict(np.ones((3, 1))).tolist() == [1.0, 1.0, 1.0]


def test_a_lone_leaf_may_tell_its_weight_as_well():
    """LightGBM writes a weight of 0 where a column could have been split but was not."""
    X = np.random.default_rng(0).normal(size=(40, 2))
    data = lightgbm.Dataset(X, np.arange(40) % 2)
    booster = lightgbm.Booster({"objective": "cross_entropy", "verbosity": -1, "min_data_in_leaf": 30}, data)
    booster.update()
    text = booster.model_to_string()
    assert "num_leaves=1\n" in text
    assert "leaf_weight=0\n" in text
    assert read_booster(text).predict(X[:1], raw_score=True) == booster.predict(X[:1], raw_score=True)


def sized(text: str) -> str:
    """Return a text whose tree sizes fit."""
    head, _, body = text.partition("\n\n")
    trees = body.split("end of trees")[0].split("Tree=")[1:]
    sizes = " ".join(str(len(f"Tree={tree}")) for tree in trees)
    return (
        "\n".join(line if "tree_sizes" not in line else f"tree_sizes={sizes}" for line in head.split("\n"))
        + "\n\n"
        + body
    )


def with_line(key: str, value: str) -> str:
    """Return a model whose first tree says something else under a key."""
    text = trained(0)[0]
    start = text.index(f"\n{key}=") + len(key) + 2
    return sized(text[:start] + value + text[text.index("\n", start) :])


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("left_child", "1 0 3 4 5 6 7 8 9 10 -1", "left_child a later decision or a leaf"),
        ("split_feature", "0 1 2 3 4 5 0 1 2 3 4", "split_feature 0 to 4"),
        ("num_leaves", "-3", "num_leaves and num_cat of tree 0"),
        ("num_leaves", "13", "13 numbers in leaf_value of tree 0"),
        ("leaf_value", "nan " * 11 + "nan", "12 numbers in leaf_value of tree 0"),
        ("leaf_value", "1e9 " * 11 + "1e9", "leaf_value at most 1e+06"),
        ("leaf_count", "0 " * 11 + "0", "leaf_count above 0"),
        ("internal_count", "600 " * 10 + "600", "internal_count as both sides have together"),
        ("decision_type", "12 " * 10 + "12", "decision_type known bits"),
        ("is_linear", "1", "numbers in the leaves of tree 0"),
        ("shrinkage", "nan", "shrinkage of tree 0"),
    ],
)
def test_what_lightgbm_would_trust_is_refused_by_name(key, value, said):
    with pytest.raises(InputError) as refused:
        checked_trees(with_line(key, value))
    assert said in str(refused.value)


@pytest.mark.parametrize("text", ["", "tree\n", "no trees here", "tree\nversion=v4\n\n", "trée\n\n"])
def test_what_is_no_model_is_refused(text):
    with pytest.raises(InputError, match="as LightGBM writes it"):
        read_booster(text)


def test_sizes_of_trees_must_be_right():
    text = trained(0)[0]
    with pytest.raises(InputError, match="tree_sizes"):
        checked_trees(text.replace("tree_sizes=1", "tree_sizes=2", 1))
    with pytest.raises(InputError, match="tree 1 in the"):
        checked_trees(text.replace("Tree=1\n", "Tree=7\n", 1))
