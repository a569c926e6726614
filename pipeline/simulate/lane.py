"""The lane of the simulated company: a random share of the leads below the cut-off goes to sales too, and is logged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from features.tables.handovers import CUTOFF, EXPLORATION
from models.scoring.lane_draw import chance_per_look, drawn
from pipeline.simulate.sales import StageEntries
from pipeline.simulate.sales_stages import MQL, ChainInputs

_TIME = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        ("lead_id", pa.string()),
        ("handed_over_at", _TIME),
        ("handed_over_by", pa.string()),
        ("probability", pa.float64()),
    ]
)


@dataclass(frozen=True)
class Lane:
    """A sales team that works promoted leads alone, with or without a lane beside it.

    Attributes
    ----------
    share : float
        Of the leads that stay below the cut-off, over all their looks.
    look_days : sequence of int
        Days since creation at which a lead below the cut-off draws.
    seed : int
        Of the draws.
    """

    share: float
    look_days: Sequence[int]
    seed: int

    @property
    def chance(self) -> float:
        """Probability of one draw."""
        return chance_per_look(self.share, len(self.look_days))

    def draws(self, ids: np.ndarray, *, days: int) -> np.ndarray:
        """Return who is drawn in which step, shape (days, leads); it takes effect below the cut-off only."""
        drawn_in = np.zeros((days, len(ids)), dtype=bool)
        for look, day in enumerate(self.look_days):
            drawn_in[day] = drawn(ids, np.full(len(ids), look), chance=self.chance, seed=self.seed)
        return drawn_in


def handovers_table(stages: StageEntries, inputs: ChainInputs, lane: Lane, ids: np.ndarray) -> pa.Table:
    """Return one row a lead that came to sales: when, by cut-off or by the draw, and the probability of the draw.

    A draw that falls on the day on which the points reach the cut-off counts as a draw: it was made before.
    """
    mine = np.flatnonzero(stages.state == MQL)
    lead, step = stages.lead[mine], stages.step[mine]
    by_draw = inputs.drawn[step, lead] if inputs.drawn is not None else np.zeros(len(mine), dtype=bool)
    by = np.where(by_draw, EXPLORATION, CUTOFF)
    probability = np.where(by_draw, lane.chance, 1.0)
    at = pa.array(stages.time_us[mine].astype(np.int64)).cast(_TIME)
    return pa.Table.from_arrays([pa.array(ids[lead]), at, pa.array(by), pa.array(probability)], schema=SCHEMA)
