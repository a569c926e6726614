"""One lead's facts, coded without tables, give the row of the batch bit for bit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.engine import FeatureEngine, compute_features
from features.kernel.attributes import AttributesOfOne
from features.kernel.one_lead import EventsOfLead, FactsOfLead, LeadCoder
from features.source_columns import EventFamily
from features.tables.facts import arrow_facts


@pytest.fixture
def working(spec):
    """The small company as one that plans, begins and ends calls, and says who acted."""
    call = EventFamily(types=("call",), scheduled=("call_plan",), ends=("call_end",), actor="sales")
    changed = {"sales_events": True, "who_acted": "detail", "events": {**spec.events, "call": call}}
    return spec.model_copy(update=changed)


def facts_of(tables, lead_id, actors) -> FactsOfLead:
    own = {name: [row for row in table.to_pylist() if row["lead_id"] == lead_id] for name, table in tables.items()}
    (lead,) = own["leads"]
    acted = [event for event in own["events"] if event["actor"] == actors.get(event["event_type"])]
    times, types, who = ([event.get(name) for event in acted] for name in ("occurred_us", "event_type", "detail"))
    return FactsOfLead(
        lead_id,
        lead["created_us"],
        {name: value for name, value in lead.items() if name not in ("lead_id", "created_us")},
        EventsOfLead(np.array(times, dtype=np.int64), types, who),
        [(change["changed_us"], change["field"], change["value"]) for change in own["changes"]],
        [(entered["entered_us"], entered["stage"]) for entered in own["stages"]],
    )


@pytest.mark.parametrize("seed", range(6))
def test_a_lead_without_tables_has_the_row_of_the_batch(seed, random_facts, working, options):
    frames, looks = random_facts(working, seed, accounts=seed % 3 != 0)
    batch = compute_features(frames, looks, working, options)
    engine, coder = FeatureEngine(working, options, background=frames), LeadCoder(working)
    tables = arrow_facts(frames, working)
    for lead_id, expected in batch.groupby("lead_id"):
        facts = coder.coded(facts_of(tables, lead_id, coder.actors))
        row = engine.rows(facts, expected["as_of_us"].to_numpy())
        pd.testing.assert_frame_equal(row, expected.reset_index(drop=True), check_exact=True)


def test_what_the_source_does_not_name_is_left_out(spec, options):
    events = EventsOfLead(np.ones(1, np.int64), ["'; DROP TABLE leads"], [None])
    facts = FactsOfLead("a", 0, {}, events, [(1, "no field", "x")], [(1, "no stage")])
    coded = LeadCoder(spec).coded(facts)
    assert [len(stream.times) for stream in (coded.events, coded.acts, coded.changes, coded.stages)] == [0, 0, 0, 0]


def test_one_lead_has_no_neighbours():
    with pytest.raises(IndexError, match="the only lead"):
        AttributesOfOne({}).between(0, 2)
