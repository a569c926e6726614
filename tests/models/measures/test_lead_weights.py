from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.measures.lead_weights import even_weights, lead_folds

LEADS = st.lists(st.integers(0, 12).map(lambda number: f"L{number}"), min_size=1, max_size=60)


@given(LEADS)
def test_rows_weigh_alike_and_sum_to_the_number_of_leads(leads):
    weights = even_weights(leads)
    assert len(set(weights)) == 1
    assert weights.sum() == pytest.approx(len(set(leads)))


def test_weights_know_nothing_of_the_outcome():
    """Leads that reach the target leave early; the weighted rate is that of a look all the same, not above it."""
    rng = np.random.default_rng(3)
    leads, outcomes = [], []
    for lead in range(4_000):  # each look is one of six chances of a tenth to reach the target before the next one
        for _ in range(6):
            reached = rng.random() < 0.1
            leads.append(f"L{lead}")
            outcomes.append(float(reached))
            if reached:
                break
    assert np.average(outcomes, weights=even_weights(leads)) == pytest.approx(0.1, abs=0.006)  # three standard errors


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
