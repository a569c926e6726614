from __future__ import annotations

import numpy as np

from models.linear_share import choose_linear_share, forward_parts


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


def choose(trees, linear, y):
    leads = np.arange(len(y)).astype(str)
    shares = {"shares": (0.0, 0.5, 1.0), "default": 0.3}
    return choose_linear_share(trees, linear, y, np.ones(len(y)), leads, **shares)


def test_a_clearly_better_share_is_taken():
    rng = np.random.default_rng(0)
    odds = rng.normal(0, 2, 4000)
    y = (rng.random(4000) < 1 / (1 + np.exp(-odds))).astype(float)
    assert choose(rng.normal(0, 2, 4000), odds, y).share == 1.0


def test_equal_parts_leave_the_default():
    odds, y = np.zeros(10), np.tile([0.0, 1.0], 5)
    chosen = choose(odds, odds, y)
    assert chosen.share == 0.3
    assert set(chosen.losses) == {0.0, 0.3, 0.5, 1.0}
