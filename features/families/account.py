"""What the other leads of the same account did and became before the as-of time."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from features.as_of import AS_OF, TIME, Total, joined, totals_as_of
from features.catalog.feature_list import ACCOUNT_WINDOW_US, lead_families
from features.families.behaviour import family_events
from features.source_spec import SourceSpec
from features.tables.facts import Facts
from features.time_units import DAY_US, format_duration

_KEYS = ("lead_id", AS_OF)
_KINDS = ("created", "reached", "won", "event")


def account_features(facts: Facts, snapshots: ir.Table, spec: SourceSpec) -> ir.Table:
    """Return ``lead_id``, ``as_of_us`` and the account features, one row a snapshot.

    Totals of the account less the lead's own totals. A lead without an account has no others: 0, and null for days.
    """
    target = spec.targets[spec.primary_target]
    accounts = facts.leads.filter(facts.leads.account_id.notnull()).select("lead_id", "account_id", "created_us")
    probes = snapshots.inner_join(accounts, ["lead_id"]).select("account_id", *_KEYS)
    rows = _account_facts(facts, accounts.semi_join(probes, ["account_id"]), spec)
    account, lead = ("account_id",), ("account_id", "lead_id")
    totals = [Total(f"{kind}_all", kind, by=account) for kind in _KINDS[:-1]]
    totals += [Total(f"{kind}_own", kind, by=lead) for kind in _KINDS[:-1]]
    totals += [Total("event_all", "event", last_us=ACCOUNT_WINDOW_US, by=account)]
    totals += [Total("event_own", "event", last_us=ACCOUNT_WINDOW_US, by=lead)]
    totals += [Total("last_won_us", "won_us", "max", by=account)]
    table = joined(snapshots, totals_as_of(rows, probes, by=account, totals=totals), _KEYS)
    others = {kind: (table[f"{kind}_all"] - table[f"{kind}_own"]).fill_null(0).cast("float64") for kind in _KINDS}
    # a lead that is won itself is not scored any more; its own win must not pass for another's
    won_us = (table.won_own == 0).ifelse(table.last_won_us, ibis.null("int64"))
    columns: dict[str, ir.Value] = {"account_other_leads_count": others["created"]}
    if target.stage != spec.ladder[-1]:
        columns["account_others_reached_count"] = others["reached"]
    columns["account_others_won_count"] = others["won"]
    columns["account_days_since_last_won"] = (table[AS_OF] - won_us).cast("float64") / float(DAY_US)
    columns[f"account_other_events_count_{format_duration(ACCOUNT_WINDOW_US)}"] = others["event"]
    return table.select(*_KEYS, **columns)


def _account_facts(facts: Facts, accounts: ir.Table, spec: SourceSpec) -> ir.Table:
    """Return one stream of what happened in accounts, with a 1 in the column of its kind."""
    target = spec.targets[spec.primary_target]
    leads = facts.leads.select("lead_id", **{TIME: facts.leads.created_us})
    stream = _of_kind(leads, "created")
    stream = stream.union(_of_kind(_first_entry(facts.stages, spec.stages_reaching(target.stage)), "reached"))
    stream = stream.union(_of_kind(_first_entry(facts.stages, (spec.ladder[-1],)), "won"))
    stream = stream.union(_of_kind(family_events(facts.events, lead_families(spec)), "event"))
    of_account = stream.inner_join(accounts, ["lead_id"])
    # nobody knows that a lead belongs to the account before the lead is there
    known_from = ibis.greatest(of_account[TIME], of_account.created_us)
    columns = {name: known_from if name == TIME else of_account[name] for name in stream.columns}
    return of_account.select("account_id", **columns)


def _first_entry(stages: ir.Table, names: tuple[str, ...]) -> ir.Table:
    entered = stages.filter(stages.stage.isin(names))
    return entered.group_by("lead_id").agg(**{TIME: entered.entered_us.min()})


def _of_kind(rows: ir.Table, kind: str) -> ir.Table:
    time = rows[TIME]
    return rows.select(
        "lead_id",
        **{TIME: time},
        **{name: ibis.literal(int(name == kind), "int64") for name in _KINDS},
        won_us=time if kind == "won" else ibis.null("int64"),
    )
