from __future__ import annotations

import numpy as np
import pytest

from models.estimator.encoding import Encoding, Vocabulary
from models.estimator.linear_part import LinearPart, fit_linear
from models.estimator.linear_terms import Ridge
from models.log_odds import log_odds_to_probability

ENCODING = Encoding(("x",), (Vocabulary("c", ("a", "b"), rare=False),))


@pytest.fixture(scope="module")
def drawn():
    """x is log-normal less 1 or missing, c has two codes or is missing; the truth is linear in log(1 + x)."""
    rng = np.random.default_rng(4)
    n = 20_000
    logged = rng.exponential(1.0, n)
    x = np.where(rng.random(n) < 0.2, np.nan, np.expm1(logged))
    code = rng.choice([0.0, 1.0, np.nan], n)
    odds = -1 + 0.8 * np.nan_to_num(np.log1p(x)) + 0.5 * np.isnan(x) + np.select([code == 0, code == 1], [0.6, -0.6])
    y = (rng.random(n) < log_odds_to_probability(odds)).astype(float)
    return np.column_stack([x, code]), y, odds


def test_a_weak_ridge_recovers_the_truth(drawn):
    matrix, y, odds = drawn
    fitted = fit_linear(matrix, y, np.ones(len(y)), encoding=ENCODING, ridge=Ridge(1e-3, 1e-3), steps=1)
    near = np.nan_to_num(matrix[:, 0]) < 20  # not beyond the cut at four standard deviations
    assert np.abs(fitted.log_odds(matrix) - odds)[near].max() < 0.2


def test_contributions_and_intercept_sum_to_the_log_odds_and_average_to_nothing(drawn):
    matrix, y, _ = drawn
    fitted = fit_linear(matrix, y, np.ones(len(y)), encoding=ENCODING, ridge=Ridge(5.0, 5.0), steps=1)
    contributions = fitted.contributions(matrix)
    assert fitted.intercept + contributions.sum(axis=1) == pytest.approx(fitted.log_odds(matrix), abs=1e-12)
    assert np.abs(contributions.mean(axis=0)).max() < 0.02


def test_a_strong_ridge_leaves_the_base_rate(drawn):
    matrix, y, _ = drawn
    fitted = fit_linear(matrix, y, np.ones(len(y)), encoding=ENCODING, ridge=Ridge(1e9, 1e9), steps=1)
    assert log_odds_to_probability(fitted.log_odds(matrix)) == pytest.approx(y.mean(), abs=1e-3)


def test_a_number_far_out_counts_as_four_standard_deviations(drawn):
    matrix, y, _ = drawn
    fitted = fit_linear(matrix, y, np.ones(len(y)), encoding=ENCODING, ridge=Ridge(5.0, 5.0), steps=1)
    far = fitted.log_odds(np.array([[1e9, 0.0], [1e12, 0.0]]))
    assert far[0] == far[1]


def test_steps_recover_what_no_logarithm_can_say():
    rng = np.random.default_rng(2)
    x = rng.uniform(0, 10, 20_000)
    odds = np.where((x > 3) & (x < 6), 1.0, -1.0)  # up and down again
    y = (rng.random(len(x)) < log_odds_to_probability(odds)).astype(float)
    matrix, encoding = x[:, None], Encoding(("x",), ())
    stepped = fit_linear(matrix, y, np.ones(len(y)), encoding=encoding, ridge=Ridge(3.0, 3.0), steps=20)
    straight = fit_linear(matrix, y, np.ones(len(y)), encoding=encoding, ridge=Ridge(3.0, 3.0), steps=1)
    at = np.array([[1.0], [4.5], [8.0]])
    assert stepped.log_odds(at) == pytest.approx([-1.0, 1.0, -1.0], abs=0.2)
    assert np.abs(straight.log_odds(at) - [-1.0, 1.0, -1.0]).max() > 0.5


def test_a_share_weighs_as_much_of_a_yes_and_the_rest_of_a_no(drawn):
    matrix, y, _ = drawn
    matrix, y = matrix[:400], y[:400]
    shares = np.where(np.arange(400) < 100, 0.3, y)
    fitted = fit_linear(matrix, shares, np.ones(400), encoding=ENCODING, ridge=Ridge(5.0, 5.0), steps=8)
    doubled = np.concatenate([matrix[:100], matrix])
    certain = np.concatenate([np.ones(100), np.zeros(100), y[100:]])
    weights = np.concatenate([np.full(100, 0.3), np.full(100, 0.7), np.ones(300)])
    same = fit_linear(doubled, certain, weights, encoding=ENCODING, ridge=Ridge(5.0, 5.0), steps=8)
    assert same.log_odds(matrix) == pytest.approx(fitted.log_odds(matrix), abs=1e-4)


def test_json_round_trip_is_bit_identical(drawn):
    matrix, y, _ = drawn
    fitted = fit_linear(matrix, y, np.ones(len(y)), encoding=ENCODING, ridge=Ridge(5.0, 5.0), steps=1)
    again = LinearPart.from_json(fitted.to_json())
    assert (again.log_odds(matrix) == fitted.log_odds(matrix)).all()
