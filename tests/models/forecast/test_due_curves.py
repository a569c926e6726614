"""The curve of each target: coherent over the funnel at every time, and an expected time worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from features.source_spec import SourceSpec
from features.time_units import DAY_US
from models.forecast.due_curves import bounded_curves, curve_days, mean_days, sampled_times, told
from models.log_odds import probability_to_log_odds


def spec_of(*, sql: str, close: str) -> SourceSpec:
    targets = {"sql": {"stage": "SQL", "horizon": sql}, "close": {"stage": "WON", "horizon": close}}
    return SourceSpec.model_validate({"name": "small", "title": {"de": "Klein", "en": "Small"}, "targets": targets})


def curves_of(spec: SourceSpec, days: list[float], p: dict[str, list[float]], pace: dict[str, float]):
    """Return both curves of rows with given probabilities, whose share t/horizon to the power of ``pace`` has come."""
    times = np.array(days) * DAY_US
    own = {name: np.asarray(probability_to_log_odds(np.array(values))) for name, values in p.items()}
    shares = {
        name: np.minimum(times / spec.target(name).horizon, 1)[None, :].repeat(len(values), 0) ** pace[name]
        for name, values in p.items()
    }
    return bounded_curves(times, own, shares, spec)


@pytest.mark.parametrize(("sql", "close"), [("30d", "30d"), ("30d", "90d"), ("90d", "30d")])
def test_no_curve_of_the_close_is_ever_above_that_of_sql_and_none_falls(sql: str, close: str) -> None:
    """Whatever the two say alone, at every time that both speak of, also where their horizons differ."""
    spec, rng = spec_of(sql=sql, close=close), np.random.default_rng(3)
    days = sorted({0.0, 30.0, 90.0, *rng.uniform(0, 90, 40)})
    p = {"sql": rng.uniform(0.01, 0.9, 200).tolist(), "close": rng.uniform(0.01, 0.9, 200).tolist()}
    both = curves_of(spec, days, p, {"sql": 2.0, "close": 0.5})
    for name, curve in both.items():
        within = np.array(days) <= spec.target(name).horizon / DAY_US
        assert np.isnan(curve[:, ~within]).all()
        assert (np.diff(curve[:, within], axis=1) >= 0).all()
    known = ~np.isnan(both["sql"]) & ~np.isnan(both["close"])
    assert known.any()
    assert (both["close"] <= both["sql"])[known].all()


def test_a_longer_horizon_of_the_close_is_bounded_only_as_long_as_sql_speaks() -> None:
    # P(SQL) 0.2 within 30 days, P(close) 0.6 within 60, both even in time: the close alone has 0.3 after 30 days.
    curve = curves_of(
        spec_of(sql="30d", close="60d"), [15, 30, 45, 60], {"sql": [0.2], "close": [0.6]}, {"sql": 1, "close": 1}
    )
    np.testing.assert_allclose(curve["close"], [[0.1, 0.2, 0.45, 0.6]])
    np.testing.assert_allclose(curve["sql"], [[0.1, 0.2, np.nan, np.nan]])


def test_mean_days_by_hand() -> None:
    # Half come evenly over the first half of 10 days, the rest at its end: 0.5 * 2.5 + 0.5 * (5 + 10) / 2 = 5 days.
    assert mean_days(np.array([[0.0, 0.1, 0.2]]), 10 * DAY_US) == pytest.approx([5.0])
    # All within the first half, evenly: 2.5 days. Reached: none.
    assert mean_days(np.array([[0.0, 0.2, 0.2], [1.0, 1.0, 1.0]]), 10 * DAY_US) == pytest.approx([2.5, 0.0])


def test_days_are_told_up_to_the_longest_horizon_and_hold_every_horizon() -> None:
    days = curve_days(spec_of(sql="40d", close="100d"))
    assert days == (1, 3, 7, 14, 21, 30, 40, 45, 60, 75, 90, 100)
    assert curve_days(spec_of(sql="1h", close="1h")) == (pytest.approx(1 / 24),)


def test_what_is_not_known_is_told_as_null() -> None:
    rows = told({"sql": np.array([[0.1, np.nan]]), "close": np.array([[np.nan, 0.05]])}, (7.0, 30.0))
    assert rows == [[{"days": 7.0, "p_sql": 0.1, "p_close": None}, {"days": 30.0, "p_sql": None, "p_close": 0.05}]]


def test_steps_of_every_target_stand_where_they_are_said_to() -> None:
    spec = spec_of(sql="30d", close="90d")
    times, place = sampled_times([DAY_US], spec)
    assert times[0] == DAY_US
    for name, steps in place.items():
        assert (times[steps][0], times[steps][-1]) == (0, spec.target(name).horizon)
