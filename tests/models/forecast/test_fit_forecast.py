from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.errors import InputError
from models.forecast.fit_forecast import labelled_rows, predict_fitted
from models.forecast.saved_form import to_files


def test_the_same_seed_gives_the_same_forecast_bit_for_bit(fit_company, company, forecast):
    assert to_files(fit_company(company)) == to_files(forecast)


def test_the_test_period_is_never_looked_at(fit_company, company, forecast):
    """Turning every outcome of the test period round, and its features with it, changes nothing."""
    in_test = company.labels["part"] == "test"
    labels = company.labels.assign(y=company.labels["y"].where(~in_test, 1 - company.labels["y"]))
    history, keys = company.history.copy(), set(company.labels.loc[in_test, "lead_id"])
    history.loc[history["lead_id"].isin(keys), "behaviour_demo_count_7d"] = 99.0
    other = type(company)(company.spec, history, labels, company.true_log_odds)
    assert to_files(fit_company(other)) == to_files(forecast)


def test_predictions_cover_the_later_parts_and_are_calibrated(company, fit_fitted):
    predicted = predict_fitted(fit_fitted(company), company.history, company.labels)
    expected = company.labels[company.labels["part"].isin(["calibration", "test"])]
    assert len(predicted) == len(expected)
    assert list(predicted.columns) == ["lead_id", "as_of", "target", "part", "y", "log_odds", "p"]
    for _, rows in predicted.groupby(["target", "part"]):
        p, y = rows["p"], rows["y"].astype(float)
        standard_error = np.sqrt((p * (1 - p)).sum())
        assert abs((y - p).sum()) < 3 * standard_error


def test_too_few_closes_leave_the_base_rate_and_say_so(fit_company, make_company):
    company = make_company(leads=150, seed=2, base=-3.0)
    forecast = fit_company(company)
    assert forecast.levels["close"] == "rate"
    assert forecast.targets["close"].estimator.training.missing_outcomes > 0
    predicted = forecast.predict(company.history)
    assert (predicted["p_close"] <= predicted["p_sql"]).all()


def test_no_outcome_at_all_says_how_many_are_missing(fit_company, company):
    closes = company.labels["target"] == "close"
    labels = company.labels.assign(y=company.labels["y"].where(~closes, 0))
    with pytest.raises(InputError, match=r"labels\.close: expected at least 20 leads .* found none .*20 are missing"):
        fit_company(type(company)(company.spec, company.history, labels, company.true_log_odds))


def test_labels_of_another_run_are_refused(company):
    with pytest.raises(InputError, match="expected features of every labelled snapshot, found"):
        labelled_rows(company.history.tail(10), company.labels, "sql", ("train",))


def test_rows_come_sorted_whatever_their_order(company):
    shuffled = company.history.sample(frac=1, random_state=0)
    rows = labelled_rows(shuffled, company.labels.sample(frac=1, random_state=1), "sql", ("train",))
    pd.testing.assert_frame_equal(rows, labelled_rows(company.history, company.labels, "sql", ("train",)))


def test_an_unknown_target_or_part_is_said(company):
    for target, part, said in (
        ("sqll", "train", "a target out of close, sql, found 'sqll'"),
        ("sql", "tran", "a part out of"),
    ):
        with pytest.raises(InputError, match=said):
            labelled_rows(company.history, company.labels, target, (part,))


def test_a_forecast_prints_as_a_few_lines(forecast):
    text = repr(forecast)
    assert len(text) < 1_000
    assert all(f"{target}: <TargetModel" in text for target in forecast.targets)
