"""The as-of rule and facts in order, worked by hand."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from features.as_of import counts_as_outcome, is_known, is_matured, known_until

TIMES = st.integers(0, 40)


@given(time=TIMES, as_of=TIMES, horizon=TIMES)
def test_nothing_is_both_known_and_an_outcome(time, as_of, horizon):
    assert not (is_known(time, as_of) and counts_as_outcome(time, as_of, horizon=horizon))
    if time <= as_of + horizon:
        assert is_known(time, as_of) or counts_as_outcome(time, as_of, horizon=horizon)


def test_a_window_matures_when_its_end_is_observed():
    assert is_matured(np.array([4, 5, 6]), 10, 15).tolist() == [True, True, False]


def count(facts: dict[int, list[int]], looks: list[tuple[int, int]], *, last: int | None = None) -> list[int]:
    """Count the facts of parts 0 and 1 that are known, or fell into the last so many microseconds."""
    times = np.array([time for part in (0, 1) for time in sorted(facts.get(part, []))], dtype=np.int64)
    start = np.array([0, len(facts.get(0, [])), len(times)])
    part = np.array([[part for part, _ in looks]], dtype=np.int64)
    moments = np.array([as_of for _, as_of in looks], dtype=np.int64)
    until = known_until(times, start, part, moments, 0)
    since = known_until(times, start, part, moments, last) if last is not None else np.where(part < 0, 0, start[part])
    return [int(n) for n in (until - since)[0]]


def test_what_is_known_worked_by_hand():
    facts = {0: [10, 15, 15, 20], 1: [-12]}
    looks = [(0, 9), (0, 10), (0, 15), (0, 19), (0, 20), (1, -13), (1, -12), (-1, 20)]
    assert count(facts, looks) == [0, 1, 3, 3, 4, 0, 1, 0]  # a fact at the very time is known; part -1 has none
    assert count(facts, looks, last=5) == [0, 1, 2, 2, 1, 0, 1, 0]  # (10, 15] leaves out the fact at 10


@settings(max_examples=40, deadline=None)
@given(
    facts=st.fixed_dictionaries({0: st.lists(st.integers(-40, 40)), 1: st.lists(st.integers(-40, 40))}),
    looks=st.lists(st.tuples(st.sampled_from([0, 1]), st.integers(-45, 45)), min_size=1, max_size=12),
    last=st.integers(1, 50),
)
def test_counts_equal_the_plain_counts_in_whatever_order_the_looks_come(facts, looks, last):
    assert count(facts, looks) == [len([t for t in facts[part] if t <= as_of]) for part, as_of in looks]
    assert count(facts, looks, last=last) == [
        len([t for t in facts[part] if as_of - last < t <= as_of]) for part, as_of in looks
    ]
