"""Laws of how rows are made: blocks change nothing, and one lead among all others has the row of the batch."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from features import engine
from features.engine import FeatureEngine, compute_features
from features.source_columns import EventFamily
from features.tables.facts import FactFrames

SEEDS = range(6)


@pytest.fixture
def working(spec):
    """The small company as one that plans, begins and ends calls, and says who acted."""
    call = EventFamily(types=("call",), scheduled=("call_plan",), ends=("call_end",), actor="sales")
    changed = {"sales_events": True, "who_acted": "detail", "events": {**spec.events, "call": call}}
    return spec.model_copy(update=changed)


def facts_of(frames: FactFrames, lead_id: str) -> FactFrames:
    tables = (frames.leads, frames.changes, frames.events, frames.stages)
    return FactFrames(*(table[table["lead_id"] == lead_id] for table in tables))


@pytest.mark.parametrize("size", [{"BLOCK_CELLS": 1}, {"BLOCK_CELLS": 900}, {"BLOCK_FACTS": 1}, {"BLOCK_FACTS": 40}])
@pytest.mark.parametrize("seed", SEEDS)
def test_blocks_change_nothing(size, seed, random_facts, working, options, monkeypatch):
    frames, looks = random_facts(working, seed)
    whole = compute_features(frames, looks, working, options)
    for name, value in size.items():
        monkeypatch.setattr(engine, name, value)
    pd.testing.assert_frame_equal(compute_features(frames, looks, working, options), whole, check_exact=True)


def test_small_blocks_are_many(random_facts, working, options, monkeypatch):
    """The law above would hold by itself if all leads stayed in one block."""
    made: list[int] = []
    cut = engine.blocks

    def counted(*arguments):
        for block in cut(*arguments):
            made.append(len(block))
            yield block

    monkeypatch.setattr(engine, "blocks", counted)
    frames, looks = random_facts(working, 1)
    compute_features(frames, looks, working, options)
    whole = len(made)
    monkeypatch.setattr(engine, "BLOCK_CELLS", 1)
    compute_features(frames, looks, working, options)
    assert (whole, len(made) - whole) == (1, looks["lead_id"].nunique())


@pytest.mark.parametrize("seed", SEEDS)
def test_a_lead_by_itself_has_the_row_of_the_batch(seed, random_facts, working, options):
    frames, looks = random_facts(working, seed, accounts=seed % 3 != 0)
    batch = compute_features(frames, looks, working, options)
    one_by_one = FeatureEngine(working, options, background=frames)
    for lead_id, expected in batch.groupby("lead_id"):
        row = one_by_one.compute(facts_of(frames, lead_id), looks[looks["lead_id"] == lead_id])
        pd.testing.assert_frame_equal(row, expected.reset_index(drop=True), check_exact=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_campaign_that_no_lead_has_yet_is_drawn_to_all_leads(seed, random_facts, working, options):
    """A lead that is posted with a new campaign, or none, has the row of a batch that says the same about it."""
    frames, looks = random_facts(working, seed)
    one_by_one = FeatureEngine(working, options, background=frames)
    for lead_id in looks["lead_id"].unique():
        leads = frames.leads.assign(
            campaign=frames.leads["campaign"].mask(frames.leads["lead_id"] == lead_id, "never seen before")
        )
        changed, look = replace(frames, leads=leads), looks[looks["lead_id"] == lead_id]
        expected = compute_features(changed, look, working, options)
        row = one_by_one.compute(facts_of(changed, lead_id), look)
        pd.testing.assert_frame_equal(row, expected, check_exact=True)


def test_a_new_campaign_has_the_rate_of_all(tables, snapshots_at, spec, options):
    ids = [f"L{number}" for number in range(4)]
    leads = [{"lead_id": lead_id, "created": 0, "campaign": "fair"} for lead_id in ids]
    known = tables(leads, stages=[("L0", "SQL", 24)])
    posted = tables([{"lead_id": "new", "created": 0, "campaign": "podcast"}])
    row = FeatureEngine(spec, options, background=known).compute(posted, snapshots_at(("new", 600))).iloc[0]
    assert row["source_campaign_sql_lift"] == 1.0  # (0 + 20 * 1/4) / (0 + 20) / (1/4)


def test_the_accounts_last_win_is_never_the_leads_own(tables, snapshots_at, spec, options):
    leads = [{"lead_id": lead_id, "created": 0, "account_id": "X"} for lead_id in ("a", "b", "c")]
    frames = tables(leads, stages=[("a", "WON", 24), ("b", "WON", 48)])
    looks = snapshots_at(("a", 36), ("a", 72), ("b", 72), ("c", 72))
    # a: nobody else has won yet, then b a day ago; b: a two days ago; c: b a day ago
    expected = [None, 1.0, 2.0, 1.0]
    batch = compute_features(frames, looks, spec, options)["account_days_since_last_won"]
    one_by_one = FeatureEngine(spec, options, background=frames)
    alone = [
        one_by_one.compute(facts_of(frames, lead_id), looks[number : number + 1])["account_days_since_last_won"].item()
        for number, lead_id in enumerate(looks["lead_id"])
    ]
    for values in (batch.tolist(), alone):
        assert [None if value != value else value for value in values] == expected
