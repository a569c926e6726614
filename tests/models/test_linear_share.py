from __future__ import annotations

import numpy as np

from models.estimator_options import EstimatorOptions
from models.linear_share import Blend, choose_blend, forward_parts


def test_forward_parts_by_hand():
    # first rows: a at 0, b at 10, c at 20, d at 30; the newest quarter of the leads is d
    leads, times = np.array(list("aabcd")), np.array([0, 25, 10, 20, 30])
    early, late = forward_parts(leads, times, newest_share=0.25)
    assert late.tolist() == [False, False, False, False, True]
    # a's second row, at 25, is newer than the newest early first row (20), so it is in neither part
    assert early.tolist() == [True, False, True, True, False]


def test_no_lead_is_in_both_parts():
    rng = np.random.default_rng(0)
    leads, times = rng.integers(0, 40, 200).astype(str), rng.integers(0, 1000, 200)
    early, late = forward_parts(leads, times, newest_share=0.3)
    assert not set(leads[early]) & set(leads[late])
    assert times[early].max() <= times[late].min()


def choose(trees, linear, y, **changed):
    options = EstimatorOptions(**changed)
    return choose_blend(trees, linear, y, np.ones(len(y)), rate_log_odds=-0.5, options=options)


def test_with_many_rows_the_better_part_is_taken():
    rng = np.random.default_rng(0)
    odds = rng.normal(0, 2, 4000)
    y = (rng.random(4000) < 1 / (1 + np.exp(-odds))).astype(float)
    chosen = choose(rng.normal(0, 2, 4000), odds, y)
    assert chosen.share == 1.0
    assert chosen.shrinkage == 1.0


def test_equal_parts_leave_the_default():
    odds, y = np.full(10, -0.5), np.tile([0.0, 1.0], 5)
    chosen = choose(odds, odds, y)
    assert (chosen.share, chosen.shrinkage) == (0.35, 1.0)
    assert set(chosen.losses) == {0.35, *EstimatorOptions().linear_shares}


def test_a_few_rows_hardly_move_the_share():
    rng = np.random.default_rng(0)
    odds = rng.normal(0, 1, 20)
    y = (rng.random(20) < 1 / (1 + np.exp(-odds))).astype(float)
    assert abs(choose(rng.normal(0, 1, 20), odds, y).share - 0.35) < 0.3


def test_what_is_nothing_but_chance_is_shrunken():
    rng = np.random.default_rng(0)
    noise, y = rng.normal(-0.5, 1, 2000), (rng.random(2000) < 0.38).astype(float)
    assert choose(noise, noise, y).shrinkage == 0.1


def test_shrinking_goes_towards_the_base_rate():
    # halfway from -2 to the mean of 0 and 4 by a share of a half: -2 + (2 + 2) / 2
    assert Blend(0.5, 0.5).log_odds(np.array([0.0]), np.array([4.0]), -2.0).tolist() == [0.0]
