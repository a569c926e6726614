"""Whom a run of the stage ``score`` hands over, by cut-off or by the lane's draw, and with what probability."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from features.labelling.snapshots import first_looks
from features.tables.handovers import CUTOFF, EXPLORATION, first_handovers
from features.time_units import to_micros
from models.scoring.groups import to_hand_over
from models.scoring.lane_draw import chance_per_look, drawn, look_numbers, looks_of_a_lead
from models.scoring.run_about import LaneAbout
from pipeline.outputs.ingested_tables import read_handovers, read_leads, read_stages
from pipeline.runner.stages import StageContext


def handover_rule(context: StageContext) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Return what adds ``handed_over_by`` and ``handover_probability`` to scores, any number of rows at a time.

    Parameters
    ----------
    context : StageContext
        ``score.explore_share``, the seed, and what was ingested, which is read once.

    Returns
    -------
    callable
        Of scores as `models.scoring.score_rows.score_rows` gives them. ``handed_over_by``: ``cutoff`` for who is handed
        over now, counted as MQL or SAL; ``exploration`` for who was drawn; else null. ``handover_probability``: 1 by
        cut-off; the chance of the draw for everyone who took part in it, drawn or not; null for who never takes part:
        with sales already, excluded by rule, at the goal already, or handed over before.
    """
    spec, share, seed = context.spec(), context.settings.score.explore_share, context.settings.seed
    if share == 0:
        return _by_cutoff
    leads, stages = read_leads(context), read_stages(context)
    first_look = first_looks(leads, stages, spec)
    before = first_handovers(stages, read_handovers(context), spec).index
    chance = chance_per_look(share, looks_of_a_lead(spec.snapshots))

    def by_cutoff_or_lane(scores: pd.DataFrame) -> pd.DataFrame:
        scores = _by_cutoff(scores)
        if scores.empty:
            return scores
        takes_part = scores["counted_as"].eq("none").to_numpy() & (before.get_indexer(pd.Index(scores["lead_id"])) < 0)
        first = scores["lead_id"].map(first_look).to_numpy(dtype="int64")
        looks = look_numbers(to_micros(scores["as_of"]), first, spec.snapshots)
        hit = takes_part & drawn(scores["lead_id"], looks, chance=chance, seed=seed)
        return scores.assign(
            handed_over_by=np.where(hit, EXPLORATION, scores["handed_over_by"].to_numpy(dtype=object)),
            handover_probability=np.where(takes_part, chance, scores["handover_probability"]),
        )

    return by_cutoff_or_lane


def _by_cutoff(scores: pd.DataFrame) -> pd.DataFrame:
    next_ones = to_hand_over(scores["counted_as"])
    by = np.full(len(scores), None, dtype=object)
    by[next_ones] = CUTOFF
    return scores.assign(handed_over_by=by, handover_probability=np.where(next_ones, 1.0, np.nan))


def describe_lane(scores: pd.DataFrame, context: StageContext) -> LaneAbout | None:
    """Return what a run says about its lane: its share, who took part and who was drawn; None without a lane."""
    share = context.settings.score.explore_share
    if share == 0:
        return None
    by, probability = scores["handed_over_by"], scores["handover_probability"]
    return LaneAbout(
        share=share,
        chance=chance_per_look(share, looks_of_a_lead(context.spec().snapshots)),
        took_part=int((probability.notna() & by.ne(CUTOFF)).sum()),
        drawn=int(by.eq(EXPLORATION).sum()),
    )
