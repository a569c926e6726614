from __future__ import annotations

import numpy as np
import pytest

from models.estimator.blend import Blend, Unseen, choose_blend
from models.estimator.options import EstimatorOptions


def unseen(trees, linear, y):
    return Unseen(np.column_stack([trees, linear]), y, np.ones(len(y)))


def linear_share(*given, **options):
    return choose_blend(*given, options=EstimatorOptions(**options)).shares[-1]


def draw(rows, *, seed=0):
    rng = np.random.default_rng(seed)
    odds = rng.normal(0, 2, rows)
    return rng.normal(0, 2, rows), odds, (rng.random(rows) < 1 / (1 + np.exp(-odds))).astype(float)


def test_with_many_rows_the_better_part_is_taken():
    noise, odds, y = draw(4000)
    assert linear_share(unseen(noise, odds, y), None) > 0.95
    assert linear_share(unseen(odds, noise, y), None) < 0.05


def test_what_is_right_is_not_shrunken():
    _, odds, y = draw(4000)
    assert choose_blend(unseen(odds, odds, y), None, options=EstimatorOptions()).shrinkage == pytest.approx(1, abs=0.1)


def test_equal_parts_leave_the_default():
    odds, y = np.full(10, -0.5), np.tile([0.0, 1.0], 5)
    assert linear_share(unseen(odds, odds, y), None) == pytest.approx(0.35)


def test_a_few_rows_hardly_move_the_share():
    noise, odds, y = draw(20)
    assert abs(linear_share(unseen(noise, odds, y), None) - 0.35) < 0.3


def test_what_is_nothing_but_chance_is_shrunken():
    rng = np.random.default_rng(0)
    noise, y = rng.normal(-0.5, 1, 2000), (rng.random(2000) < 0.38).astype(float)
    assert choose_blend(unseen(noise, noise, y), None, options=EstimatorOptions()).shrinkage < 0.15


def test_newer_leads_overrule_the_folds():
    """The folds say trees, the newer leads say the linear part: the newer ones are the nearer to what comes."""
    noise, odds, y = draw(3000)
    folds, newer = unseen(odds, noise, y), unseen(*draw(3000, seed=1))
    assert linear_share(folds, newer) > 0.8


def test_another_level_of_the_newer_leads_is_no_reason_to_shrink():
    _, odds, y = draw(3000)
    newer = unseen(odds + 1.0, odds + 1.0, y)
    found = choose_blend(unseen(odds, odds, y), newer, options=EstimatorOptions())
    assert found.shrinkage == pytest.approx(1, abs=0.1)


def test_a_fixed_share_stays():
    noise, odds, y = draw(1000)
    assert linear_share(unseen(noise, odds, y), None, linear_share=0.2) == pytest.approx(0.2)


def test_shrinking_goes_towards_the_base_rate():
    # halfway from -2 to the mean of 0 and 4 by a share of a half: -2 + (2 + 2) / 2
    assert Blend((0.5, 0.5), 0.5).log_odds(np.array([[0.0, 4.0]]), -2.0).tolist() == [0.0]


def test_of_two_kinds_of_boosters_the_better_one_gets_more():
    noise, odds, y = draw(4000)
    table = Unseen(np.column_stack([noise, odds, odds]), y, np.ones(4000))
    shares = choose_blend(table, None, options=EstimatorOptions()).shares
    assert shares[0] < 0.03
    assert sum(shares) == pytest.approx(1)
