from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import lightgbm
import numpy as np
import pytest

from features.errors import InputError
from models.estimator.booster_inputs import CodeReader
from models.estimator.boosters import BoosterPart, fit_boosters, smallest_leaf
from models.estimator.options import EstimatorOptions, TreeShape

SHAPE = TreeShape(num_leaves=12, max_depth=5, learning_rate=0.07, categories="codes")


@pytest.fixture(scope="module")
def matrix():
    rng = np.random.default_rng(0)
    numbers = np.where(rng.random((900, 3)) < 0.1, np.nan, rng.normal(size=(900, 3)))
    codes = rng.integers(0, 5, (900, 1)).astype(float)
    return np.hstack([numbers, codes])


@pytest.fixture(scope="module")
def y(matrix):
    odds = np.nan_to_num(matrix[:, 0]) * 1.5 + np.isin(matrix[:, 3], [1, 4]) * 2 - 1
    return (np.random.default_rng(1).random(len(matrix)) < 1 / (1 + np.exp(-odds))).astype(float)


def fit(matrix, y, shape=SHAPE, **changed):
    options = EstimatorOptions(boosters=3, max_rounds=60, threads=1, **changed)
    steps = []
    how = {"categories": 1, "folds": np.arange(len(y)) % 3, "shape": shape, "options": options, "seed": 5}
    with ThreadPoolExecutor(2) as pool:
        read = CodeReader(matrix)
        return fit_boosters(read, y, np.ones(len(y)), on_step=steps.append, pool=pool, **how)[0], sum(steps)


@pytest.fixture(scope="module")
def part(matrix, y):
    return fit(matrix, y)[0]


def expected_value(node, row, known):
    """Follow known features; where a feature is unknown, take both ways in proportion to the training rows."""
    if "leaf_value" in node:
        return node["leaf_value"]
    left, right = node["left_child"], node["right_child"]
    if node["split_feature"] in known:
        return expected_value(left if goes_left(node, row[node["split_feature"]]) else right, row, known)
    rows = [child.get("internal_count", child.get("leaf_count")) for child in (left, right)]
    ways = [expected_value(child, row, known) for child in (left, right)]
    return np.average(ways, weights=rows)


def goes_left(node, value):
    if node["decision_type"] == "==":
        return not np.isnan(value) and int(value) in map(int, node["threshold"].split("||"))
    if np.isnan(value):
        return node["default_left"] if node["missing_type"] == "NaN" else node["threshold"] >= 0
    return value <= node["threshold"]


def shapley_values(trees, row):
    """Return the average gain of each feature over all orders in which the four could become known."""
    worth = {
        known: sum(expected_value(tree, row, known) for tree in trees)
        for size in range(5)
        for known in itertools.combinations(range(4), size)
    }
    orders = list(itertools.permutations(range(4)))
    values = np.zeros(4)
    for order in orders:
        for position, column in enumerate(order):
            before, after = (tuple(sorted(order[: position + extra])) for extra in (0, 1))
            values[column] += (worth[after] - worth[before]) / len(orders)
    return worth[()], values


def test_contributions_are_shapley_values_by_their_definition(part, matrix):
    base, contributions = part.contributions(matrix[:2])
    for row, found in zip(matrix[:2], contributions, strict=True):
        models = [lightgbm.Booster(model_str=text).dump_model() for text in part.texts]
        parts = [shapley_values([tree["tree_structure"] for tree in model["tree_info"]], row) for model in models]
        assert base == pytest.approx(np.mean([part_base for part_base, _ in parts]), abs=1e-9)
        assert found == pytest.approx(np.mean([values for _, values in parts], axis=0), abs=1e-9)


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning", "ignore::DeprecationWarning")
def test_contributions_are_those_of_the_shap_package(matrix, y):
    """Its own algorithm, that is: left to itself it asks LightGBM. It knows no categories, so numbers only."""
    import shap

    numbers = np.nan_to_num(matrix[:, :3])
    options = EstimatorOptions(boosters=2, max_rounds=20, threads=1)
    how = {"categories": 0, "folds": np.arange(len(y)) % 2, "shape": SHAPE, "options": options, "seed": 5}
    with ThreadPoolExecutor(1) as pool:
        read = CodeReader(numbers)
        part, _ = fit_boosters(read, y, np.ones(len(y)), on_step=lambda steps: None, pool=pool, **how)
    base, contributions = part.contributions(numbers[:100])
    expected, expected_base = np.zeros_like(contributions), 0.0
    for text in part.texts:
        explainer = shap.TreeExplainer(lightgbm.Booster(model_str=text))
        explainer.model.model_type = "internal"
        expected += explainer.shap_values(numbers[:100], check_additivity=False) / len(part.texts)
        expected_base += float(np.ravel(explainer.expected_value)[-1]) / len(part.texts)
    assert contributions == pytest.approx(expected, abs=1e-6)
    assert base == pytest.approx(expected_base, abs=1e-6)


def test_contributions_and_base_sum_to_the_log_odds(part, matrix):
    base, contributions = part.contributions(matrix)
    assert np.abs(base + contributions.sum(axis=1) - part.log_odds(matrix)).max() < 1e-9


def test_boosters_of_a_kind_draw_columns_of_their_own(matrix, y):
    seeds = {line for text in fit(matrix, y)[0].texts for line in text.splitlines() if "[seed:" in line}
    assert len(seeds) == 3


def test_the_same_seed_gives_the_same_text(part, matrix, y):
    assert fit(matrix, y)[0].texts == part.texts


def test_every_booster_stops_at_the_same_round_and_every_round_is_reported(matrix, y):
    found, steps = fit(matrix, y, replace(SHAPE, learning_rate=0.4), patience=3)
    assert steps == 60
    assert 1 <= min(found.rounds) <= max(found.rounds) < 60


def test_unseen_log_odds_are_those_of_the_booster_that_has_not_seen_the_row(matrix, y):
    folds = np.arange(len(y)) % 3
    options = EstimatorOptions(boosters=3, max_rounds=20, threads=1)
    how = {"categories": 1, "folds": folds, "shape": SHAPE, "options": options, "seed": 5}
    with ThreadPoolExecutor(1) as pool:
        read = CodeReader(matrix)
        part, unseen = fit_boosters(read, y, np.ones(len(y)), on_step=lambda steps: None, pool=pool, **how)
    for fold, text in enumerate(part.texts):
        own = folds == fold
        assert (BoosterPart((text,)).log_odds(matrix[own]) == unseen[own]).all()


def test_what_decides_is_found(part, matrix):
    _, contributions = part.contributions(matrix)
    weight = np.abs(contributions).mean(axis=0)
    assert set(np.argsort(-weight)[:2]) == {0, 3}


def test_a_code_never_seen_is_scored(part, matrix):
    row = matrix[:1].copy()
    row[0, 3] = 99
    assert np.isfinite(part.log_odds(row)).all()


def test_one_row_scores_as_it_does_among_many(part, matrix):
    many = np.tile(matrix, (3, 1))
    assert part.log_odds(matrix[:1])[0] == part.log_odds(many)[0]


def test_a_broken_text_is_an_input_error():
    with pytest.raises(InputError, match="as LightGBM writes it"):
        BoosterPart(("this is no model",))


@pytest.mark.parametrize(
    ("leads", "rate", "rows_per_lead", "expected"),
    [
        (400, 0.25, 1, 12),  # 3 / 0.25 = 12 leads
        (400, 0.01, 1, 27),  # 3 / 0.01 = 300, but a fifteenth of 400 leads is 26.7
        (20_000, 0.01, 1, 200),  # at most 200
        (400, 0.25, 4, 48),  # 12 leads of 4 rows
        (60, 0.5, 1, 4),  # a fifteenth of 60
    ],
)
def test_smallest_leaf_by_hand(leads, rate, rows_per_lead, expected):
    y = np.repeat((np.arange(leads) < leads * rate).astype(float), rows_per_lead)
    assert smallest_leaf(y, np.full(len(y), 1 / rows_per_lead)) == expected
