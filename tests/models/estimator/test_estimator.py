from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.time_units import to_micros
from models.estimator.estimator import Estimator
from models.estimator.fit_estimator import fit_estimator
from models.estimator.fitting import Fitting
from models.estimator.options import EstimatorOptions
from models.estimator.training_rows import Rows
from models.log_odds import log_losses

QUICK = EstimatorOptions(boosters=2, max_rounds=60, threads=1)


@pytest.fixture(scope="module")
def fit(company):
    def fitted(rows: pd.DataFrame, y, options: EstimatorOptions = QUICK) -> Estimator:
        learned = Rows.of(rows, y, lead_ids=rows["lead_id"], as_of_us=to_micros(rows["as_of"]))
        return fit_estimator(learned, Fitting(company.features, options, seed=3))

    return fitted


@pytest.fixture(scope="module")
def estimator(forecast):
    return forecast.targets["sql"].estimator


def test_base_and_contributions_sum_to_the_log_odds(estimator, company):
    base, contributions = estimator.contributions(company.history)
    difference = base + contributions.sum(axis=1) - estimator.log_odds(company.history)
    assert difference.abs().max() < 1e-9
    assert tuple(contributions.columns) == tuple(feature.name for feature in company.features)


def test_the_linear_part_takes_part(estimator):
    assert estimator.training.linear_share > 0


def test_forecasts_follow_the_truth(estimator, company):
    test = (company.labels["part"] == "test").to_numpy()[: len(company.history)]
    own, truth = estimator.log_odds(company.history[test]), company.true_log_odds[test]
    assert np.corrcoef(own, truth)[0, 1] > 0.9
    assert own.mean() == pytest.approx(truth.mean(), abs=0.25)


def test_row_order_changes_nothing(fit, company):
    rows = company.history.iloc[:600]
    y = company.labels["y"].to_numpy(dtype=float)[:600]
    order = np.random.default_rng(0).permutation(600)
    assert fit(rows.iloc[order], y[order]).to_files() == fit(rows, y).to_files()


def test_saved_and_loaded_it_forecasts_bit_for_bit_the_same(estimator, company):
    again = Estimator.from_files(estimator.to_files())
    assert (again.log_odds(company.history) == estimator.log_odds(company.history)).all()
    assert again.to_files() == estimator.to_files()


def test_three_snapshots_of_one_lead_weigh_as_one(fit, company):
    first = company.history.iloc[:600:2]
    y = company.labels["y"].to_numpy(dtype=float)[:600:2]
    thrice = pd.concat([first] * 3)
    assert fit(thrice, np.tile(y, 3)).rate_log_odds == pytest.approx(fit(first, y).rate_log_odds)


def test_columns_that_say_nothing_have_no_contribution(estimator, company):
    _, contributions = estimator.contributions(company.history.head(20))
    assert "behaviour_demo_count_30d" not in estimator.encoding.columns  # missing throughout
    assert (contributions["behaviour_demo_count_30d"] == 0).all()


@pytest.mark.parametrize("outcomes", [1, 19])
def test_too_few_outcomes_fall_back_to_the_base_rate(fit, company, outcomes):
    rows = company.history.iloc[:400:2]
    found = fit(rows, (np.arange(200) < outcomes).astype(float))
    assert found.level == "rate"
    assert found.training.missing_outcomes == 20 - outcomes
    base, contributions = found.contributions(rows)
    # half a lead is added on either side: (outcomes + 0.5) / (200 + 1)
    assert 1 / (1 + np.exp(-base)) == pytest.approx((outcomes + 0.5) / 201)
    assert (found.log_odds(rows) == base).all()
    assert (contributions == 0).all(axis=None)
    assert Estimator.from_files(found.to_files()) == found


def test_all_leads_with_the_outcome_is_a_base_rate_too(fit, company):
    rows = company.history.iloc[:400:2]
    found = fit(rows, np.ones(200))
    assert found.level == "rate"
    assert np.isfinite(found.log_odds(rows)).all()


def test_twenty_outcomes_train_a_model(fit, company):
    rows = company.history.iloc[:800:2]
    y = np.zeros(400)
    y[np.argsort(-company.true_log_odds[:800:2])[:20]] = 1
    found = fit(rows, y)
    assert found.level == "model"
    assert found.training.tried_on == "folds"  # too few among the newer leads
    odds = found.log_odds(rows)
    assert odds[y == 1].mean() > odds[y == 0].mean()


def test_many_outcomes_are_tried_forward_in_time(estimator):
    assert estimator.training.tried_on == "newer leads"
    assert len(estimator.boosters) == 2
    assert [part.statistics is None for part in estimator.boosters] == [False, True]


def test_a_probability_is_no_observation(fit, company):
    rows = company.history.iloc[:400:2]
    y = np.where(np.arange(200) < 19, 1.0, np.where(np.arange(200) < 100, 0.0, 0.9))
    found = fit(rows, y)
    assert (found.level, found.training.outcomes, found.training.missing_outcomes) == ("rate", 19, 1)
    # but it counts in the rate: 19 + 100 · 0.9 of 200, half a lead on either side
    assert 1 / (1 + np.exp(-found.rate_log_odds)) == pytest.approx((19 + 90 + 0.5) / 201)


def test_a_share_is_learned_as_two_weighted_rows(fit, company):
    """A fifth of the leads known by a probability, against the same as yes and no with its weights."""
    rows = company.history.iloc[:1600:2].reset_index(drop=True)
    p = 1 / (1 + np.exp(-company.true_log_odds[:1600:2]))
    sure = company.labels["y"].to_numpy(dtype=float)[:1600:2]
    young = np.arange(800) % 5 == 0
    shares = np.where(young, p, sure)
    options = EstimatorOptions(boosters=2, max_rounds=40, threads=1, bagging_fraction=1.0, path_smooth=0.0)
    fractional = fit(rows, shares, options)
    doubled = pd.concat([rows, rows[young]], ignore_index=True)
    learned = Rows.of(
        doubled,
        np.concatenate([np.where(young, 1.0, sure), np.zeros(young.sum())]),
        weights=np.concatenate([np.where(young, p, 1.0), 1 - p[young]]),
        lead_ids=doubled["lead_id"],
        as_of_us=to_micros(doubled["as_of"]),
    )
    both = fit_estimator(learned, Fitting(company.features, options, seed=3))
    # not the same bits: leaves count rows, and leads are dealt into folds by their outcomes
    assert fractional.rate_log_odds == pytest.approx(both.rate_log_odds)
    assert np.corrcoef(fractional.log_odds(rows), both.log_odds(rows))[0, 1] > 0.97


def test_young_leads_known_by_their_true_probability_help(fit, company):
    """Half the leads are young; with their probabilities the forecast comes nearer to the truth than without them."""
    test = slice(1600, 2400)
    rows, truth = company.history.iloc[:1600], company.true_log_odds
    y = company.labels["y"].to_numpy(dtype=float)[:1600]
    young = np.arange(1600) >= 800
    with_young = fit(rows, np.where(young, 1 / (1 + np.exp(-truth[:1600])), y))
    without = fit(rows[~young], y[~young])
    errors = [np.square(found.log_odds(company.history[test]) - truth[test]).mean() for found in (with_young, without)]
    assert errors[0] < errors[1]


def test_twenty_outcomes_are_not_worse_than_the_base_rate(fit, make_company):
    """Twelve small companies with 20 outcomes each, measured by the truth on leads that come later."""
    gains = []
    for seed in range(12):
        company = make_company(leads=700, seed=seed, base=-3.0)
        y = company.labels["y"].to_numpy(dtype=float)[:1400:2]
        until = int(np.flatnonzero(np.cumsum(y) == 20)[0]) + 1
        rows, later = company.history.iloc[: 2 * until : 2], company.history.iloc[2 * until :: 2]
        found = fit(rows, y[:until])
        assert found.level == "model"
        p = 1 / (1 + np.exp(-company.true_log_odds[2 * until :: 2]))
        losses = [log_losses(odds, p).mean() for odds in (found.log_odds(later), found.rate_log_odds)]
        gains.append(losses[1] - losses[0])
    assert np.mean(gains) > 0
    assert np.min(gains) > -0.01
