"""The as-of rule and running totals, worked by hand."""

from __future__ import annotations

import duckdb
import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.as_of import Total, counts_as_outcome, is_known, is_matured, totals_as_of

TIMES = st.integers(0, 40)


@given(time=TIMES, as_of=TIMES, horizon=TIMES)
def test_nothing_is_both_known_and_an_outcome(time, as_of, horizon):
    assert not (is_known(time, as_of) and counts_as_outcome(time, as_of, horizon=horizon))
    if time <= as_of + horizon:
        assert is_known(time, as_of) or counts_as_outcome(time, as_of, horizon=horizon)


def test_a_window_matures_when_its_end_is_observed():
    assert is_matured(np.array([4, 5, 6]), 10, 15).tolist() == [True, True, False]


def totals(facts: list[tuple], probes: list[tuple], wanted: list[Total]) -> list[tuple]:
    fact_table = ibis.table({"lead_id": "string", "time_us": "int64", "n": "int64"}, name="facts")
    probe_table = ibis.table({"lead_id": "string", "as_of_us": "int64"}, name="probes")
    rows = totals_as_of(fact_table, probe_table, by=["lead_id"], totals=wanted).order_by("lead_id", "as_of_us")
    connection = duckdb.connect()
    for name, data, columns in (
        ("facts", facts, ("lead_id", "time_us", "n")),
        ("probes", probes, ("lead_id", "as_of_us")),
    ):
        types = [pa.string(), pa.int64(), pa.int64()]
        values = list(zip(*data, strict=True)) if data else [[]] * len(columns)
        connection.register(
            name, pa.table([pa.array(v, t) for v, t in zip(values, types, strict=False)], names=columns)
        )
    return connection.execute(ibis.to_sql(rows)).fetchall()


WANTED = [Total("ever", "n"), Total("last_5", "n", last_us=5), Total("least", "n", "min"), Total("most", "n", "max")]


def test_totals_worked_by_hand():
    facts = [("a", 10, 1), ("a", 15, 2), ("a", 15, 4), ("a", 20, 8), ("b", 12, 16)]
    probes = [("a", 9), ("a", 10), ("a", 15), ("a", 19), ("a", 20), ("c", 20)]
    assert totals(facts, probes, WANTED) == [
        ("a", 9, 0, 0, None, None),  # nothing known yet
        ("a", 10, 1, 1, 1, 1),  # a fact at the very time is known
        ("a", 15, 7, 6, 1, 4),  # (10, 15] leaves out the fact at 10
        ("a", 19, 7, 6, 1, 4),  # (14, 19]
        ("a", 20, 15, 8, 1, 8),  # (15, 20]
        ("c", 20, 0, 0, None, None),  # other leads' facts are none of c's
    ]


@settings(max_examples=15, deadline=None)
@given(
    facts=st.lists(st.tuples(st.sampled_from("ab"), TIMES, st.integers(-5, 5)), max_size=30),
    probes=st.lists(st.tuples(st.sampled_from("ab"), TIMES), min_size=1, max_size=6, unique=True),
)
def test_totals_equal_the_plain_sums(
    facts,
    probes,
):
    for lead, as_of, ever, last_5, least, most in totals(facts, probes, WANTED):
        known = [n for who, time, n in facts if who == lead and time <= as_of]
        assert ever == sum(known)
        assert last_5 == sum(n for who, time, n in facts if who == lead and as_of - 5 < time <= as_of)
        assert (least, most) == (min(known, default=None), max(known, default=None))


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_facts_does_not_matter(order):
    facts = [("a", 10, n) for n in range(20)][::order]
    assert totals(facts, [("a", 10)], WANTED) == [("a", 10, 190, 190, 0, 19)]
