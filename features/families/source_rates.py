"""How leads from the same campaign or channel have turned out, as far as their time was up."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from features.as_of import AS_OF, TIME, Total, counts_as_outcome, is_known, joined, totals_as_of
from features.source_spec import SourceSpec
from features.tables.facts import Facts

SHRINKAGE = 20.0
"""A value's own rate weighs as much as the rate of all leads once it has this many matured leads."""

_KEYS = ("lead_id", AS_OF)


def source_features(facts: Facts, snapshots: ir.Table, spec: SourceSpec) -> ir.Table:
    """Return ``lead_id``, ``as_of_us`` and the source features, one row a snapshot.

    A lead is matured once its creation lies the target's horizon back; only then is it counted, converted or not. So
    young leads do not pull the rate down and no outcome is used before it could be known. The lead's own outcome is
    taken out of its rate. Rates are drawn to that of all leads, (converted + k * rate of all) / (matured + k), and told
    as multiples of it: the rate of all moves with time, and a column that tells the date teaches yesterday's level.
    """
    columns = [name for name, column in spec.fit.items() if column.source_rate]
    if not columns:
        return snapshots
    leads = _matured_leads(facts, spec, columns)
    lead_outcomes = leads.select(
        "lead_id", own_from=leads[TIME], own_n=leads.matured, own_y=leads.converted, **_values(leads, columns)
    )
    probes = joined(snapshots, lead_outcomes, ["lead_id"])
    probes = probes.filter(probes.own_from.notnull()).mutate(everyone=ibis.literal(1, "int64"))
    table = _known_outcomes(leads.mutate(everyone=ibis.literal(1, "int64")), probes, "everyone").select(
        *_KEYS, all_n="n", all_y="y"
    )
    rates: dict[str, ir.Value] = {}
    for column in columns:
        outcomes = _known_outcomes(leads, probes.filter(probes[column].notnull()), column)
        table = joined(table, outcomes.select(*_KEYS, **{f"n_{column}": outcomes.n, f"y_{column}": outcomes.y}), _KEYS)
    overall = table.all_y / table.all_n.nullif(0.0)
    for column in columns:
        n, y = table[f"n_{column}"], table[f"y_{column}"]
        rate = (y + SHRINKAGE * overall) / (n + SHRINKAGE)
        rates[f"source_{column}_{spec.primary_target}_lift"] = (rate / overall.nullif(0.0)).round(9)
    return table.select(*_KEYS, **rates)


def _values(table: ir.Table, columns: list[str]) -> dict[str, ir.Value]:
    return {name: table[name] for name in columns}


def _matured_leads(facts: Facts, spec: SourceSpec, columns: list[str]) -> ir.Table:
    """Return a row a lead at the time it matures: 1 in ``matured`` if at risk at creation, 1 in ``converted`` if so."""
    target = spec.targets[spec.primary_target]
    reaching = facts.stages.filter(facts.stages.stage.isin(spec.stages_reaching(target.stage)))
    first = reaching.group_by("lead_id").agg(reached_us=reaching.entered_us.min())
    leads = joined(facts.leads.select("lead_id", "created_us", *columns), first, ["lead_id"])
    at_once = is_known(leads.reached_us, leads.created_us).fill_null(False)
    in_time = counts_as_outcome(leads.reached_us, leads.created_us, horizon=target.horizon).fill_null(False)
    one, zero = ibis.literal(1, "int64"), ibis.literal(0, "int64")
    return leads.select(
        "lead_id",
        *columns,
        **{TIME: leads.created_us + target.horizon},
        matured=at_once.ifelse(zero, one),
        converted=in_time.ifelse(one, zero),
    )


def _known_outcomes(leads: ir.Table, probes: ir.Table, column: str) -> ir.Table:
    """Return each probe with ``n`` matured and ``y`` converted other leads of the same value."""
    filled = leads.filter(leads[column].notnull())
    totals = [Total("n", "matured"), Total("y", "converted")]
    probes = probes.select(*_KEYS, column, "own_from", "own_n", "own_y")
    table = totals_as_of(filled, probes, by=[column], totals=totals)
    in_totals = is_known(table.own_from, table[AS_OF])
    zero = ibis.literal(0, "int64")
    return table.mutate(
        n=(table.n - in_totals.ifelse(table.own_n, zero)).cast("float64"),
        y=(table.y - in_totals.ifelse(table.own_y, zero)).cast("float64"),
    )
