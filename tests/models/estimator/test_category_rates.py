from __future__ import annotations

import numpy as np
import pytest

from models.estimator.booster_inputs import RateReader
from models.estimator.category_rates import fit_target_statistics, rates_from_earlier_leads, rates_from_other_folds
from models.estimator.options import EstimatorOptions
from models.estimator.training_rows import TrainingRows
from models.log_odds import log_odds_to_probability

CODES = np.array([[0.0], [0.0], [1.0], [0.0], [np.nan]])
Y = np.array([1.0, 0.0, 1.0, 1.0, 0.0])
ONES = np.ones(5)
HOW = {"sizes": (2,), "prior": 2.0}
RATE = 3.5 / 6  # three of five, with half a lead on either side


def test_rates_by_hand():
    found = fit_target_statistics(CODES, Y, ONES, **HOW)
    # code 0: two of three; code 1: one of one; missing: none of one; two leads at the base rate are added to each
    expected = [(2 + 2 * RATE) / 5, (1 + 2 * RATE) / 3, (2 * RATE) / 3]
    assert log_odds_to_probability(found.tables[0]) == pytest.approx(expected)
    assert log_odds_to_probability(found.matrix(CODES)[:, 0]) == pytest.approx(np.array(expected)[[0, 0, 1, 0, 2]])


def test_rates_from_other_folds_by_hand():
    folds = np.array([0, 1, 0, 1, 0])
    known = log_odds_to_probability(rates_from_other_folds(CODES, Y, ONES, folds, **HOW)[:, 0])
    # row 0: code 0 in fold 1 has one of two; row 1: in fold 0 one of one; rows 2 and 4 are alone with their code
    assert known == pytest.approx([(1 + 2 * RATE) / 4, (1 + 2 * RATE) / 3, RATE, (1 + 2 * RATE) / 3, RATE])


def test_rates_from_earlier_leads_by_hand():
    leads, times = np.array(list("abcad")), np.array([3, 1, 2, 9, 0])
    known = log_odds_to_probability(rates_from_earlier_leads(CODES, Y, ONES, leads, times, **HOW)[:, 0])
    # d, b, c, a is the order; b is the first with code 0 and did not have it; both rows of a see b and not each other
    assert known == pytest.approx([(0 + 2 * RATE) / 3, RATE, RATE, (0 + 2 * RATE) / 3, RATE])


TINY = {"sizes": (5,), "prior": 1e-9}
"""So little of the base rate, which everybody's outcome is in, that what is left are the others' outcomes."""


@pytest.fixture(scope="module")
def drawn():
    """Return codes, outcomes, leads and times of 300 rows of about 150 leads, and a fold for each lead."""
    rng = np.random.default_rng(1)
    lead = rng.integers(0, 150, 300)
    codes = rng.integers(0, 5, (300, 1)).astype(float)
    return codes, rng.random(300), lead.astype(str), rng.integers(0, 10_000, 300), lead % 4


def test_what_a_row_is_told_does_not_depend_on_outcomes_of_its_own_fold(drawn):
    codes, y, _, _, folds = drawn
    ones = np.ones(300)
    for fold in range(4):
        own = folds == fold
        before, after = (
            log_odds_to_probability(rates_from_other_folds(codes, outcome, ones, folds, **TINY))
            for outcome in (y, np.where(own, 1 - y, y))
        )
        assert before[own] == pytest.approx(after[own], abs=1e-6)
        assert np.abs(before[~own] - after[~own]).max() > 0.01


def test_what_a_row_is_told_does_not_depend_on_its_own_or_later_leads(drawn):
    codes, y, leads, times, _ = drawn
    ones = np.ones(300)
    first = {lead: times[leads == lead].min() for lead in np.unique(leads)}
    came = np.array([first[lead] for lead in leads])
    for moment in np.quantile(came, [0.4, 0.6, 0.9], method="lower"):
        later = came >= moment
        told = ~later & (came > np.sort(came)[60])  # by then somebody had had every code
        before, after = (
            log_odds_to_probability(rates_from_earlier_leads(codes, outcome, ones, leads, times, **TINY))
            for outcome in (y, np.where(later, 1 - y, y))
        )
        assert before[told] == pytest.approx(after[told], abs=1e-6)
        assert np.abs(before[later] - after[later]).max() > 0.01


@pytest.mark.parametrize("rates_from", ["other folds", "earlier leads"])
def test_the_rows_a_booster_is_watched_on_are_in_nothing_that_it_sees(drawn, rates_from):
    codes, y, leads, times, folds = drawn
    train = folds != 0
    seen = []
    for outcome in (y, np.where(train, y, 1 - y)):
        rows = TrainingRows(codes, outcome, np.ones(300), leads, times)
        read = RateReader(rows, (5,), EstimatorOptions(rates_from=rates_from), seed=1)
        seen.append((read.known(train), read.later(train)))
    assert (seen[0][0] == seen[1][0]).all()
    assert (seen[0][1] == seen[1][1]).all()


def test_the_prior_holds_a_few_outcomes():
    # a rate of 1 in 100, 5 outcomes: 500 leads at the base rate, more than the 20 that are the least
    y = (np.arange(1000) < 10).astype(float)
    rows = TrainingRows(np.zeros((1000, 1)), y, np.ones(1000), np.arange(1000).astype(str), np.arange(1000))
    table = RateReader(rows, (2,), EstimatorOptions(), seed=1).statistics().tables[0]
    rate = 10.5 / 1001
    assert log_odds_to_probability(table[0]) == pytest.approx((10 + 5) / (1000 + 5 / rate))


def test_the_other_rows_are_read_as_later_ones_and_the_rows_given_stay_as_they_are():
    rng = np.random.default_rng(3)
    matrix = np.column_stack([rng.normal(size=60), rng.integers(0, 5, 60)])
    rows = TrainingRows(
        matrix, rng.integers(0, 2, 60).astype(float), np.ones(60), np.arange(60).astype(str), np.arange(60)
    )
    train, before = np.arange(60) % 3 > 0, matrix.copy()
    read = RateReader(rows, (5,), EstimatorOptions(), seed=1)
    alone = RateReader(rows.where(train), (5,), EstimatorOptions(), seed=1)
    assert np.array_equal(read.later(train), alone.statistics().matrix(matrix[~train]))
    assert np.array_equal(read.known(train)[:, 0], matrix[train, 0])
    assert np.array_equal(rows.matrix, before)
