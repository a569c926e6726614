from __future__ import annotations

import pandas as pd
import pytest

from features.errors import InputError
from models.measures.bootstrap import Interval
from pipeline.register.champion import compare_forecasts, comparison_table, decide, unseen


@pytest.mark.parametrize(
    ("beats_baseline", "difference", "obstacle", "promote", "why"),
    [
        (False, None, None, False, "does not beat the baseline"),
        (False, Interval(-0.1, -0.2, -0.05), None, False, "does not beat the baseline"),
        (True, None, None, True, "no champion yet"),
        (True, None, "no common rows", False, "could not be compared with the champion: no common rows"),
        (True, Interval(0.01, -0.01, 0.03), None, False, "higher than the champion's"),
        (True, Interval(-0.01, -0.02, 0.01), None, True, "no higher than the champion's"),
        (True, Interval(-0.02, -0.03, -0.01), None, True, "lower than the champion's"),
        (True, Interval(0.0, 0.0, 0.0), None, True, "no higher than the champion's"),
    ],
)
def test_promoted_is_who_beats_the_baseline_and_is_not_worse(beats_baseline, difference, obstacle, promote, why):
    decision = decide(beats_baseline=beats_baseline, difference=difference, obstacle=obstacle)
    assert decision.promote is promote
    assert why in decision.why


def test_leads_that_a_model_may_have_been_fitted_on_are_left_out():
    # The model's own test began on 1 March. A was first looked at before, so all its rows go; B and C stay.
    days = ["2026-02-27", "2026-03-05", "2026-03-01", "2026-03-02"]
    rows = pd.DataFrame(
        {"lead_id": ["A", "A", "B", "C"], "as_of": pd.to_datetime(days, utc=True), "y": [0.0, 1.0, 1.0, 0.0]}
    )
    assert unseen(rows, "2026-03-01")["lead_id"].tolist() == ["B", "C"]
    with pytest.raises(InputError, match=r"found 1 rows\. Give a later test period"):
        unseen(rows, "2026-03-02")
    with pytest.raises(InputError, match=r"tag leadscore\.test_from"):
        unseen(rows, None)


def test_a_forecast_does_not_differ_from_itself(tiny_forecast, tiny_test_rows):
    same = compare_forecasts(
        {"champion": tiny_forecast, "challenger": tiny_forecast}, tiny_test_rows, target="sql", draws=50, seed=1
    )
    table = comparison_table(same, of="challenger", against="champion")
    assert (table[["difference", "low", "high"]] == 0).all(axis=None)


def test_a_forecast_from_shuffled_outcomes_is_found_to_be_worse(tiny_forecast, fit_tiny, tiny_rows, tiny_test_rows):
    _, labels = tiny_rows
    shuffled = labels.assign(
        y=labels.groupby(["target", "part"])["y"].transform(lambda y: y.sample(frac=1, random_state=1).array)
    )
    blind = fit_tiny(labels=shuffled)
    result = compare_forecasts(
        {"champion": tiny_forecast, "challenger": blind}, tiny_test_rows, target="sql", draws=200, seed=1
    )
    assert result.difference("challenger", "champion", "log_loss").low > 0
    assert result.difference("challenger", "champion", "auc").high < 0


def test_forecasts_that_read_other_features_are_not_compared(tiny_forecast, tiny_test_rows):
    rows = tiny_test_rows.drop(columns=["fit_industry"])
    with pytest.raises(InputError, match="the features that the champion reads, found no column 'fit_industry'"):
        compare_forecasts({"champion": tiny_forecast}, rows, target="sql", draws=50, seed=1)
