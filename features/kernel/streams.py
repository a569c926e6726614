"""Facts in parts, one part after the other, each in order of time: all that a measure reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.as_of import Positions, Times
from features.compiled import compiled

SHORT = 32
"""Runs of so many facts are put in order one by one; longer ones are merged from them."""


@dataclass(frozen=True)
class Stream:
    """Facts in order of part, then of time, then of code.

    Attributes
    ----------
    start : array of int64 of length parts + 1
        Where each part begins.
    times : array of int64
        Microseconds since 1970 UTC.
    codes : array of int64
        What each fact is, as a whole number; what it means is said by who makes the stream.
    """

    start: Positions
    times: Times
    codes: NDArray[np.int64]

    @property
    def parts(self) -> int:
        """How many parts there are; some may be empty."""
        return len(self.start) - 1

    def begins(self) -> NDArray[np.bool_]:
        """Return which facts are the first of their part."""
        first = np.zeros(len(self.times) + 1, dtype=np.bool_)
        first[self.start[:-1]] = True
        return first[:-1]

    def between(self, first: int, last: int) -> Stream:
        """Return the parts from ``first`` to before ``last``, without copying their facts."""
        low, high = self.start[first], self.start[last]
        return Stream(self.start[first : last + 1] - low, self.times[low:high], self.codes[low:high])

    def only(self, parts: NDArray[np.bool_]) -> Stream:
        """Return the stream with the facts of these parts; the others become empty."""
        if parts.all():
            return self
        counts = np.where(parts, np.diff(self.start), 0)
        there = np.repeat(parts, np.diff(self.start))
        return Stream(np.concatenate([[0], np.cumsum(counts)]), self.times[there], self.codes[there])

    def one_part(self, part: int, *, without: int) -> Stream:
        """Return one part as a stream of its own, without the facts of one code; part -1 is empty."""
        low, high = (self.start[part], self.start[part + 1]) if part >= 0 else (0, 0)
        there = self.codes[low:high] != without
        times, codes = self.times[low:high][there], self.codes[low:high][there]
        return Stream(np.array([0, len(times)]), times, codes)

    def split(self, kinds: NDArray[np.int64], count: int) -> Stream:
        """Return the stream with each part split by what its facts are.

        Parameters
        ----------
        kinds : array of int64
            For each code its kind, 0 to ``count`` - 1, or below 0 for facts that are left out.
        count : int
            Kinds; part p and kind k become part p * count + k. The codes stay.
        """
        if count == 1 and (kinds >= 0).all():
            return self
        return Stream(*_split(self.start, self.times, self.codes, kinds, count))


def in_order(part: NDArray[np.int64], times: Times, codes: NDArray[np.int64], parts: int) -> Stream:
    """Return facts that come in any order as a stream: linear, but for what is out of order inside a part.

    Parameters
    ----------
    part : array of int64
        The part of each fact, 0 to ``parts`` - 1.
    times, codes : array of int64
    parts : int
    """
    return Stream(*_in_order(part, times, codes, parts))


@compiled
def _in_order(  # noqa: C901 - what is compiled together is written together
    part: NDArray[np.int64], times: Times, codes: NDArray[np.int64], parts: int
) -> tuple[Positions, Times, NDArray[np.int64]]:
    start = np.zeros(parts + 1, np.int64)
    for fact in range(part.size):
        start[part[fact] + 1] += 1
    for own in range(parts):
        start[own + 1] += start[own]
    place = start[:-1].copy()
    t, c = np.empty(part.size, np.int64), np.empty(part.size, np.int64)
    for fact in range(part.size):
        p = place[part[fact]]
        place[part[fact]] = p + 1
        t[p], c[p] = times[fact], codes[fact]
    longest = 0
    for own in range(parts):
        longest = max(longest, start[own + 1] - start[own])
    t_merged, c_merged = np.empty(longest, np.int64), np.empty(longest, np.int64)
    for own in range(parts):
        a, b = start[own], start[own + 1]
        ordered = True
        for i in range(a + 1, b):
            if t[i - 1] > t[i] or (t[i - 1] == t[i] and c[i - 1] > c[i]):
                ordered = False
                break
        if ordered:
            continue
        for low in range(a, b, SHORT):
            for i in range(low + 1, min(low + SHORT, b)):
                x, y, j = t[i], c[i], i - 1
                while j >= low and (t[j] > x or (t[j] == x and c[j] > y)):
                    t[j + 1], c[j + 1] = t[j], c[j]
                    j -= 1
                t[j + 1], c[j + 1] = x, y
        width = SHORT
        while width < b - a:
            for low in range(a, b, 2 * width):
                middle, high = min(low + width, b), min(low + 2 * width, b)
                i, j = low, middle
                for k in range(high - low):
                    if j >= high or (i < middle and (t[i] < t[j] or (t[i] == t[j] and c[i] <= c[j]))):
                        t_merged[k], c_merged[k] = t[i], c[i]
                        i += 1
                    else:
                        t_merged[k], c_merged[k] = t[j], c[j]
                        j += 1
                t[low:high], c[low:high] = t_merged[: high - low], c_merged[: high - low]
            width *= 2
    return start, t, c


@compiled
def _split(
    start: Positions, times: Times, codes: NDArray[np.int64], kinds: NDArray[np.int64], count: int
) -> tuple[Positions, Times, NDArray[np.int64]]:
    parts = start.size - 1
    begin = np.zeros(parts * count + 1, np.int64)
    for own in range(parts):
        for i in range(start[own], start[own + 1]):
            kind = kinds[codes[i]]
            if kind >= 0:
                begin[own * count + kind + 1] += 1
    for part in range(parts * count):
        begin[part + 1] += begin[part]
    place = begin[:-1].copy()
    t, c = np.empty(begin[-1], np.int64), np.empty(begin[-1], np.int64)
    for own in range(parts):
        for i in range(start[own], start[own + 1]):
            kind = kinds[codes[i]]
            if kind >= 0:
                p = place[own * count + kind]
                place[own * count + kind] = p + 1
                t[p], c[p] = times[i], codes[i]
    return begin, t, c
