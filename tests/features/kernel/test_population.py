"""Accounts looked at apart, with the outcomes of all leads added up, have the others that they have together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.engine import compute_features, numbered, population_of
from features.families.feature_list import all_columns
from features.families.rows import as_frame
from features.families.source_rates import rated_columns
from features.kernel.block import Block
from features.kernel.coded_facts import coded
from features.kernel.declared import Declared
from features.kernel.other_leads import OutcomesByValue
from features.kernel.population import Population
from features.tables.facts import arrow_facts
from features.time_units import to_micros


def part_of(tables: dict[str, pa.Table], lead_ids: pa.Array) -> dict[str, pa.Table]:
    return {name: table.filter(pc.is_in(table["lead_id"], value_set=lead_ids)) for name, table in tables.items()}


def added(rows: pa.Table) -> pa.Table:
    sums = rows.group_by(["column", "value", "matured_us"]).aggregate([("counted", "sum"), ("converted", "sum")])
    return sums.rename_columns(["column", "value", "matured_us", "counted", "converted"])


@pytest.mark.parametrize("seed", range(4))
def test_accounts_apart_are_as_all_together(random_funnel, spec, options, seed):
    frames, rng = random_funnel(seed, leads=30), np.random.default_rng(seed)
    looks = pd.DataFrame(
        {
            "lead_id": rng.choice(frames.leads["lead_id"].to_numpy(), 80),
            "as_of_us": rng.choice(to_micros(frames.events["occurred_at"]).to_numpy(), 80),
        }
    ).drop_duplicates()
    expected = compute_features(frames, looks, spec, options)

    tables = arrow_facts(frames, spec)
    account = tables["leads"]["account_id"].fill_null("alone")
    parts = [
        part_of(tables, tables["leads"].filter(pc.equal(account, name))["lead_id"].combine_chunks())
        for name in pc.unique(account).to_pylist()
    ]
    rows = [Population.of(part["leads"], part["stages"], spec).outcomes.to_table() for part in parts]
    outcomes = OutcomesByValue.from_table(added(pa.concat_tables(rows)), rated_columns(spec))
    made = []
    for part in parts:
        own = looks[looks["lead_id"].isin(part["leads"]["lead_id"].to_pylist())]
        lead_ids, lead, moments = numbered(pa.array(own["lead_id"], pa.string()), own["as_of_us"].to_numpy())
        alone, facts = population_of(part, spec), coded(part, lead_ids, spec)
        acts = (alone.acts.codes, alone.acts.times)
        among = Population.of(part["leads"], part["stages"], spec, acts=acts, of_more=outcomes)
        block = Block(Declared(spec, options), facts, among.others_of(facts), lead, moments)
        made.append(as_frame(block, all_columns(spec, options)))
    found = pd.concat(made, ignore_index=True).sort_values(["lead_id", "as_of_us"], ignore_index=True)
    assert found["source_campaign_sql_lift"].notna().any()
    pd.testing.assert_frame_equal(found, expected)
