"""A tree for JSON: whatever numbers stand in it, it can be written and reads back as it was."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.json_values import json_values
from models.measures.bootstrap import Interval

NUMBERS = st.one_of(
    st.floats(), st.floats().map(np.float64), st.floats(width=32).map(np.float32), st.integers(),
    st.integers(-9, 9).map(np.int64), st.booleans().map(np.bool_), st.none(), st.text(),
)  # fmt: skip
TREES = st.recursive(NUMBERS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner))


@given(TREES)
def test_every_tree_can_be_written_and_reads_back_as_it_is(tree: Any) -> None:
    plain = json_values(tree)
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert json_values(plain) == plain


def test_an_interval_is_its_three_numbers() -> None:
    interval = Interval(np.float64(0.25), float("nan"), math.inf)
    assert json_values([interval]) == [{"value": 0.25, "low": None, "high": None}]


def test_rounding_leaves_no_negative_zero_and_no_last_digit() -> None:
    assert json_values({"a": 0.1 + 0.2, "b": np.float64(1e-15), "c": -1e-15, "d": 7}, digits=12) == {
        "a": 0.3, "b": 0.0, "c": 0.0, "d": 7,
    }  # fmt: skip
    assert math.copysign(1, json_values(-1e-15, digits=12)) == 1
