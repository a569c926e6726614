"""The true probabilities behind the simulated labels, by forward recursion: exact, nothing is drawn.

Definition
----------
For a snapshot at ``as_of = created_at + k days`` of a lead that is still open, ``p_sql`` is the probability that
stage SQL (or one above) is entered within ``(as_of, as_of + horizon]``, ``p_close`` the same for the top of the
ladder, **given**

- the lead's latents: who it is, fit, luck, when it will unsubscribe, and its whole path of intent, and
- the points it has and the state of the sales process it is in at ``as_of``,

while what the lead is going to click, and what sales makes of it, are still open. A lead that has reached SQL has
``p_sql = 1``. No model sees the latents, so none can know these probabilities; but among leads to which a model gives
one score, outcomes average to the mean of these truths.

How
---
A lead that is NEW is described by how many steps of points it lacks for a promotion; one day's gain has a known law
(`pipeline.simulate.marketing_points.daily_gain`), and any other state has the transitions of
`pipeline.simulate.sales_stages`. So the probabilities of all states are carried forward day by day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.simulate.marketing_points import CUTOFF_STEPS, UNSUBSCRIBE_STEPS, daily_gain
from pipeline.simulate.sales_stages import MQL, NEW, REACHED_SQL, STATES, WON, ChainInputs, Transition, transitions

TARGET_STATES: dict[str, tuple[int, ...]] = {"sql": REACHED_SQL, "close": (WON,)}
_LEVELS = CUTOFF_STEPS + UNSUBSCRIBE_STEPS + 1
"""Steps that may be lacking: 0 to 14."""


@dataclass(frozen=True)
class Mass:
    """Where leads may be, as probabilities."""

    lacking: np.ndarray
    """NEW, by the steps of points lacking; shape (levels, leads)."""
    states: np.ndarray
    """The other states; shape (states, leads), nothing in row NEW."""


def true_probabilities(
    inputs: ChainInputs,
    states: np.ndarray,
    *,
    snapshot_days: Sequence[int],
    horizon_days: Mapping[str, int],
    if_worked: bool = False,
) -> dict[str, np.ndarray]:
    """Return the true probability of each target at each snapshot.

    Parameters
    ----------
    states : ndarray, shape (days + 1, leads)
        The histories that were drawn; row ``k`` is known at snapshot day ``k``.
    snapshot_days : sequence of int
        Whole days since creation.
    horizon_days : mapping
        Target (``sql``, ``close``) to whole days.
    if_worked : bool
        Whether every lead that is NEW and may be promoted goes to sales on the day after the snapshot, as a draw of the
        lane would have it; otherwise things go as they go.

    Returns
    -------
    dict of ndarray, shape (snapshots, leads)
        Probabilities in [0, 1], for closed leads too (there they say nothing new).
    """
    result = {target: np.zeros((len(snapshot_days), states.shape[1])) for target in horizon_days}
    masses: dict[int, Mass] = {}
    furthest = max(horizon_days.values())
    for day in range(min(snapshot_days), max(snapshot_days) + furthest + 1):
        for row, start in enumerate(snapshot_days):
            if start == day:
                masses[row] = _known(inputs, states[day], day)
            for target, horizon in horizon_days.items():
                if start + horizon == day:
                    result[target][row] = masses[row].states[list(TARGET_STATES[target])].sum(axis=0)
        masses = {row: mass for row, mass in masses.items() if snapshot_days[row] + furthest > day}
        if masses:
            ways = transitions(inputs, day)
            gain = daily_gain(inputs.kind, inputs.visits[day], inputs.intent[day], day=day, most=_LEVELS - 1)
            leaving = inputs.unsubscribe_day == day
            lane = inputs.in_lane(day)
            for row, mass in masses.items():
                handed = lane | inputs.promotable if if_worked and snapshot_days[row] == day else lane
                masses[row] = _after_draws(mass, handed, inputs, ways, gain, leaving)
    return result


def _known(inputs: ChainInputs, state: np.ndarray, day: int) -> Mass:
    """All probability on what is the case at ``created_at + day`` days."""
    lacking = np.clip(CUTOFF_STEPS - inputs.points[day].astype(np.int64), 0, _LEVELS - 1)
    is_new = state == NEW
    states = (np.arange(len(STATES))[:, None] == state) & ~is_new
    return Mass((np.arange(_LEVELS)[:, None] == lacking) * is_new.astype(np.float64), states.astype(np.float64))


def _after_draws(
    mass: Mass, lane: np.ndarray, inputs: ChainInputs, ways: Sequence[Transition], gain: np.ndarray, leaving: np.ndarray
) -> Mass:
    """Who is drawn becomes MQL in this step, whatever else would have happened to it."""
    if not lane.any():
        return _after_a_day(mass, inputs, ways, gain, leaving)
    after = _after_a_day(Mass(mass.lacking * ~lane, mass.states), inputs, ways, gain, leaving)
    after.states[MQL] += (mass.lacking * lane).sum(axis=0)
    return after


def _after_a_day(
    mass: Mass, inputs: ChainInputs, ways: Sequence[Transition], gain: np.ndarray, leaving: np.ndarray
) -> Mass:
    lacking, promoted = _points_after_a_day(mass.lacking, inputs.promotable, gain, leaving)
    states = mass.states.copy()
    out_of_new = np.zeros(lacking.shape[1])
    for way in ways:
        if way.origin == NEW:
            states[way.destination] += lacking.sum(axis=0) * way.probability
            out_of_new += way.probability
        else:
            flow = mass.states[way.origin] * way.probability
            states[way.origin] -= flow
            states[way.destination] += flow
    states[MQL] += promoted
    return Mass(lacking * (1 - out_of_new), states)


def _points_after_a_day(
    lacking: np.ndarray, promotable: np.ndarray, gain: np.ndarray, leaving: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the steps lacking after a day's gain, among leads not promoted, and the probability of a promotion.

    Level 0 stands for all who have enough points, which only the unpromotable keep.
    """
    before = lacking
    if leaving.any():
        moved = np.zeros_like(lacking)
        moved[UNSUBSCRIBE_STEPS:] = lacking[:-UNSUBSCRIBE_STEPS]
        moved[-1] += lacking[-UNSUBSCRIBE_STEPS:].sum(axis=0)
        before = np.where(leaving, moved, lacking)
    after = np.zeros_like(before)
    for steps in range(_LEVELS - 1):
        after[1 : _LEVELS - steps] += before[1 + steps :] * gain[steps]
    enough = np.maximum(before.sum(axis=0) - after[1:].sum(axis=0), 0.0)
    after[0] = np.where(promotable, 0.0, enough)
    return after, np.where(promotable, enough, 0.0)
