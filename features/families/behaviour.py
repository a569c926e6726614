"""What the lead did, family by family: how often, how lately, on how many days, more or less than before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from features.as_of import Positions, Times
from features.catalog.wording import plain_words
from features.compiled import compiled
from features.families.measure import Column, Measure, column
from features.families.work import WORK
from features.kernel.block import Block
from features.kernel.looks import Marks, Values
from features.language.sentences import duration_words
from features.source_spec import FeatureOptions, SourceSpec
from features.time_units import DAY_US, WEEK_US, format_duration


def _count(block: Block, window_us: int) -> Values:
    return block.behaviour.count(last_us=window_us)


def _count_ever(block: Block, _: None) -> Values:
    return block.behaviour.count()


@compiled
def _faded_sums(
    start: Positions, times: Times, part: Positions, known: Positions, moments: Times, half_life_us: int
) -> Values:
    """Keep a sum that halves every half-life; a known fact adds 1 to what is left of it at its time."""
    kinds, looks = part.shape
    sums = np.zeros((kinds, looks), np.float64)
    for kind in range(kinds):
        before, fact, total = -1, 0, 0.0
        for look in range(looks):
            own, until = part[kind, look], known[kind, look]
            first = start[own]
            if own != before or fact > until:
                before, fact, total = own, first, 0.0
            while fact < until:
                if fact > first:
                    total *= 2.0 ** (-(times[fact] - times[fact - 1]) / half_life_us)
                total += 1.0
                fact += 1
            if until > first:
                sums[kind, look] = total * 2.0 ** (-(moments[look] - times[until - 1]) / half_life_us)
    return sums


def _decayed(block: Block, half_life_us: int) -> Values:
    looks, stream = block.behaviour, block.behaviour.stream
    sums = _faded_sums(stream.start, stream.times, looks.part, looks.known, looks.moments, half_life_us)
    return np.round(sums, 9)


def _days_since_last(block: Block, _: None) -> Values:
    return block.behaviour.since_last(DAY_US)


def _distinct_days(block: Block, _: None) -> Values:
    return Marks(block.behaviour.stream.begins_day()).count(block.behaviour).astype(np.float64)


def trend_windows(options: FeatureOptions) -> tuple[int, int] | None:
    """Return the shorter and the longer window whose rates a trend compares, or None with fewer than two windows."""
    windows = sorted(set(options.windows))
    if len(windows) < 2:
        return None
    middle = (len(windows) - 1) // 2
    return windows[middle], windows[middle + 1]


def _trend(block: Block, windows: tuple[int, int]) -> Values:
    short, long = windows
    looks = block.behaviour
    lately = looks.count(last_us=short)
    before = looks.count(last_us=long) - lately
    change = lately * (WEEK_US / short) - before * (WEEK_US / (long - short))
    return looks.only(looks.is_any, np.round(change, 9))


def _windows(options: FeatureOptions) -> Iterable[int]:
    return options.windows


def _half_lives(options: FeatureOptions) -> Iterable[int]:
    return options.half_lives


MEASURES = (
    Measure(
        "count", "number", "count", "Number of {what} in (as_of - {length}, as_of]", _count, each=_windows
    ),
    Measure("count_ever", "number", "count", "Number of {what} up to as_of", _count_ever),
    Measure(
        "decayed", "number", "count", "Sum over {what} of 2^(-age / {length}), age at as_of", _decayed,
        each=_half_lives,
    ),
    Measure("days_since_last", "number", "days", "Days from the last of the {what} to as_of", _days_since_last),
    Measure("distinct_days", "number", "days", "Number of UTC days with {what}", _distinct_days),
)  # fmt: skip
"""In the order of the columns; each family has those that it declares."""

TREND = Measure(
    "trend", "number", "change per week",
    "Number of {what} a week in the last {short} minus a week in the rest of the last {long}", _trend,
)  # fmt: skip
"""Only with two windows to compare."""


def columns(spec: SourceSpec, options: FeatureOptions) -> Iterator[Column]:
    """Yield the columns of the event families that may enter the model, family by family."""
    for number, (family, declared) in enumerate(spec.model_families().items()):
        thing, prefix = declared.words or plain_words(family), f"behaviour_{family}"
        what = f"events of family {family} by {declared.actor}"
        for measure in MEASURES:
            for us in measure.each(options) if declared.has(measure.name) else ():
                length = "" if us is None else format_duration(us)
                window = None if us is None else duration_words(us, every=measure.name == "decayed")
                yield column(
                    measure, prefix, name=f"{measure.name}_{length}" if length else None, subject=family,
                    parameter=us, kind=number, thing=thing, window=window, what=what, length=length,
                )  # fmt: skip
        windows = trend_windows(options)
        if windows is not None and declared.has(TREND.name):
            short, long = map(format_duration, windows)
            yield column(
                TREND, prefix, subject=family, parameter=windows, kind=number, thing=thing,
                what=what, short=short, long=long,
            )  # fmt: skip
        for measure in WORK:
            if declared.has(measure.name):
                yield column(measure, prefix, subject=family, kind=number, thing=thing, family=family)
