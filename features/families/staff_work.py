"""What the company's own people did: work with a life cycle, and how many hands a lead went through."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from features.as_of import AS_OF, TIME, Total, joined, totals_as_of
from features.source_spec import EventFamily, SourceSpec
from features.tables.facts import Facts
from features.time_units import HOUR_US

_KEYS = ("lead_id", AS_OF)
_NEVER = ibis.null("int64")


def work_features(facts: Facts, snapshots: ir.Table, spec: SourceSpec) -> ir.Table:
    """Return ``lead_id``, ``as_of_us`` and the features of work and staff, one row a snapshot.

    There are none for a source that declares neither ``ends`` of a family nor ``who_acted``.
    """
    table = snapshots
    families = {name: f for name, f in spec.model_families().items() if f.has("open") or f.has("hours")}
    if families:
        table = joined(table, _life_cycle_columns(facts, snapshots, families), _KEYS)
    if spec.who_acted is not None:
        table = joined(table, _staff_columns(facts, snapshots, spec), _KEYS)
    return table


def _life_cycle_columns(facts: Facts, snapshots: ir.Table, families: dict[str, EventFamily]) -> ir.Table:
    rows = _steps(facts, families)
    pairs = rows.select("lead_id", "family_no").distinct()
    probes = snapshots.inner_join(pairs, ["lead_id"]).select("lead_id", "family_no", AS_OF)
    totals = [Total("worked", "worked_us"), Total("opened", "opened_us", "max"), Total("ended", "ended_us", "max")]
    long = totals_as_of(rows, probes, by=["lead_id", "family_no"], totals=totals)
    still = (long.opened > long.ended.fill_null(-1)).ifelse(1.0, 0.0)
    long = long.mutate(
        open=ibis.or_(long.opened.notnull(), long.ended.notnull()).ifelse(still.fill_null(0.0), ibis.null("float64")),
        hours=long.worked.cast("float64") / float(HOUR_US),
    )
    side_by_side = long.group_by(*_KEYS).agg(
        **{
            f"{measure}_{i}": (long.family_no == i).ifelse(long[measure], ibis.null("float64")).max()
            for i in range(len(families))
            for measure in ("open", "hours")
        }
    )
    table = joined(snapshots, side_by_side, _KEYS)
    columns: dict[str, ir.Value] = {}
    for i, name in enumerate(families):
        columns[f"behaviour_{name}_open"] = table[f"open_{i}"]
        columns[f"behaviour_{name}_hours"] = table[f"hours_{i}"].fill_null(0.0)
    return table.select(*_KEYS, **columns)


def _steps(facts: Facts, families: dict[str, EventFamily]) -> ir.Table:
    """Return the steps of work: when it was opened, when it ended, and with the end how long it took.

    An end belongs to the latest beginning since the end before. Of several ends at one time only one counts.
    """
    number = {t: i for i, family in enumerate(families.values()) for t in family.all_types}
    begins_with = [t for family in families.values() for t in family.types]
    ends_with = [t for family in families.values() for t in family.ends]
    actor = {t: family.actor for family in families.values() for t in family.all_types}
    by_actor = {a: [t for t in number if actor[t] == a] for a in sorted(set(actor.values()))}
    events = facts.events
    actions = events.filter(ibis.or_(*((events.actor == a) & events.event_type.isin(t) for a, t in by_actor.items())))
    time, is_end = actions.occurred_us, actions.event_type.isin(ends_with)
    begins = actions.event_type.isin(begins_with)
    numbers = ((actions.event_type == t, ibis.literal(i, "int64")) for t, i in number.items())
    steps = actions.select(
        "lead_id",
        **{TIME: time},
        family_no=ibis.cases(*numbers, else_=ibis.literal(-1, "int64")),
        begun_us=begins.ifelse(time, _NEVER),
        opened_us=is_end.ifelse(_NEVER, time),
        ended_us=is_end.ifelse(time, _NEVER),
    )
    keys = ["lead_id", "family_no"]
    so_far = ibis.range_window(group_by=keys, order_by=TIME, preceding=None, following=0)
    before = ibis.range_window(group_by=keys, order_by=TIME, preceding=(None, 1))
    begun, ended = steps.begun_us.max().over(so_far), steps.ended_us.max().over(before)
    nth = ibis.row_number().over(ibis.window(group_by=[*keys, TIME, "ended_us"], order_by=TIME))
    counts = steps.ended_us.notnull() & (nth == 0) & begun.notnull() & (ended.isnull() | (begun > ended))
    return steps.mutate(worked_us=counts.ifelse(steps[TIME] - begun, ibis.literal(0, "int64")))


def _staff_columns(facts: Facts, snapshots: ir.Table, spec: SourceSpec) -> ir.Table:
    """Count people and hand-overs; of several people at one time the order of their names decides."""
    types = [t for family in spec.model_families().values() if family.actor == "sales" for t in family.all_types]
    events = facts.events
    acts = events.filter((events.actor == "sales") & events.event_type.isin(types or [""]))
    acts = acts.select("lead_id", **{TIME: acts.occurred_us}, who=acts[str(spec.who_acted)])
    acts = acts.filter(acts.who.notnull())
    one, zero = ibis.literal(1, "int64"), ibis.literal(0, "int64")
    nth = ibis.row_number().over(ibis.window(group_by=["lead_id", "who"], order_by=TIME))
    previous = acts.who.lag().over(ibis.window(group_by="lead_id", order_by=[TIME, "who"]))
    rows = acts.select(
        "lead_id",
        TIME,
        somebody_new=(nth == 0).ifelse(one, zero),
        handover=(previous.notnull() & (previous != acts.who)).fill_null(False).ifelse(one, zero),
    )
    table = totals_as_of(
        rows, snapshots, by=["lead_id"], totals=[Total("people", "somebody_new"), Total("handovers", "handover")]
    )
    return table.select(
        *_KEYS,
        journey_staff_count=table.people.cast("float64"),
        journey_handovers_count=table.handovers.cast("float64"),
    )
