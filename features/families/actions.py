"""What the lead did itself, in which order and at which pace: what came first, visits, what led up to clear intent."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from features.as_of import Positions, Times
from features.compiled import compiled
from features.families.measure import Categories, Measure
from features.kernel.block import Block, lead_families
from features.kernel.declared import Declared
from features.kernel.looks import Marks, Values
from features.source_spec import SourceSpec
from features.time_units import DAY_US

LOW_BEFORE_HIGH = 3
"""So much low-intent content before a high-intent act makes it one that was led up to."""


def _family_of(block: Block, kind: NDArray[np.int64]) -> Categories:
    family = block.declared.once(_family_or_none)[kind]
    return Categories(family, block.declared.family_names)


def _family_or_none(declared: Declared) -> NDArray[np.int64]:
    """Return the family of each kind of event, and at the end, where code -1 stands for no event, -1."""
    return np.append(declared.kinds.family, -1)


def _count_of(marks: Callable[[Block], Marks]) -> Callable[[Block, None], Values]:
    """Return a reading that counts marked acts."""

    def read(block: Block, _: None) -> Values:
        return block.once(marks).count(block.actions).astype(np.float64)

    return read


def _families_count(block: Block, _: None) -> Values:
    count: Values = block.behaviour.is_any[block.declared.once(_are_own)].sum(axis=0, dtype=np.float64)
    return count


def _are_own(declared: Declared) -> NDArray[np.bool_]:
    own = lead_families(declared.spec)
    return np.array([name in own for name in declared.families], dtype=np.bool_)


def _sessions(block: Block) -> Marks:
    """Mark the acts that come more than a session gap after the one before."""
    stream = block.actions.stream
    begins = stream.begins()
    begins[1:] |= np.diff(stream.times) > block.options.session_gap
    return Marks(begins)


def _day_starts(block: Block) -> Marks:
    return Marks(block.actions.stream.begins_day())


def _events_per_active_day(block: Block, _: None) -> Values:
    days = block.once(_day_starts).count(block.actions)
    per_day = block.actions.count() / np.maximum(days, 1)
    return block.actions.only(days > 0, np.round(per_day, 9))


def _days_between_last_two_active_days(block: Block, _: None) -> Values:
    """Look at the first act of the last active day, and at the act before it."""
    looks = block.actions
    starts = block.once(_day_starts)
    position = starts.last(looks)[1]
    are_two = starts.count(looks) > 1
    last, before = (looks.time_at(are_two, at) // DAY_US for at in (position, position - 1))
    return looks.only(are_two, last - before)


def _mean_days_between_active_days(block: Block, _: None) -> Values:
    looks = block.actions
    days = block.once(_day_starts).count(looks)
    span = looks.last_time() // DAY_US - looks.first_time() // DAY_US
    return looks.only(days > 1, np.round(span / np.maximum(days - 1, 1), 9))


def _of_intent(declared: Declared, intent: str) -> NDArray[np.bool_]:
    """Return of which kinds of events the family has this intent; at the end, for no event, that none has."""
    is_so = np.array([family.intent == intent for family in declared.families.values()], dtype=np.bool_)
    return np.append(is_so[declared.kinds.family], False)


def _first_family_high_intent(block: Block, _: None) -> Values:
    first = block.actions.first_code()
    return block.actions.only(first >= 0, block.declared.once(_of_intent, "high")[first])


def _days_to_first_high_intent(block: Block, _: None) -> Values:
    there, position = block.once(_high).first(block.actions)
    return block.actions.only(there, (block.actions.time_at(there, position) - block.created) / DAY_US)


def _is_high(block: Block) -> NDArray[np.bool_]:
    return block.declared.once(_of_intent, "high")[block.actions.stream.codes]


def _high(block: Block) -> Marks:
    return Marks(block.once(_is_high))


def _low_before(block: Block) -> NDArray[np.int64]:
    stream = block.actions.stream
    return _strictly_before(stream.start, stream.times, stream.codes, block.declared.once(_of_intent, "low"))


@compiled
def _strictly_before(
    start: Positions, times: Times, codes: NDArray[np.int64], of_kind: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Count for each fact those of some kinds in its part that lie before its time."""
    before = np.empty(times.size, np.int64)
    for part in range(start.size - 1):
        counted = up_to_now = 0
        for fact in range(start[part], start[part + 1]):
            if fact > start[part] and times[fact] > times[fact - 1]:
                counted = up_to_now
            before[fact] = counted
            up_to_now += of_kind[codes[fact]]
    return before


def _low_intent_before_first_high_count(block: Block, _: None) -> Values:
    there, position = block.once(_high).first(block.actions)
    return block.actions.only(there, np.append(block.once(_low_before), 0)[position])


def _led_up_to(block: Block) -> Marks:
    return Marks(block.once(_is_high) & (block.once(_low_before) >= LOW_BEFORE_HIGH))


def _has_actions(spec: SourceSpec) -> bool:
    return bool(lead_families(spec))


def _intents(spec: SourceSpec) -> set[str]:
    return {family.intent for family in lead_families(spec).values()}


def _has_high(spec: SourceSpec) -> bool:
    return "high" in _intents(spec)


def _has_high_and_low(spec: SourceSpec) -> bool:
    return {"high", "low"} <= _intents(spec)


ACTIONS = (
    Measure("first_family", "category", "",
            "Family of the lead's first event; of several at one time, the first in the source's order",
            lambda block, _: _family_of(block, block.actions.first_code()), "order", has=_has_actions),
    Measure("last_family", "category", "",
            "Family of the lead's last event; of several at one time, the last in the source's order",
            lambda block, _: _family_of(block, block.actions.last_code()), "order", has=_has_actions),
    Measure("families_count", "number", "count", "Number of event families with events of the lead",
            _families_count, "tempo", has=_has_actions),
    Measure("sessions_count", "number", "count", "Number of runs of the lead's events without a session gap",
            _count_of(_sessions), "tempo", has=_has_actions),
    Measure("active_days_count", "number", "days", "Number of UTC days with events of the lead",
            _count_of(_day_starts), "tempo", has=_has_actions),
    Measure("events_per_active_day", "number", "count", "The lead's events by its active days",
            _events_per_active_day, "tempo", has=_has_actions),
    Measure("days_since_last_event", "number", "days", "Days from the lead's last event to as_of",
            lambda block, _: block.actions.since_last(DAY_US), "tempo", has=_has_actions),
    Measure("days_between_last_two_active_days", "number", "days", "Days between the last two active days",
            _days_between_last_two_active_days, "tempo", has=_has_actions),
    Measure("mean_days_between_active_days", "number", "days", "Mean of the days between active days",
            _mean_days_between_active_days, "tempo", has=_has_actions),
    Measure("first_family_high_intent", "boolean", "", "Whether the first event's family has high intent",
            _first_family_high_intent, "order", has=_has_high),
    Measure("high_intent_count", "number", "count", "Number of the lead's high-intent events",
            _count_of(_high), "order", has=_has_high),
    Measure("days_to_first_high_intent", "number", "days", "Days from creation to the first high-intent event",
            _days_to_first_high_intent, "order", has=_has_high),
    Measure("low_intent_before_first_high_count", "number", "count",
            "Number of low-intent events strictly before the first high-intent event",
            _low_intent_before_first_high_count, "order", has=_has_high_and_low),
    Measure("high_intent_after_three_low_count", "number", "count",
            "Number of high-intent events with at least three low-intent events strictly before",
            _count_of(_led_up_to), "order", has=_has_high_and_low),
)  # fmt: skip
