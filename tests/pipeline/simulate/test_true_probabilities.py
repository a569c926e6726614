"""The forward recursion against the simulator itself, and against sums by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from features.time_units import DAY_US
from pipeline.simulate.people import COMPETITOR, PRACTITIONER, RESEARCHER
from pipeline.simulate.sales_stages import MQL, NEW, REACHED_SQL, STATES, WON, ChainInputs
from pipeline.simulate.stage import live
from pipeline.simulate.true_probabilities import true_probabilities

if TYPE_CHECKING:
    from conftest import Town

REPEATS = 4_000
HORIZON = 90


def _some_leads(town: Town) -> dict[str, int]:
    """One lead of each sort that has something of its own to get wrong."""
    people, lives = town.people, town.lives
    peak = people.shape.peak * (np.abs(people.shape.onset_day) < 25)
    leaves = (lives.inputs.unsubscribe_day > 20) & (lives.inputs.unsubscribe_day < 60)
    return {
        "practitioner with intent": int(np.argmax(np.where(people.kind == PRACTITIONER, peak, -1))),
        "researcher": int(np.argmax(np.where(people.kind == RESEARCHER, people.activity, -1))),
        "competitor": int(np.argmax(np.where(people.kind == COMPETITOR, people.activity, -1))),
        "card handed over": int(np.argmax(np.where(people.handover_day > 0, peak, -1))),
        "unsubscribes with intent": int(np.argmax(np.where(leaves & (people.kind == PRACTITIONER), peak, -1))),
    }


@pytest.mark.parametrize("day", [0, 15])
def test_truth_equals_monte_carlo_from_the_simulator_itself(town: Town, day: int) -> None:
    leads = _some_leads(town)
    rows = np.repeat(list(leads.values()), REPEATS)
    lives = live(np.random.default_rng(8), town.people.rows(rows), town.accounts, days=day + HORIZON, volume=0.02)
    truth = true_probabilities(
        lives.inputs, lives.states, snapshot_days=[day], horizon_days={"sql": HORIZON, "close": HORIZON}
    )
    happened = {
        "sql": np.isin(lives.states[day + HORIZON], REACHED_SQL),
        "close": lives.states[day + HORIZON] == WON,
    }
    for target, outcome in happened.items():
        for lead, name in enumerate(leads):
            mine = slice(lead * REPEATS, (lead + 1) * REPEATS)
            p, y = truth[target][0, mine], outcome[mine]
            error = np.sqrt(max(float((p * (1 - p)).sum()), 1.0)) / REPEATS
            assert abs(y.mean() - p.mean()) < 4 * error, (target, name)
    assert happened["sql"][:REPEATS].mean() > 0.3


def test_unsubscribing_and_points_at_hand_change_the_truth_as_they_should(town: Town) -> None:
    inputs, states = town.lives.inputs, np.zeros_like(town.lives.states)
    at_a_day = {"snapshot_days": [15], "horizon_days": {"sql": HORIZON}}
    usual = true_probabilities(inputs, states, **at_a_day)["sql"][0]
    more = _with(inputs, points=inputs.points + 2)
    left = _with(inputs, unsubscribe_day=np.full(len(usual), 20))
    has_a_chance = inputs.promotable & ~inputs.promoted[15] & (inputs.handover_day < 15)
    # Not for each lead: whoever is promoted before it wants to buy may be written off too early.
    gained = true_probabilities(more, states, **at_a_day)["sql"][0] - usual
    assert gained[has_a_chance].mean() > 0.01
    stays = has_a_chance & (inputs.unsubscribe_day < 0)
    lost = usual - true_probabilities(left, states, **at_a_day)["sql"][0]
    assert lost[stays].mean() > 0.01


def test_probability_is_conserved_and_grows_with_the_horizon(town: Town) -> None:
    inputs, states = town.lives.inputs, town.lives.states
    p = [
        true_probabilities(inputs, states, snapshot_days=[1, 29], horizon_days={"sql": days, "close": days})
        for days in (1, 30, 60)
    ]
    for target in ("sql", "close"):
        assert (np.diff([q[target] for q in p], axis=0) >= -1e-12).all()
        assert max(q[target].max() for q in p) <= 1 + 1e-12


def test_two_days_by_hand() -> None:
    # One lead, MQL on day 0, no intent, fit 0, sales likes it half. First day: to SRL with 0.06 + 0.25 · 0.5 = 0.185.
    # Second day: on to SAL with 0.24 · worth. Third day: on to SQL with 0.10 · worth. No way is shorter.
    one = np.ones(1)
    inputs = ChainInputs(
        kind=np.array([PRACTITIONER]), fit=0 * one, deal_luck=0 * one, liked=0.5 * one,
        promotable=np.array([True]), handover_day=np.array([-1]), unsubscribe_day=np.array([-1]),
        intent=np.zeros((3, 1)), visits=np.zeros((3, 1)), points=np.full((4, 1), 8),
    )  # fmt: skip
    states = np.full((4, 1), MQL)
    p = [true_probabilities(inputs, states, snapshot_days=[0], horizon_days={"sql": d})["sql"][0, 0] for d in (1, 2, 3)]
    worth = 1 / (1 + np.exp(0.65))
    assert p[:2] == [0, 0]
    assert p[2] == pytest.approx(0.185 * 0.24 * worth * 0.10 * worth)


def test_the_labels_say_what_the_chain_did(town: Town) -> None:
    # A transition in step k is entered after created + k days and by created + (k + 1) days.
    stages, people = town.lives.stages, town.people
    age = stages.time_us - people.created_us[stages.lead]
    assert (age > stages.step * DAY_US).all()
    assert (age <= (stages.step + 1) * DAY_US).all()
    assert (town.lives.states[stages.step + 1, stages.lead] == stages.state).all()
    assert set(np.unique(town.lives.states)) == set(range(len(STATES)))
    assert (town.lives.states[0] == NEW).all()


def _with(inputs: ChainInputs, **changed: np.ndarray) -> ChainInputs:
    return ChainInputs(**{**inputs.__dict__, **changed})
