"""The sales process as a Markov chain: one step a day, counted from each lead's creation.

Step ``k`` covers ``(created_at + k days, created_at + (k + 1) days]``; at most one transition happens in it. A lead
that is NEW becomes MQL in the very step in which its points reach the cut-off; everything else is drawn, with
probabilities that depend on the state the lead is in and on its latents (fit, the path of intent, luck). Given those
and the points it has, the future depends on the past no further; that is what makes the true probabilities exact
(`pipeline.simulate.true_probabilities`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pipeline.simulate.marketing_points import CUTOFF_STEPS, promotable
from pipeline.simulate.people import People

STATES = ("NEW", "MQL", "SRL", "SAL", "SQL", "OFFER", "WON", "LOST", "LOST_DEAL", "RECYCLED")
"""Hidden states; OFFER is still SQL to the company, LOST_DEAL is LOST after SQL."""
NEW, MQL, SRL, SAL, SQL, OFFER, WON, LOST, LOST_DEAL, RECYCLED = range(len(STATES))
STAGE_OF_STATE = (None, "MQL", "SRL", "SAL", "SQL", None, "WON", "LOST", "LOST", "RECYCLED")
"""The stage that entering a state shows in the company's system."""
REACHED_SQL = (SQL, OFFER, WON, LOST_DEAL)
CLOSED = (WON, LOST, LOST_DEAL)


@dataclass(frozen=True)
class ChainInputs:
    """What a lead's way through the sales process depends on."""

    kind: np.ndarray
    fit: np.ndarray
    deal_luck: np.ndarray
    liked: np.ndarray
    """How much sales likes the look of the lead, from 0 to 1: it calls managing directors first."""
    promotable: np.ndarray
    handover_day: np.ndarray
    unsubscribe_day: np.ndarray
    intent: np.ndarray
    """Shape (days, leads)."""
    visits: np.ndarray
    """Expected visits a day, shape (days, leads)."""
    points: np.ndarray
    """Steps of points that came to be, shape (days + 1, leads)."""
    drawn: np.ndarray | None = None
    """Whether the lane draws the lead in a step, shape (days, leads); None for sales that works as usual."""
    welcome: np.ndarray | None = None
    """The part of its liking that sales keeps in a step, shape (days, leads); None for all of it."""

    def in_lane(self, step: int) -> np.ndarray:
        """Return which leads go to sales in a step if they are NEW then, because they were drawn."""
        nobody = np.zeros(len(self.promotable), dtype=bool)
        return nobody if self.drawn is None else self.promotable & self.drawn[step]

    @property
    def promoted(self) -> np.ndarray:
        """Whether the points are at the cut-off at ``created_at + k`` days, shape (days + 1, leads)."""
        at_cutoff: np.ndarray = self.promotable & (self.points >= CUTOFF_STEPS)
        return at_cutoff


class Transition(NamedTuple):
    """One way out of a state during a step, with its probability for each lead."""

    origin: int
    destination: int
    probability: np.ndarray


def chain_inputs(
    people: People,
    *,
    attributes: np.ndarray,
    unsubscribe_day: np.ndarray,
    intent: np.ndarray,
    visits: np.ndarray,
    points: np.ndarray,
    drawn: np.ndarray | None = None,
    welcome: np.ndarray | None = None,
) -> ChainInputs:
    """Return what the chain needs to know of some leads; ``attributes`` are the points for who they are."""
    return ChainInputs(
        kind=people.kind,
        fit=people.fit,
        deal_luck=people.deal_luck,
        liked=_logistic((attributes - 12) / 5),
        promotable=promotable(people),
        handover_day=people.handover_day,
        unsubscribe_day=unsubscribe_day,
        intent=intent,
        visits=visits,
        points=points,
        drawn=drawn,
        welcome=welcome,
    )


def transitions(inputs: ChainInputs, step: int) -> tuple[Transition, ...]:
    """Return every way that is drawn in a step; for each lead and state the probabilities sum to at most 1.

    Promotion by points comes before these and is not among them. Handed-over fair cards go to sales on their day. Sales
    accepts, qualifies and wins by fit and by intent as it is that day, whatever the points say.
    """
    intent = inputs.intent[step]
    one = np.ones(len(intent))
    usual = inputs.drawn is None
    handed = (inputs.handover_day == step) & usual
    worth = _logistic(-0.65 + 0.4 * inputs.fit + 1.9 * intent)
    if inputs.welcome is not None:
        worth = worth * inputs.welcome[step]
    deal = _logistic(-1.2 + 0.4 * inputs.fit + 1.5 * intent + inputs.deal_luck)
    discovery = np.where(inputs.promotable & usual, 0.0006 + 0.0010 * intent, 0.0)
    return (
        Transition(NEW, SRL, np.where(handed, 1.0, discovery)),
        Transition(NEW, LOST, np.where(handed, 0.0, 0.0006)),
        Transition(MQL, SRL, 0.06 + 0.25 * inputs.liked),
        Transition(MQL, RECYCLED, 0.030 * one),
        Transition(SRL, SAL, 0.24 * worth),
        Transition(SRL, RECYCLED, 0.05 + 0.11 * (1 - worth)),
        Transition(SRL, LOST, 0.07 * (1 - worth)),
        Transition(SAL, SQL, 0.10 * worth),
        Transition(SAL, RECYCLED, 0.02 + 0.04 * (1 - worth)),
        Transition(SAL, LOST, 0.004 + 0.02 * (1 - worth)),
        Transition(SQL, OFFER, 0.07 * one),
        Transition(SQL, LOST_DEAL, 0.010 * one),
        Transition(OFFER, WON, 0.045 * deal),
        Transition(OFFER, LOST_DEAL, 0.045 * (1 - deal)),
        Transition(RECYCLED, SRL, 0.0005 + 0.015 * intent),
        Transition(RECYCLED, LOST, 0.004 * one),
    )


def run_chain(rng: np.random.Generator, inputs: ChainInputs) -> np.ndarray:
    """Draw one history for every lead.

    Returns
    -------
    ndarray of int8, shape (days + 1, leads)
        Row ``k`` is the state at ``created_at + k`` days, the end of step ``k - 1``.
    """
    days, leads = inputs.intent.shape
    promoted = inputs.promoted
    states = np.zeros((days + 1, leads), dtype=np.int8)
    for step in range(days):
        now, draw = states[step], rng.random(leads)
        after, spent = now.copy(), np.zeros(leads)
        for way in transitions(inputs, step):
            chance = np.where(now == way.origin, way.probability, 0.0)
            after[(draw >= spent) & (draw < spent + chance)] = way.destination
            spent += chance
        after[(now == NEW) & (promoted[step + 1] | inputs.in_lane(step))] = MQL
        states[step + 1] = after
    return states


def entries(states: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield ``(state, step, lead)`` with every entry into each state."""
    step, lead = np.nonzero(states[1:] != states[:-1])
    entered = states[step + 1, lead]
    for state in range(1, len(STATES)):
        mine = entered == state
        yield state, step[mine], lead[mine]


def _logistic(x: np.ndarray) -> np.ndarray:
    probability: np.ndarray = 1 / (1 + np.exp(-np.clip(x, -40, 40)))
    return probability
