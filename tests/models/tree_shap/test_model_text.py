"""LightGBM's text is read as LightGBM itself describes its trees."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest

from features.errors import InputError
from models.tree_shap.model_text import trees_of


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(0)
    matrix = np.column_stack([rng.normal(size=600), rng.integers(0, 40, 600)])
    y = 0.2 * matrix[:, 0] + np.isin(matrix[:, 1], [1, 7, 35])
    parameters = {"objective": "regression", "num_leaves": 6, "verbosity": -1, "min_data_per_group": 5}
    parameters |= {"max_cat_to_onehot": 1, "cat_smooth": 1.0, "min_data_in_leaf": 5}
    data = lightgbm.Dataset(matrix, y, categorical_feature=[1], params=parameters)
    return lightgbm.train(parameters, data, num_boost_round=6)


def leaves(tree, child):
    """Return the leaves below a child, from left to right: value, rows."""
    if child < 0:
        return [(tree.leaf_value[~child], tree.rows(child))]
    return leaves(tree, tree.left_child[child]) + leaves(tree, tree.right_child[child])


def dumped_leaves(node):
    if "leaf_value" in node:
        return [(node["leaf_value"], node["leaf_count"])]
    return dumped_leaves(node["left_child"]) + dumped_leaves(node["right_child"])


def test_leaves_are_those_that_lightgbm_dumps(found):
    dumped = [tree["tree_structure"] for tree in found.dump_model()["tree_info"]]
    assert [leaves(tree, 0) for tree in trees_of(found.model_to_string())] == [dumped_leaves(tree) for tree in dumped]


def test_codes_beyond_one_word_are_read(found):
    by_category = [
        tree.category_sets[int(tree.threshold[at])]
        for tree in trees_of(found.model_to_string())
        for at in range(len(tree.threshold))
        if tree.is_category(at)
    ]
    assert any(len(words) == 2 for words in by_category)


def test_linear_leaves_are_refused():
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(200, 2))
    parameters = {"objective": "regression", "linear_tree": True, "verbosity": -1}
    data = lightgbm.Dataset(matrix, matrix[:, 0], params=parameters)
    text = lightgbm.train(parameters, data, num_boost_round=3).model_to_string()
    with pytest.raises(InputError, match="linear"):
        trees_of(text)
