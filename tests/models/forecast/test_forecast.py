from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.engine import compute_features
from features.errors import InputError
from features.labelling.labels import build_labels
from features.source_spec import FeatureOptions
from features.tables.facts import FactFrames
from features.time_units import DAY_US, from_micros
from models.calibration.intercept_and_slope import Calibration
from models.log_odds import log_odds_to_probability


@pytest.fixture(scope="module")
def rows(company):
    return company.history.tail(400)


@pytest.fixture(scope="module")
def eager(forecast):
    """The forecast with closes calibrated far up, so that the funnel binds."""
    close = replace(forecast.targets["close"], calibration=Calibration(intercept=1.2, slope=0.9))
    return replace(forecast, targets={"sql": forecast.targets["sql"], "close": close})


def test_close_is_never_likelier_than_sql(eager, rows):
    predicted = eager.predict(rows)
    assert (predicted["p_close"] <= predicted["p_sql"]).all()
    bound = predicted["bound_by_close"].eq("sql")
    assert 0 < bound.sum() < len(rows)
    assert (predicted.loc[bound, "p_close"] == predicted.loc[bound, "p_sql"]).all()
    assert predicted["bound_by_sql"].isna().all()


@pytest.mark.parametrize("target", ["sql", "close"])
def test_an_explanation_adds_up_to_the_forecast_bound_or_not(eager, rows, target):
    explanation, predicted = eager.explain(rows, target), eager.predict(rows)
    summed = explanation.base + explanation.contributions.sum(axis=1)
    assert (summed - predicted[f"log_odds_{target}"]).abs().max() < 1e-9
    assert (explanation.log_odds == predicted[f"log_odds_{target}"]).all()
    assert (log_odds_to_probability(explanation.log_odds) == predicted[f"p_{target}"]).all()


def test_a_bound_row_is_explained_by_the_binding_target(eager, rows):
    close, sql = eager.explain(rows, "close"), eager.explain(rows, "sql")
    bound = close.bound_by.eq("sql")
    assert (close.contributions[bound] == sql.contributions[bound]).all(axis=None)
    assert (close.base[bound] == sql.base[bound]).all()
    assert len(close.base[~bound].unique()) == 1


def test_contributions_are_scaled_by_the_calibration(forecast, rows):
    model = forecast.targets["sql"]
    steep = replace(model, calibration=Calibration(intercept=0.25, slope=2.0))
    base, contributions = model.estimator.contributions(rows)
    assert steep.contributions(rows)[0] == pytest.approx(0.25 + 2 * base)
    assert (steep.contributions(rows)[1] == 2 * contributions).all(axis=None)


@pytest.mark.parametrize(("stage", "reached_sql", "reached_close"), [("SQL", 1, 0), ("WON", 1, 1), ("MQL", 0, 0)])
def test_a_lead_at_the_target_has_reached_it(forecast, rows, stage, reached_sql, reached_close):
    there = rows.assign(journey_current_stage=stage)
    predicted = forecast.predict(there)
    assert (predicted["reached_sql"] == reached_sql).all()
    assert (predicted["reached_close"] == reached_close).all()
    assert (predicted["p_sql"] == 1).all() == bool(reached_sql)
    assert (predicted["p_close"] == 1).all() == bool(reached_close)
    explanation = forecast.explain(there, "sql")
    assert explanation.reached.all() == bool(reached_sql)
    assert np.isinf(explanation.base).all() == bool(reached_sql)


def random_paths(spec, seed, *, leads=60):
    """Leads that wander over the open stages, back to marketing too; a fifth are won or lost after hour 100."""
    rng, hour_us = np.random.default_rng(seed), 3_600_000_000
    start_us = 1_767_225_600_000_000
    open_stages = [*spec.ladder[:-1], *spec.recycled]
    ids = [f"L{number:02d}" for number in range(leads)]
    steps = [(lead, rng.choice(open_stages), hour) for lead in ids for hour in rng.integers(0, 150, rng.integers(0, 5))]
    steps += [(lead, rng.choice(spec.closed_stages), 101) for lead in ids[::5]]
    stages = pd.DataFrame(steps, columns=["lead_id", "stage", "entered_us"])
    stages["entered_us"] = start_us + stages["entered_us"].astype("int64") * hour_us
    created = from_micros(pd.Series([start_us] * leads))
    frames = FactFrames(
        pd.DataFrame({"lead_id": ids, "created_at": created}),
        stages=stages.assign(entered_at=from_micros(stages["entered_us"])).drop(columns="entered_us"),
    )
    return frames, stages, pd.DataFrame({"lead_id": ids, "as_of_us": start_us + 100 * hour_us})


@pytest.mark.parametrize("seed", range(5))
def test_labels_and_forecast_agree_on_who_has_reached_a_target(forecast, seed):
    frames, stages, looks = random_paths(forecast.spec, seed)
    X = compute_features(frames, looks, forecast.spec, FeatureOptions())
    predicted = forecast.predict(X)
    labels = build_labels(looks, stages, forecast.spec, observed_until_us=int(looks["as_of_us"].max()))
    handed_back = X["journey_current_stage"].eq("RECYCLED") & X["journey_hours_to_sql"].notna()
    assert handed_back.any()
    for name in forecast.targets:
        at_risk = labels[labels["target"] == name].set_index("lead_id").loc[X["lead_id"], "at_risk"].to_numpy()
        assert (predicted[f"reached_{name}"].to_numpy() == ~at_risk).all()
        assert (predicted.loc[~at_risk, f"p_{name}"] == 1).all()
    reason = forecast.explain(X, "sql")
    assert np.isinf(reason.base[handed_back]).all()
    assert not predicted.loc[handed_back, "bound_by_close"].eq("sql").any()


def test_who_has_reached_a_target_is_told_by_the_columns_that_are_there(forecast, rows):
    one = rows.head(1).assign(journey_current_stage="RECYCLED", journey_hours_to_sql=5.0)
    assert forecast.predict(one)["reached_sql"].item()
    left = tuple(feature for feature in forecast.features if feature.name != "journey_hours_to_sql")
    assert not replace(forecast, features=left).predict(one)["reached_sql"].item()
    assert replace(forecast, features=left).predict(one.assign(journey_current_stage="SQL"))["reached_sql"].item()
    left = tuple(feature for feature in forecast.features if feature.name != "journey_current_stage")
    assert replace(forecast, features=left).predict(one)["reached_sql"].item()


def test_rows_score_alone_as_they_do_together_and_in_any_order(forecast, rows):
    together = forecast.predict(rows)
    assert forecast.predict(rows.iloc[[7]]).equals(together.iloc[[7]])
    assert forecast.predict(rows.iloc[::-1]).iloc[::-1].equals(together)


def test_no_rows_give_no_forecasts(forecast, rows):
    assert forecast.predict(rows.head(0)).empty
    assert forecast.explain(rows.head(0), "sql").contributions.shape == (0, len(forecast.features))


def test_other_columns_and_their_order_do_no_harm(forecast, rows):
    turned = rows[rows.columns[::-1]].assign(another=1)
    assert forecast.predict(turned).equals(forecast.predict(rows))


def test_a_feature_that_is_not_there_is_named(forecast, rows):
    with pytest.raises(InputError, match="behaviour_demo_trend"):
        forecast.predict(rows.drop(columns="behaviour_demo_trend"))


def test_a_target_that_is_not_forecast_is_named(forecast, rows):
    with pytest.raises(InputError, match="'mql'"):
        forecast.explain(rows, "mql")


TIMES = [0, 1, 3, 10, 20, 29, 30]


@pytest.mark.parametrize("target", ["sql", "close"])
def test_a_curve_rises_to_the_forecast_at_the_horizon(eager, rows, target):
    """The law of the funnel over all horizons, on every row."""
    days = np.array(TIMES) * DAY_US
    curve, predicted = eager.curve(rows, target, days), eager.predict(rows)
    assert (np.diff(curve, axis=1) >= 0).all()
    np.testing.assert_allclose(curve[:, -1], predicted[f"p_{target}"])
    assert (curve[:, 0] == 0).all()
    assert (eager.curve(rows, "close", days) <= eager.curve(rows, "sql", days)).all()
    assert np.isnan(eager.curve(rows, target, [31 * DAY_US])).all()


def test_expected_days_lie_between_now_and_the_horizon_and_match_the_outcomes(forecast, rows, company):
    days = forecast.expected_days(rows, "sql")
    assert ((days > 0) & (days < 30)).all()
    told = company.labels[(company.labels["target"] == "sql") & company.labels["y"].eq(1)]
    actual = (told["outcome_at"] - told["as_of"]).dt.total_seconds().mean() / 86_400
    assert days.mean() == pytest.approx(actual, rel=0.1)


def test_a_lead_that_has_reached_the_target_needs_no_time(forecast, rows):
    reached = rows.head(3).assign(journey_current_stage="SQL")
    assert (forecast.curve(reached, "sql", [0, DAY_US]) == 1).all()
    assert (forecast.expected_days(reached, "sql") == 0).all()
