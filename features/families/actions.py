"""What the lead did itself, in which order and at which pace: what came first, visits, what led up to clear intent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.families.measure import Categories, Measure
from features.kernel.block import Block, lead_families
from features.kernel.looks import Marks, Values
from features.source_spec import SourceSpec
from features.time_units import DAY_US

LOW_BEFORE_HIGH = 3
"""So much low-intent content before a high-intent act makes it one that was led up to."""
"""So much low-intent content before a high-intent act makes it one that was led up to."""


def _family_of(block: Block, kind: NDArray[np.int64]) -> Categories:
    names = tuple(block.spec.model_families())
    return Categories(np.where(kind >= 0, block.kinds.family[np.maximum(kind, 0)], -1), names)


def _first_family(block: Block, _: None) -> Categories:
    return _family_of(block, block.actions.first_code())


def _last_family(block: Block, _: None) -> Categories:
    return _family_of(block, block.actions.last_code())


def _families_count(block: Block, _: None) -> Values:
    own = lead_families(block.spec)
    is_own = np.array([name in own for name in block.spec.model_families()])
    count: Values = block.behaviour.is_any[is_own].sum(axis=0, dtype=np.float64)
    return count


def _sessions_count(block: Block, _: None) -> Values:
    """Count the acts that come more than a session gap after the one before."""
    stream = block.actions.stream
    begins = stream.begins()
    begins[1:] |= np.diff(stream.times) > block.options.session_gap
    return Marks(begins).count(block.actions).astype(np.float64)


def _day_starts(block: Block) -> Marks:
    """Mark the first act of each day."""
    stream = block.actions.stream
    day = stream.times // DAY_US
    starts = stream.begins()
    starts[1:] |= day[1:] != day[:-1]
    return Marks(starts)


def _active_days_count(block: Block, _: None) -> Values:
    return block.once(_day_starts).count(block.actions).astype(np.float64)


def _events_per_active_day(block: Block, _: None) -> Values:
    days = block.once(_day_starts).count(block.actions)
    per_day = block.actions.count() / np.maximum(days, 1)
    return block.actions.only(days > 0, np.round(per_day, 9))


def _days_since_last_event(block: Block, _: None) -> Values:
    return block.actions.since_last(DAY_US)


def _days_between_last_two_active_days(block: Block, _: None) -> Values:
    """Look at the first act of the last active day, and at the act before it."""
    looks = block.actions
    starts = block.once(_day_starts)
    position = starts.last(looks)[1]
    are_two = starts.count(looks) > 1
    days = np.concatenate([looks.stream.times // DAY_US, [0]])
    return looks.only(are_two, days[position] - days[np.maximum(position - 1, 0)])


def _mean_days_between_active_days(block: Block, _: None) -> Values:
    looks = block.actions
    days = block.once(_day_starts).count(looks)
    span = looks.last_time() // DAY_US - looks.first_time() // DAY_US
    return looks.only(days > 1, np.round(span / np.maximum(days - 1, 1), 9))


def _of_intent(block: Block, intent: str) -> NDArray[np.bool_]:
    """Return which acts belong to a family of this intent."""
    is_so = np.array([family.intent == intent for family in block.spec.model_families().values()])
    return is_so[block.kinds.family[block.actions.stream.codes]]


def _first_family_high_intent(block: Block, _: None) -> Values:
    is_high = np.array([family.intent == "high" for family in block.spec.model_families().values()])
    first = block.actions.first_code()
    return block.actions.only(first >= 0, is_high[block.kinds.family[np.maximum(first, 0)]])


def _high_intent_count(block: Block, _: None) -> Values:
    return block.once(_high).count(block.actions).astype(np.float64)


def _days_to_first_high_intent(block: Block, _: None) -> Values:
    there, position = block.once(_high).first(block.actions)
    times = np.concatenate([block.actions.stream.times, [0]])
    return block.actions.only(there, (times[position] - block.created) / DAY_US)


def _is_high(block: Block) -> NDArray[np.bool_]:
    return _of_intent(block, "high")


def _high(block: Block) -> Marks:
    return Marks(block.once(_is_high))


def _low_strictly_before(block: Block) -> NDArray[np.int64]:
    """Return for each act how many low-intent acts of the lead lie before its time."""
    stream = block.actions.stream
    new_time = stream.begins()
    new_time[1:] |= np.diff(stream.times) > 0
    of_this_time = Marks(new_time).last_at_or_before(np.arange(len(stream.times)))
    low = Marks(_of_intent(block, "low")).before
    at_start = np.repeat(low[stream.start[:-1]], np.diff(stream.start))
    return low[of_this_time] - at_start


def _low_intent_before_first_high_count(block: Block, _: None) -> Values:
    there, position = block.once(_high).first(block.actions)
    return block.actions.only(there, np.append(block.once(_low_strictly_before), 0)[position])


def _high_intent_after_three_low_count(block: Block, _: None) -> Values:
    led_up = block.once(_is_high) & (block.once(_low_strictly_before) >= LOW_BEFORE_HIGH)
    return Marks(led_up).count(block.actions).astype(np.float64)


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
            _first_family, "order", has=_has_actions),
    Measure("last_family", "category", "",
            "Family of the lead's last event; of several at one time, the last in the source's order",
            _last_family, "order", has=_has_actions),
    Measure("families_count", "number", "count", "Number of event families with events of the lead",
            _families_count, "tempo", has=_has_actions),
    Measure("sessions_count", "number", "count", "Number of runs of the lead's events without a session gap",
            _sessions_count, "tempo", has=_has_actions),
    Measure("active_days_count", "number", "days", "Number of UTC days with events of the lead",
            _active_days_count, "tempo", has=_has_actions),
    Measure("events_per_active_day", "number", "count", "The lead's events by its active days",
            _events_per_active_day, "tempo", has=_has_actions),
    Measure("days_since_last_event", "number", "days", "Days from the lead's last event to as_of",
            _days_since_last_event, "tempo", has=_has_actions),
    Measure("days_between_last_two_active_days", "number", "days", "Days between the last two active days",
            _days_between_last_two_active_days, "tempo", has=_has_actions),
    Measure("mean_days_between_active_days", "number", "days", "Mean of the days between active days",
            _mean_days_between_active_days, "tempo", has=_has_actions),
    Measure("first_family_high_intent", "boolean", "", "Whether the first event's family has high intent",
            _first_family_high_intent, "order", has=_has_high),
    Measure("high_intent_count", "number", "count", "Number of the lead's high-intent events",
            _high_intent_count, "order", has=_has_high),
    Measure("days_to_first_high_intent", "number", "days", "Days from creation to the first high-intent event",
            _days_to_first_high_intent, "order", has=_has_high),
    Measure("low_intent_before_first_high_count", "number", "count",
            "Number of low-intent events strictly before the first high-intent event",
            _low_intent_before_first_high_count, "order", has=_has_high_and_low),
    Measure("high_intent_after_three_low_count", "number", "count",
            "Number of high-intent events with at least three low-intent events strictly before",
            _high_intent_after_three_low_count, "order", has=_has_high_and_low),
)  # fmt: skip
