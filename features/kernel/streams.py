"""Facts in parts, one part after the other, each in order of time: all that a measure reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from features.as_of import Positions, Times, known_until
from features.compiled import compiled
from features.time_units import DAY_US

Piece: TypeAlias = tuple[NDArray[np.integer], Times, NDArray[np.integer]]
"""Part, time and code of facts."""

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

    @classmethod
    def joined(cls, streams: Sequence[Stream]) -> Stream:
        """Return the parts of several streams, one stream after the other."""
        if len(streams) == 1:
            return streams[0]
        start = np.zeros(1 + sum(stream.parts for stream in streams), np.int64)
        np.cumsum(np.concatenate([np.diff(stream.start) for stream in streams]), out=start[1:])
        times, codes = (np.concatenate([getattr(stream, name) for stream in streams]) for name in ("times", "codes"))
        return cls(start, times, codes)

    @property
    def parts(self) -> int:
        """How many parts there are; some may be empty."""
        return len(self.start) - 1

    def begins(self) -> NDArray[np.bool_]:
        """Return which facts are the first of their part."""
        first = np.zeros(len(self.times) + 1, dtype=np.bool_)
        first[self.start[:-1]] = True
        return first[:-1]

    def begins_day(self) -> NDArray[np.bool_]:
        """Return which facts are the first of their part and UTC day."""
        return _first_of_day(self.start, self.times)

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

    def after(self, since: Times) -> tuple[Positions, Times]:
        """Return part and time of the facts that were not known at a moment, which each part has of its own."""
        parts = np.arange(self.parts)
        first = known_until(self.times, self.start, parts[None, :], since, 0)[0]
        counts = self.start[1:] - first
        skipped = first - np.cumsum(counts) + counts
        return np.repeat(parts, counts), self.times[np.repeat(skipped, counts) + np.arange(counts.sum())]

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


def in_order(part: NDArray[np.integer], times: Times, codes: NDArray[np.integer], parts: int) -> Stream:
    """Return facts that come in any order as a stream: linear, but for what is out of order inside a part.

    Parameters
    ----------
    part : array of whole numbers
        The part of each fact, 0 to ``parts`` - 1.
    times : array of int64
    codes : array of whole numbers
        Facts whose code is below 0 are left out, whatever their part.
    parts : int
    """
    return in_order_of([(part, times, codes)], parts)


def in_order_of(pieces: Sequence[Piece], parts: int) -> Stream:
    """Return facts that come in pieces as a stream, without putting the pieces together first; see `in_order`."""
    start = np.zeros(parts + 1, np.int64)
    for part, _, codes in pieces:
        _count(part, codes, start)
    start = np.cumsum(start)
    place, t, c = start[:-1].copy(), np.empty(start[-1], np.int64), np.empty(start[-1], np.int64)
    for part, times, codes in pieces:
        _place(part, times, codes, place, t, c)
    _sort_parts(start, t, c)
    return Stream(start, t, c)


@compiled
def _count(part: NDArray[np.integer], codes: NDArray[np.integer], start: Positions) -> None:
    for fact in range(part.size):
        if codes[fact] >= 0:
            start[part[fact] + 1] += 1


@compiled
def _place(
    part: NDArray[np.integer],
    times: Times,
    codes: NDArray[np.integer],
    place: Positions,
    t: Times,
    c: NDArray[np.int64],
) -> None:
    for fact in range(part.size):
        if codes[fact] >= 0:
            p = place[part[fact]]
            place[part[fact]] = p + 1
            t[p], c[p] = times[fact], codes[fact]


@compiled
def _sort_parts(start: Positions, t: Times, c: NDArray[np.int64]) -> None:  # noqa: C901 - compiled together
    longest = 0
    for own in range(start.size - 1):
        longest = max(longest, start[own + 1] - start[own])
    t_merged, c_merged = np.empty(longest, np.int64), np.empty(longest, np.int64)
    for own in range(start.size - 1):
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


@compiled
def _first_of_day(start: Positions, times: Times) -> NDArray[np.bool_]:
    is_first = np.empty(times.size, np.bool_)
    for part in range(start.size - 1):
        before = np.iinfo(np.int64).min
        for fact in range(start[part], start[part + 1]):
            day = times[fact] // DAY_US
            is_first[fact] = day != before
            before = day
    return is_first


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
