"""Order and tempo: what came first, what led up to the first clear intent, visits, stages on the ladder."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from features.as_of import AS_OF, TIME, Total, joined, totals_as_of
from features.catalog.feature_list import calendar_moment, lead_families, open_ladder
from features.families.behaviour import day_start, family_events
from features.source_spec import EventFamily, FeatureOptions, SourceSpec
from features.tables.facts import Facts
from features.time_units import DAY_US, HOUR_US

LOW_BEFORE_HIGH = 3
"""So much low-intent content before a high-intent act makes it one that was led up to."""

_KEYS = ("lead_id", AS_OF)
_NEVER = ibis.null("int64")


def journey_features(facts: Facts, snapshots: ir.Table, spec: SourceSpec, options: FeatureOptions) -> ir.Table:
    """Return ``lead_id``, ``as_of_us`` and the journey features, one row a snapshot.

    Only what leads did themselves counts as their journey; stages are on the ladder whoever moved the lead there.
    """
    created = facts.leads.select("lead_id", "created_us")
    probes = joined(snapshots, created, ["lead_id"])
    table = joined(_calendar(probes, spec), _stage_columns(facts, probes, spec), _KEYS)
    families = lead_families(spec)
    if families:
        table = joined(table, _action_columns(facts, probes, families, options), _KEYS)
    return table


def _days(later_us: ir.Value, earlier_us: ir.Value, unit_us: int = DAY_US) -> ir.Value:
    return (later_us - earlier_us).cast("float64") / float(unit_us)


def _calendar(probes: ir.Table, spec: SourceSpec) -> ir.Table:
    moment = calendar_moment(spec)
    time = probes[f"{moment}_us"]
    in_day = time % DAY_US
    since_monday = (time - in_day + 3 * DAY_US) % (7 * DAY_US)  # 1970-01-01 was a Thursday
    weekday, hour = since_monday, in_day - in_day % HOUR_US
    return probes.select(
        *_KEYS,
        journey_days_since_created=_days(probes[AS_OF], probes.created_us),
        **{f"journey_{moment}_weekday": weekday.cast("float64") / float(DAY_US)},
        **{f"journey_{moment}_hour": hour.cast("float64") / float(HOUR_US)},
    )


def _pack(time_us: ir.Value, number: ir.Value, width: int) -> ir.Value:
    """Put a small number beneath a time, so that the latest or earliest brings its number along."""
    return time_us * width + number


def _unpack(packed: ir.Value, width: int) -> ir.Value:
    return packed & (width - 1)


def _width(count: int) -> int:
    """Return the power of two that holds numbers below ``count``."""
    return 1 << max(count - 1, 1).bit_length()


def _named(number: ir.Value, names: list[str]) -> ir.Value:
    return ibis.cases(*((number == i, name) for i, name in enumerate(names)), else_=ibis.null("string"))


def _stage_columns(facts: Facts, probes: ir.Table, spec: SourceSpec) -> ir.Table:
    # of several stages at one time the highest counts: recycled below the ladder, lost above it
    names = [*spec.recycled, *spec.ladder, *spec.lost]
    stages, width = facts.stages.filter(facts.stages.stage.isin(names)), _width(len(names))
    entered = stages.entered_us
    number = ibis.cases(
        *((stages.stage == name, ibis.literal(i, "int64")) for i, name in enumerate(names)),
        else_=ibis.literal(0, "int64"),
    )
    anchor = spec.snapshots.anchor.removeprefix("stage:")
    firsts = {part: (stages.stage == stage).ifelse(entered, _NEVER) for part, stage in open_ladder(spec).items()}
    one, zero = ibis.literal(1, "int64"), ibis.literal(0, "int64")
    rows = stages.select(
        "lead_id",
        **{TIME: entered},
        packed=_pack(entered, number, width),
        at=entered,
        one=one,
        recycled=stages.stage.isin(spec.recycled or ("",)).ifelse(one, zero),
        anchor=(stages.stage == anchor).ifelse(entered, _NEVER),
        **{f"first_{part}": first for part, first in firsts.items()},
    )
    totals = [Total("packed", "packed", "max"), Total("at", "at", "max"), Total("one", "one")]
    totals += [Total("recycled", "recycled"), Total("anchor", "anchor", "min")]
    totals += [Total(f"first_{part}", f"first_{part}", "min") for part in firsts]
    table = totals_as_of(rows, probes, by=["lead_id"], totals=totals)
    return table.select(
        *_KEYS,
        journey_days_since_anchor=_days(table[AS_OF], table.anchor),
        journey_current_stage=_named(_unpack(table.packed, width), names),
        journey_days_in_stage=_days(table[AS_OF], table.at),
        journey_stage_entries_count=table.one.cast("float64"),
        journey_recycled_count=table.recycled.cast("float64"),
        **{f"journey_hours_to_{part}": _days(table[f"first_{part}"], table.created_us, HOUR_US) for part in firsts},
    )


def _action_facts(facts: Facts, families: dict[str, EventFamily], options: FeatureOptions) -> ir.Table:
    """Return the lead's own events, each with what earlier events make of it."""
    events = family_events(facts.events, families)
    numbers = {intent: [i for i, f in enumerate(families.values()) if f.intent == intent] for intent in ("low", "high")}
    one, zero = ibis.literal(1, "int64"), ibis.literal(0, "int64")
    time, day = events[TIME], day_start(events[TIME])
    by_lead = ibis.window(group_by="lead_id", order_by=TIME)
    before = ibis.range_window(group_by="lead_id", order_by=TIME, preceding=(None, 1))
    low = events.family_no.isin(numbers["low"] or [-1]).ifelse(one, zero)
    previous = time.lag().over(by_lead)
    new_family = ibis.row_number().over(ibis.window(group_by=["lead_id", "family_no"], order_by=TIME)) == 0
    rows = events.mutate(
        high=events.family_no.isin(numbers["high"] or [-1]).ifelse(one, zero),
        low_before=low.sum().over(before).fill_null(0),
        session=((time - previous).fill_null(options.session_gap + 1) > options.session_gap).ifelse(one, zero),
        active_day=(day_start(previous).fill_null(-1) < day).ifelse(one, zero),
        previous_day=day_start(previous),
        new_family=new_family.ifelse(one, zero),
        day=day,
    )
    width = _width(len(families))
    is_high, starts_day = rows.high == 1, rows.active_day == 1
    return rows.mutate(
        one=one,
        at=rows[TIME],
        packed=_pack(rows[TIME], rows.family_no, width),
        high_at=is_high.ifelse(rows[TIME], _NEVER),
        high_low_before=is_high.ifelse(rows.low_before, _NEVER),
        led_up=(is_high & (rows.low_before >= LOW_BEFORE_HIGH)).ifelse(one, zero),
        previous_day=starts_day.ifelse(rows.previous_day, _NEVER),
    )


def _action_columns(
    facts: Facts, probes: ir.Table, families: dict[str, EventFamily], options: FeatureOptions
) -> ir.Table:
    rows = _action_facts(facts, families, options)
    totals = [
        Total("first_packed", "packed", "min"), Total("last_packed", "packed", "max"), Total("last_at", "at", "max"),
        Total("events", "one"), Total("sessions", "session"), Total("active_days", "active_day"),
        Total("families", "new_family"), Total("highs", "high"), Total("led_up", "led_up"),
        Total("first_high", "high_at", "min"), Total("low_before", "high_low_before", "min"),
        Total("first_day", "day", "min"), Total("last_day", "day", "max"), Total("previous_day", "previous_day", "max"),
    ]  # fmt: skip
    table = totals_as_of(rows, probes, by=["lead_id"], totals=totals)
    names, width = list(families), _width(len(families))
    high = [i for i, family in enumerate(families.values()) if family.intent == "high"]
    first_no = _unpack(table.first_packed, width)
    days = table.active_days.cast("float64")
    return table.select(
        *_KEYS,
        journey_first_family=_named(first_no, names),
        journey_last_family=_named(_unpack(table.last_packed, width), names),
        journey_first_family_high_intent=first_no.isin(high or [-1]).cast("float64"),
        journey_families_count=table.families.cast("float64"),
        journey_sessions_count=table.sessions.cast("float64"),
        journey_active_days_count=days,
        journey_events_per_active_day=(table.events.cast("float64") / days.nullif(0.0)).round(9),
        journey_days_since_last_event=_days(table[AS_OF], table.last_at),
        journey_days_between_last_two_active_days=_days(table.last_day, table.previous_day),
        journey_mean_days_between_active_days=(_days(table.last_day, table.first_day) / (days - 1.0).nullif(0.0)).round(
            9
        ),
        journey_high_intent_count=table.highs.cast("float64"),
        journey_days_to_first_high_intent=_days(table.first_high, table.created_us),
        journey_low_intent_before_first_high_count=table.low_before.cast("float64"),
        journey_high_intent_after_three_low_count=table.led_up.cast("float64"),
    )
