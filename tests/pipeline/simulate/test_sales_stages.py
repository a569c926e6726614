"""The daily chain: a proper one, moving only along its declared ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipeline.simulate.sales_stages import CLOSED, MQL, NEW, SRL, STATES, transitions

if TYPE_CHECKING:
    from conftest import Town


@pytest.mark.parametrize("step", [0, 1, 40, 200])
def test_ways_out_of_a_state_are_probabilities_that_sum_to_at_most_one(town: Town, step: int) -> None:
    out = np.zeros((len(STATES), len(town.people)))
    for way in transitions(town.lives.inputs, step):
        assert (way.probability >= 0).all()
        out[way.origin] += way.probability
    assert out.max() <= 1
    assert (out[list(CLOSED)] == 0).all()


def test_leads_move_only_along_declared_ways(town: Town) -> None:
    states = town.lives.states
    moved = states[1:] != states[:-1]
    seen = set(zip(states[:-1][moved].tolist(), states[1:][moved].tolist(), strict=True))
    declared = {(way.origin, way.destination) for way in transitions(town.lives.inputs, 0)} | {(NEW, MQL)}
    assert seen <= declared
    assert len(seen) > 12


def test_fair_cards_that_are_handed_over_go_to_sales_that_day_unless_promoted_before(town: Town) -> None:
    inputs, states = town.lives.inputs, town.lives.states
    cards = np.flatnonzero(inputs.handover_day >= 0)
    assert len(cards) > 50
    day = inputs.handover_day[cards]
    waiting = (states[day, cards] == NEW) & ~inputs.promoted[day + 1, cards]
    assert (states[day + 1, cards][waiting] == SRL).all()
    assert waiting.mean() > 0.5


def test_intent_and_fit_help_at_every_step_of_sales(town: Town) -> None:
    inputs = town.lives.inputs
    worth = {way.destination: way.probability for way in transitions(inputs, 30) if way.origin == SRL}
    accepted = worth[STATES.index("SAL")]
    assert np.corrcoef(accepted, inputs.fit)[0, 1] > 0.3
    assert np.corrcoef(accepted, inputs.intent[30])[0, 1] > 0.3
