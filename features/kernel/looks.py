"""Looks at facts: what is known at a moment, counted, found and read by position."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from features.as_of import Positions, Times, known_until
from features.compiled import compiled
from features.kernel.streams import Stream

Values = NDArray[np.float64]
"""One value a kind and look, or one a look; NaN is none."""


class Looks:
    """Looks at a stream, each at one moment and at one part a kind.

    Parameters
    ----------
    stream : Stream
        The facts.
    part : array of int64 of shape (kinds, looks)
        Which part each kind of each look reads; below 0: none.
    moments : array of int64 of length looks
        As-of times.
    """

    def __init__(self, stream: Stream, part: Positions, moments: Times) -> None:
        self.stream, self.part, self.moments = stream, part, moments
        self._known: dict[int, Positions] = {}

    @cached_property
    def first(self) -> Positions:
        """Position of the first fact of the part."""
        return _begin(self.stream.start, self.part)

    @property
    def known(self) -> Positions:
        """Position after the last fact that is known at the moment."""
        return self.known_before(0)

    def known_before(self, us: int) -> Positions:
        """Return the position after the last fact that was known ``us`` before the moment."""
        if us not in self._known:
            self._known[us] = known_until(self.stream.times, self.stream.start, self.part, self.moments, us)
        return self._known[us]

    def count(self, *, last_us: int | None = None) -> Values:
        """Return how many facts are known, or fell into ``(moment - last_us, moment]``."""
        since = self.first if last_us is None else self.known_before(last_us)
        return (self.known - since).astype(np.float64)

    @cached_property
    def is_any(self) -> NDArray[np.bool_]:
        """Whether any fact is known."""
        return self.known > self.first

    def first_code(self) -> NDArray[np.int64]:
        """Return the code of the first fact, -1 where none is known."""
        return _at(self.stream.codes, self.first, self.is_any, -1)

    def last_code(self) -> NDArray[np.int64]:
        """Return the code of the last known fact, -1 where there is none."""
        return _at(self.stream.codes, self.known - 1, self.is_any, -1)

    def first_time(self) -> Times:
        """Return the time of the first fact; 0 where none is known."""
        return _at(self.stream.times, self.first, self.is_any, 0)

    def last_time(self) -> Times:
        """Return the time of the last known fact; 0 where there is none."""
        return self.time_at(self.is_any, self.known - 1)

    def time_at(self, there: NDArray[np.bool_], position: Positions) -> Times:
        """Return the times of the facts at some positions; 0 where none is there."""
        return _at(self.stream.times, position, there, 0)

    def since_last(self, unit_us: int) -> Values:
        """Return the time from the last known fact to the moment, in units; NaN where there is none."""
        return self.only(self.is_any, (self.moments - self.last_time()) / unit_us)

    @staticmethod
    def only(where: NDArray[np.bool_], values: NDArray[np.number | np.bool_]) -> Values:
        """Return values where they hold, else NaN."""
        return np.where(where, values, np.nan)


class Marks:
    """Some facts of a stream, marked: what a running count counts.

    Parameters
    ----------
    marked : array of bool
        One entry a fact.
    """

    def __init__(self, marked: NDArray[np.bool_]) -> None:
        self.before, self.positions = _counted_up(marked)
        """Marks before each position, and the positions of marks."""

    def count(self, looks: Looks) -> NDArray[np.int64]:
        """Return how many marked facts are known."""
        return _between(self.before, looks.first, looks.known)

    def first(self, looks: Looks) -> tuple[NDArray[np.bool_], Positions]:
        """Return whether a marked fact is known, and the position of the first."""
        return self._at(looks, self.before[looks.first])

    def last(self, looks: Looks) -> tuple[NDArray[np.bool_], Positions]:
        """Return whether a marked fact is known, and the position of the last."""
        return self._at(looks, self.before[looks.known] - 1)

    def last_at_or_before(self, facts: Positions) -> Positions:
        """Return for each fact the position of the last marked one up to itself, -1 where there is none."""
        nth = self.before[facts + 1] - 1
        found: Positions = _at(self.positions, nth[None, :], (nth >= 0)[None, :], -1)[0]
        return found

    def _at(self, looks: Looks, nth: Positions) -> tuple[NDArray[np.bool_], Positions]:
        there = self.count(looks) > 0
        return there, _at(self.positions, nth, there, 0)


@compiled
def _begin(start: Positions, part: Positions) -> Positions:
    first = np.zeros(part.shape, np.int64)
    for kind in range(part.shape[0]):
        for look in range(part.shape[1]):
            if part[kind, look] >= 0:
                first[kind, look] = start[part[kind, look]]
    return first


@compiled
def _counted_up(marked: NDArray[np.bool_]) -> tuple[Positions, Positions]:
    before = np.zeros(marked.size + 1, np.int64)
    for fact in range(marked.size):
        before[fact + 1] = before[fact] + marked[fact]
    positions = np.empty(before[-1], np.int64)
    for fact in range(marked.size):
        if marked[fact]:
            positions[before[fact]] = fact
    return before, positions


@compiled
def _between(before: Positions, first: Positions, known: Positions) -> Positions:
    count = np.empty(known.shape, np.int64)
    for kind in range(known.shape[0]):
        for look in range(known.shape[1]):
            count[kind, look] = before[known[kind, look]] - before[first[kind, look]]
    return count


@compiled
def _at(values: NDArray[np.int64], positions: Positions, where: NDArray[np.bool_], nothing: int) -> NDArray[np.int64]:
    found = np.empty(positions.shape, np.int64)
    for kind in range(positions.shape[0]):
        for look in range(positions.shape[1]):
            found[kind, look] = values[positions[kind, look]] if where[kind, look] else nothing
    return found
