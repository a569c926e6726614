"""Facts in order: pieces or not, with days begun and what came after a moment, beside plain Python."""

from __future__ import annotations

import numpy as np
import pytest

from features.kernel.streams import Stream, in_order, in_order_of
from features.time_units import DAY_US


@pytest.fixture
def facts() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    return rng.integers(0, 7, 500), rng.integers(0, 40, 500) * (DAY_US // 3), rng.integers(-1, 4, 500)


def test_pieces_of_any_width_are_put_in_order_as_one(facts: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    part, times, codes = facts
    narrow = part.astype(np.int32), times, codes.astype(np.int16)
    for array in narrow:
        array.flags.writeable = False  # as Arrow hands them over
    pieces = [tuple(array[low : low + 90] for array in narrow) for low in range(0, 500, 90)]
    stream, whole = in_order_of(pieces, 8), in_order(part, times, codes, 8)
    rows = sorted((p, t, c) for p, t, c in zip(*(array.tolist() for array in facts), strict=True) if c >= 0)
    for made in (stream, whole):
        assert made.parts == 8
        in_part = np.repeat(np.arange(8), np.diff(made.start)).tolist()
        assert list(zip(in_part, made.times.tolist(), made.codes.tolist(), strict=True)) == rows


def test_no_pieces_are_a_stream_without_facts() -> None:
    stream = in_order_of([], 3)
    assert stream.start.tolist() == [0, 0, 0, 0]
    assert not len(stream.times)


def test_a_day_begins_with_its_first_fact_in_each_part() -> None:
    # part 0: two facts of day 0, one of day 1; part 1: day 1 again; part 2: before 1970, days -1 and 0
    times = np.array([1, DAY_US - 1, DAY_US, DAY_US + 5, -1, 0])
    stream = Stream(np.array([0, 3, 4, 6]), times, np.zeros(6, np.int64))
    assert stream.begins_day().tolist() == [True, False, True, True, True, True]


def test_after_a_moment_is_what_was_not_known_at_it() -> None:
    # known at a moment is what lies at it or before: of part 0 the 30, of part 1 nothing, of part 2 everything
    stream = Stream(np.array([0, 3, 4, 6]), np.array([10, 20, 30, 5, 1, 2]), np.zeros(6, np.int64))
    part, times = stream.after(np.array([20, 5, -1]))
    assert (part.tolist(), times.tolist()) == ([0, 2, 2], [30, 1, 2])
