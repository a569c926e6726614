"""All features of all snapshots: the one expression that batch, Spark and online run."""

from __future__ import annotations

from dataclasses import fields

import ibis.expr.types as ir

from features.as_of import AS_OF, joined
from features.catalog.feature_list import feature_list
from features.families.account import account_features
from features.families.behaviour import behaviour_features
from features.families.fit import fit_features
from features.families.journey import journey_features
from features.families.source_rates import source_features
from features.families.staff_work import work_features
from features.source_spec import FeatureOptions, SourceSpec
from features.tables.facts import Facts

KEYS = ("lead_id", AS_OF)


def build_features(facts: Facts, snapshots: ir.Table, spec: SourceSpec, options: FeatureOptions) -> ir.Table:
    """Return the feature rows of snapshots.

    Parameters
    ----------
    facts : Facts
        The tables; facts after a snapshot's as-of time do not change its row.
    snapshots : ibis Table
        ``lead_id``, ``as_of_us`` (int64); a snapshot given twice is one row.
    spec : SourceSpec
        What the source declares.
    options : FeatureOptions
        Windows and half-lives.

    Returns
    -------
    ibis Table
        ``lead_id``, ``as_of_us``, then the columns of ``feature_list(spec, options)`` in its order, in no order of
        rows. Numbers and booleans are float64, categories are text.
    """
    probes = snapshots.select(*KEYS).distinct()
    lead_facts = _of_leads(facts, probes.select("lead_id").distinct())
    table = probes
    for family in (
        fit_features(lead_facts, probes, spec),
        behaviour_features(lead_facts, probes, spec, options),
        journey_features(lead_facts, probes, spec, options),
        work_features(lead_facts, probes, spec),
        account_features(facts, probes, spec),
        source_features(facts, probes, spec),
    ):
        table = joined(table, family, KEYS)
    return table.select(*KEYS, *(feature.name for feature in feature_list(spec, options)))


def _of_leads(facts: Facts, leads: ir.Table) -> Facts:
    """Return the facts of these leads only: most of what is known about closed leads need not be touched."""
    return Facts(**{field.name: getattr(facts, field.name).semi_join(leads, ["lead_id"]) for field in fields(facts)})
