from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.forecast.coherence import binding_targets, limits


@pytest.mark.parametrize(
    ("sql_horizon", "close_horizon", "expected"),
    [
        ("30d", "30d", {"sql": (), "close": ("sql",)}),
        ("60d", "30d", {"sql": (), "close": ("sql",)}),
        ("30d", "60d", {"sql": (), "close": ()}),  # closing has more time: there is no such law
    ],
)
def test_a_higher_rung_is_limited_where_it_has_no_more_time(make_spec, sql_horizon, close_horizon, expected):
    assert limits(make_spec(sql_horizon=sql_horizon, close_horizon=close_horizon)) == expected


ODDS = st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=20)


@given(ODDS)
@settings(max_examples=60)
def test_close_is_never_likelier_than_sql(make_spec, pairs):
    sql, close = np.array(pairs).T
    own = {"sql": sql, "close": close}
    bound = binding_targets(own, make_spec())
    binding = {name: one.by for name, one in bound.items()}
    assert (binding["sql"] == "sql").all()
    held = np.array([own[name][row] for row, name in enumerate(binding["close"])])
    assert (bound["close"].log_odds == held).all()
    assert (held <= sql).all()
    assert ((held == close) | (binding["close"] == "sql")).all()
    assert ((binding["close"] == "sql") == (close > sql)).all()


def test_targets_that_are_the_same_agree_on_the_smaller(make_spec):
    spec = make_spec()
    both = spec.model_copy(update={"targets": {"sql": spec.targets["sql"], "close": spec.targets["sql"]}})
    own = {"sql": np.array([1.0, -1.0]), "close": np.array([0.0, 0.0])}
    binding = binding_targets(own, both)
    assert binding["sql"].by.tolist() == ["close", "sql"]
    assert binding["close"].by.tolist() == ["close", "sql"]
