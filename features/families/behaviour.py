"""What the lead did, family by family: how often, how lately, on how many days, more or less than before."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from features.as_of import AS_OF, TIME, Total, joined, totals_as_of
from features.catalog.behaviour_columns import trend_windows
from features.errors import InputError
from features.source_spec import EventFamily, FeatureOptions, SourceSpec
from features.tables.facts import Facts
from features.time_units import DAY_US, WEEK_US, format_duration

BLOCK_HALVINGS = 500
"""Weights double every half-life from the start of a block of this many on; then they begin anew, to stay finite."""
FADED_HALVINGS = 60
"""An event this many half-lives ago weighs below 1e-18: it takes more than 500 million of them to move 9 decimals."""
_BLOCKS = ("even", "odd")


def family_events(events: ir.Table, families: dict[str, EventFamily]) -> ir.Table:
    """Return the events of these families by their declared actors: ``lead_id``, ``time_us``, ``family_no``.

    ``family_no`` counts the families from 0 in the given order.
    """
    number = {t: i for i, family in enumerate(families.values()) for t in family.types}
    actor = {t: family.actor for family in families.values() for t in family.types}
    by_actor = {a: [t for t in number if actor[t] == a] for a in sorted(set(actor.values()))}
    ours = [(events.actor == a) & events.event_type.isin(types) for a, types in by_actor.items()]
    actions = events.filter(ibis.or_(*ours)) if ours else events.filter(ibis.literal(False))
    numbers = [(actions.event_type == t, ibis.literal(i, "int64")) for t, i in number.items()]
    family_no = ibis.cases(*numbers, else_=ibis.literal(-1, "int64")) if numbers else ibis.literal(-1, "int64")
    return actions.select("lead_id", **{TIME: actions.occurred_us}, family_no=family_no)


def day_start(time_us: ir.Value) -> ir.Value:
    """Return the first microsecond of a time's UTC day; whole numbers all the way, so equal on every engine."""
    return time_us - time_us % DAY_US


def behaviour_features(facts: Facts, snapshots: ir.Table, spec: SourceSpec, options: FeatureOptions) -> ir.Table:
    """Return ``lead_id``, ``as_of_us`` and the behaviour features, one row a snapshot.

    Each family of a lead is a partition of its own: facts and probes of a family pass nine running totals, and the
    families are laid side by side afterwards. That is a fraction of the work of nine totals a family over all events.

    Raises
    ------
    InputError
        If a half-life is not longer than 0.
    """
    if any(half_life <= 0 for half_life in options.half_lives):
        raise InputError(expected="half-lives longer than 0", found="a shorter one", table="features.half_lives")
    families = spec.model_families()
    if not families:
        return snapshots
    long = _long_totals(facts, snapshots, families, options)
    side_by_side = long.group_by("lead_id", AS_OF).agg(
        **{
            f"{total}_{i}": (long.family_no == i).ifelse(long[total], ibis.null(long[total].type())).max()
            for i, family in enumerate(families.values())
            for total in _totals_read(family, options)
        }
    )
    table = joined(snapshots, side_by_side, ["lead_id", AS_OF])
    columns: dict[str, ir.Value] = {}
    for i, (name, family) in enumerate(families.items()):
        columns |= _family_columns(table, i, name, family, options)
    return table.select("lead_id", AS_OF, **columns)


def _totals_read(family: EventFamily, options: FeatureOptions) -> list[str]:
    """Return the totals that the measures of a family are made from."""
    windows = [f"count_{us}" for us in sorted(set(options.windows))]
    read = {
        "count": windows,
        "count_ever": ["ever"],
        "decayed": [f"decayed_{us}" for us in options.half_lives],
        "days_since_last": ["last"],
        "distinct_days": ["days"],
        "trend": [*windows, "ever"],
    }
    return sorted({total for measure, totals in read.items() if family.has(measure) for total in totals})


def _long_totals(
    facts: Facts, snapshots: ir.Table, families: dict[str, EventFamily], options: FeatureOptions
) -> ir.Table:
    """Return the totals of each snapshot and each family that its lead has any event of."""
    events = family_events(facts.events, families)
    first_of_day = ibis.row_number().over(
        ibis.window(group_by=["lead_id", "family_no", day_start(events[TIME])], order_by=TIME)
    )
    weights: dict[str, ir.Value] = {}
    for us in options.half_lives:
        weight, odd = ibis.literal(2.0) ** _halvings(events[TIME], us), _in_odd_block(events[TIME], us)
        weights[f"weight_odd_{us}"] = odd.ifelse(weight, ibis.null("float64"))
        weights[f"weight_even_{us}"] = odd.ifelse(ibis.null("float64"), weight)
    rows = events.select(
        "lead_id",
        "family_no",
        TIME,
        one=ibis.literal(1, "int64"),
        day=(first_of_day == 0).ifelse(ibis.literal(1, "int64"), ibis.literal(0, "int64")),
        at=events[TIME],
        **weights,
    )
    pairs = rows.select("lead_id", "family_no").distinct()
    probes = snapshots.inner_join(pairs, ["lead_id"]).select("lead_id", "family_no", AS_OF)
    read = {total for family in families.values() for total in _totals_read(family, options)}
    totals = [Total(f"count_{us}", "one", last_us=us) for us in sorted(set(options.windows))]
    totals += [Total("ever", "one"), Total("days", "day"), Total("last", "at", "max")]
    totals = [total for total in totals if total.name in read]
    if not any(family.has("decayed") for family in families.values()):
        return totals_as_of(rows, probes, by=["lead_id", "family_no"], totals=totals)
    totals += [
        Total(f"decayed_{block}_{us}", f"weight_{block}_{us}", last_us=FADED_HALVINGS * us)
        for us in options.half_lives
        for block in _BLOCKS
    ]
    long = totals_as_of(rows, probes, by=["lead_id", "family_no"], totals=totals)
    return _faded(long, options)


def _halvings(time_us: ir.Value, half_life_us: int) -> ir.Value:
    """Return the half-lives since the start of a time's block; the remainder is taken in whole microseconds."""
    return (time_us % (BLOCK_HALVINGS * half_life_us)).cast("float64") / float(half_life_us)


def _in_odd_block(time_us: ir.Value, half_life_us: int) -> ir.Value:
    block_us = BLOCK_HALVINGS * half_life_us
    return time_us % (2 * block_us) >= block_us


def _faded(long: ir.Table, options: FeatureOptions) -> ir.Table:
    """Turn sums of growing weights into sums of fading ones: divide by the weight of the as-of time itself.

    What has not faded lies in the block of the as-of time or in the one before, so even and odd tell the two apart.
    """
    faded: dict[str, ir.Value] = {}
    for us in options.half_lives:
        halvings, odd = _halvings(long[AS_OF], us), _in_odd_block(long[AS_OF], us)
        even_sum, odd_sum = long[f"decayed_even_{us}"], long[f"decayed_odd_{us}"]
        here, before = odd.ifelse(odd_sum, even_sum), odd.ifelse(even_sum, odd_sum)
        two = ibis.literal(2.0)
        faded[f"decayed_{us}"] = (here * two ** (-halvings) + before * two ** (-halvings - BLOCK_HALVINGS)).round(9)
    return long.mutate(**faded).drop(*(f"decayed_{block}_{us}" for us in options.half_lives for block in _BLOCKS))


def _family_columns(
    table: ir.Table, i: int, name: str, family: EventFamily, options: FeatureOptions
) -> dict[str, ir.Value]:
    stem = f"behaviour_{name}"
    columns: dict[str, ir.Value] = {}

    def number(total: str) -> ir.Value:
        return table[f"{total}_{i}"].cast("float64").fill_null(0.0)

    if family.has("count"):
        columns |= {f"{stem}_count_{format_duration(us)}": number(f"count_{us}") for us in options.windows}
    if family.has("count_ever"):
        columns[f"{stem}_count_ever"] = number("ever")
    if family.has("decayed"):
        columns |= {f"{stem}_decayed_{format_duration(us)}": number(f"decayed_{us}") for us in options.half_lives}
    if family.has("days_since_last"):
        columns[f"{stem}_days_since_last"] = (table[AS_OF] - table[f"last_{i}"]).cast("float64") / float(DAY_US)
    if family.has("distinct_days"):
        columns[f"{stem}_distinct_days"] = number("days")
    windows = trend_windows(options)
    if windows is not None and family.has("trend"):
        short, long = windows
        lately = number(f"count_{short}") * (WEEK_US / short)
        before = (number(f"count_{long}") - number(f"count_{short}")) * (WEEK_US / (long - short))
        columns[f"{stem}_trend"] = (number("ever") > 0).ifelse((lately - before).round(9), ibis.null("float64"))
    return columns
