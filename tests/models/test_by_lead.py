from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.by_lead import lead_folds, lead_weights

LEADS = st.lists(st.integers(0, 12).map(lambda number: f"L{number}"), min_size=1, max_size=60)


@given(LEADS)
def test_each_lead_weighs_one(leads):
    weights = lead_weights(leads)
    for lead in set(leads):
        assert weights[np.array(leads) == lead].sum() == pytest.approx(1.0)


@given(LEADS, st.integers(0, 2**31), st.randoms(use_true_random=False))
@settings(max_examples=50)
def test_folds_keep_leads_whole_and_do_not_depend_on_the_order_of_rows(leads, seed, random):
    y = [int(lead[1:]) % 2 for lead in leads]
    folds = lead_folds(leads, y, folds=3, seed=seed)
    assert len(set(zip(leads, folds, strict=True))) == len(set(leads))
    order = list(range(len(leads)))
    random.shuffle(order)
    shuffled = lead_folds([leads[i] for i in order], [y[i] for i in order], folds=3, seed=seed)
    assert shuffled.tolist() == folds[order].tolist()


def test_outcomes_are_spread_evenly():
    leads = [f"L{number:03d}" for number in range(100)]
    y = np.arange(100) < 10
    folds = lead_folds(leads, y, folds=5, seed=1)
    assert np.bincount(folds, y).tolist() == [2.0] * 5
    assert np.bincount(folds).tolist() == [20] * 5


def test_another_seed_deals_otherwise():
    leads = [f"L{number:03d}" for number in range(100)]
    first, second = (lead_folds(leads, np.zeros(100), folds=5, seed=seed) for seed in (1, 2))
    assert (first != second).any()
