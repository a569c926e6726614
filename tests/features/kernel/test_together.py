"""Leads that are asked about together have the rows that each has alone, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from features.engine import FeatureEngine
from features.kernel.one_lead import LeadCoder
from features.kernel.streams import Stream
from features.tables.facts import arrow_facts
from tests.features.kernel.test_one_lead import facts_of


@pytest.mark.parametrize("seed", range(6))
def test_together_each_lead_has_the_row_that_it_has_alone(seed, random_facts, spec, options):
    """The same lead twice, leads of one account and leads without one; nobody sees what is posted beside it."""
    frames, looks = random_facts(spec, seed, accounts=seed % 3 != 0)
    engine, coder = FeatureEngine(spec, options, background=frames), LeadCoder(spec)
    tables = arrow_facts(frames, spec)
    ids = [*looks["lead_id"].head(9), looks["lead_id"].iloc[0]]
    moments = np.array([*looks["as_of_us"].head(9), looks["as_of_us"].iloc[-1]], dtype=np.int64)
    leads = [coder.coded(facts_of(tables, lead_id, coder.actors)) for lead_id in ids]
    together = engine.table_of_leads(leads, moments)
    for row, (facts, moment) in enumerate(zip(leads, moments, strict=True)):
        alone = engine.table(facts, np.array([moment]))
        np.testing.assert_array_equal(together.numbers[:, row], alone.numbers[:, 0])
        assert {name: texts[row] for name, texts in together.texts.items()} == {
            name: texts[0] for name, texts in alone.texts.items()
        }


def test_joined_streams_keep_their_parts():
    one = Stream(np.array([0, 1, 1]), np.array([5]), np.array([2]))
    two = Stream(np.array([0, 2]), np.array([1, 9]), np.array([0, 1]))
    both = Stream.joined([one, two])
    assert both.start.tolist() == [0, 1, 1, 3]
    assert (both.times.tolist(), both.codes.tolist()) == ([5, 1, 9], [2, 0, 1])
