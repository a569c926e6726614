"""Order and tempo: what came first, what led up to the first clear intent, visits, hands, stages on the ladder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from features.catalog.wording import plain_words
from features.families.measure import Categories, Column, Measure, column
from features.kernel.block import Block, lead_families
from features.kernel.coded_facts import stage_names
from features.kernel.looks import Looks, Marks, Values
from features.language.languages import Words
from features.source_spec import FeatureOptions, SourceSpec
from features.time_units import DAY_US, HOUR_US

LOW_BEFORE_HIGH = 3
"""So much low-intent content before a high-intent act makes it one that was led up to."""


def slug(stage: str) -> str:
    """Return a stage as part of a column name: ``Offer sent`` becomes ``offer_sent``."""
    return re.sub(r"\W+", "_", stage).strip("_").lower()


def open_ladder(spec: SourceSpec) -> dict[str, str]:
    """Return the rungs below the top, keyed by their part of a column name."""
    return {slug(stage): stage for stage in spec.ladder[:-1]}


def calendar_moment(spec: SourceSpec) -> Literal["created", "as_of"]:
    """Return the moment whose weekday and hour are features: creation where a nightly job looks, else the look itself.

    With ``snapshots.every`` past looks keep the hour of creation (or of the anchor) while tonight's all have the
    job's hour: a model would learn from the clock of its own rows.
    """
    return "as_of" if spec.snapshots.every is None else "created"


# calendar


def _days_since_created(block: Block, _: None) -> Values:
    return (block.moments - block.created) / DAY_US


def _weekday(times: NDArray[np.int64]) -> Values:
    return ((times // DAY_US + 3) % 7).astype(np.float64)  # 1970-01-01 was a Thursday


def _hour(times: NDArray[np.int64]) -> Values:
    return (times // HOUR_US % 24).astype(np.float64)


def _created_weekday(block: Block, _: None) -> Values:
    return _weekday(block.created)


def _created_hour(block: Block, _: None) -> Values:
    return _hour(block.created)


def _as_of_weekday(block: Block, _: None) -> Values:
    return _weekday(block.moments)


def _as_of_hour(block: Block, _: None) -> Values:
    return _hour(block.moments)


# what the lead did itself


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


# who of the staff acted


def _staff_count(block: Block, _: None) -> Values:
    """Count the acts of people who had not acted for the lead before."""
    stream = block.staff.stream
    lead = np.repeat(np.arange(stream.parts), np.diff(stream.start))
    order = np.lexsort((np.arange(len(lead)), stream.codes, lead))
    is_new = np.ones(len(lead), dtype=np.bool_)
    is_new[order[1:]] = (np.diff(stream.codes[order]) != 0) | (np.diff(lead[order]) != 0)
    return Marks(is_new).count(block.staff).astype(np.float64)


def _handovers_count(block: Block, _: None) -> Values:
    stream = block.staff.stream
    other = np.zeros(len(stream.codes), dtype=np.bool_)
    other[1:] = np.diff(stream.codes) != 0
    return Marks(other & ~stream.begins()).count(block.staff).astype(np.float64)


# stages


def _entries(block: Block, stages: tuple[str, ...]) -> Marks:
    names = stage_names(block.spec)
    return Marks(np.isin(block.stages.stream.codes, [names.index(stage) for stage in stages]))


def _first_entry(block: Block, stage: str) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    there, position = _entries(block, (stage,)).first(block.stages)
    return there, np.concatenate([block.stages.stream.times, [0]])[position]


def _days_since_anchor(block: Block, stage: str) -> Values:
    there, entered = _first_entry(block, stage)
    return Looks.only(there, (block.moments - entered) / DAY_US)


def _current_stage(block: Block, _: None) -> Categories:
    return Categories(block.stages.last_code(), stage_names(block.spec))


def _days_in_stage(block: Block, _: None) -> Values:
    return block.stages.since_last(DAY_US)


def _stage_entries_count(block: Block, _: None) -> Values:
    return block.stages.count()


def _recycled_count(block: Block, _: None) -> Values:
    return _entries(block, block.spec.recycled).count(block.stages).astype(np.float64)


def _hours_to_stage(block: Block, stage: str) -> Values:
    there, entered = _first_entry(block, stage)
    return Looks.only(there, (entered - block.created) / HOUR_US)


# the tables


def _in_created(spec: SourceSpec) -> bool:
    return calendar_moment(spec) == "created"


def _in_as_of(spec: SourceSpec) -> bool:
    return calendar_moment(spec) == "as_of"


def _has_actions(spec: SourceSpec) -> bool:
    return bool(lead_families(spec))


def _intents(spec: SourceSpec) -> set[str]:
    return {family.intent for family in lead_families(spec).values()}


def _has_high(spec: SourceSpec) -> bool:
    return "high" in _intents(spec)


def _has_high_and_low(spec: SourceSpec) -> bool:
    return {"high", "low"} <= _intents(spec)


def _says_who_acted(spec: SourceSpec) -> bool:
    return spec.who_acted is not None


def _has_anchor(spec: SourceSpec) -> bool:
    return spec.snapshots.anchor != "created"


def _has_recycled(spec: SourceSpec) -> bool:
    return bool(spec.recycled)


CALENDAR = (
    Measure("days_since_created", "number", "days", "Days from creation to as_of", _days_since_created, "age"),
    Measure("created_weekday", "number", "", "UTC weekday of creation, Monday is 0", _created_weekday, "calendar",
            has=_in_created),
    Measure("created_hour", "number", "hours", "UTC hour of creation, 0 to 23", _created_hour, "calendar",
            has=_in_created),
    Measure("as_of_weekday", "number", "", "UTC weekday of as_of, Monday is 0", _as_of_weekday, "calendar",
            has=_in_as_of),
    Measure("as_of_hour", "number", "hours", "UTC hour of as_of, 0 to 23", _as_of_hour, "calendar", has=_in_as_of),
)  # fmt: skip

ANCHOR = Measure(
    "days_since_anchor", "number", "days", "Days from the first entry into {stage} to as_of", _days_since_anchor,
    "age", has=_has_anchor,
)  # fmt: skip

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

STAFF = (
    Measure("staff_count", "number", "count", "Number of people of the staff who acted up to as_of",
            _staff_count, "staff", has=_says_who_acted),
    Measure("handovers_count", "number", "count",
            "Number of times that somebody else of the staff acted than the time before",
            _handovers_count, "staff", has=_says_who_acted),
)  # fmt: skip

STAGES = (
    Measure("current_stage", "category", "", "Stage entered last; of several at one time, the highest",
            _current_stage, "stage"),
    Measure("days_in_stage", "number", "days", "Days from the last entry into any stage to as_of",
            _days_in_stage, "stage"),
    Measure("stage_entries_count", "number", "count", "Number of entries into stages up to as_of",
            _stage_entries_count, "stage"),
    Measure("recycled_count", "number", "count", "Number of entries into {recycled} up to as_of",
            _recycled_count, "stage", has=_has_recycled),
)  # fmt: skip

HOURS_TO_STAGE = Measure(
    "hours_to_stage", "number", "hours", "Hours from creation to the first entry into {stage}", _hours_to_stage, "stage"
)

CURRENT_STAGE = "journey_current_stage"
"""With the hours to each rung, the feature that tells whether a lead has reached a target already."""


def columns(spec: SourceSpec, options: FeatureOptions) -> Iterator[Column]:
    """Yield the columns of the journey, in the order of a feature row."""
    named = tuple((name, family.words or plain_words(name)) for name, family in lead_families(spec).items())
    for measure in CALENDAR:
        if measure.has(spec):
            yield column(measure, "journey")
    if ANCHOR.has(spec):
        stage = spec.snapshots.anchor.removeprefix("stage:")
        yield column(ANCHOR, "journey", parameter=stage, thing=Words.same(stage), stage=stage)
    for measure in (*ACTIONS, *STAFF, *STAGES):
        if measure.has(spec):
            values = named if measure in ACTIONS and measure.dtype == "category" else ()
            yield column(measure, "journey", values=values, recycled=", ".join(spec.recycled))
    for part, stage in open_ladder(spec).items():
        yield column(
            HOURS_TO_STAGE, "journey", name=f"hours_to_{part}", parameter=stage, thing=Words.same(stage), stage=stage
        )
