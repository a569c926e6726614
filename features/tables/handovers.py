"""Who was handed over to sales, when and why, and what that makes of silence: a no, or nothing at all.

Where sales works only leads that were handed over to it (``follow_up: promoted_only`` in ``source.yaml``), a lead that
was never handed over and never qualified says nothing about what it would have become. A row (a lead as of a time)
asks what becomes of the lead if sales works it from now on. Its outcome answers that

- where the lead was handed over by then: the row weighs 1;
- where it was handed over right then by a draw of known probability p: the row weighs 1 / p, since it stands for all
  that took part in the draw (Horvitz and Thompson 1952);
- not otherwise: the row weighs 0. This holds too for leads that a cut-off promoted later: they were promoted for what
  they did after the row, so that to count them would count those to whom good things happened.

Over all rows that took part in a draw or were handed over already, weights average to 1.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.as_of import is_known
from features.source_spec import SourceSpec
from features.time_units import DAY_US

CUTOFF, EXPLORATION, OTHER = "cutoff", "exploration", "other"
HANDED_OVER_BY = (CUTOFF, EXPLORATION, OTHER)
DECISION_US = 7 * DAY_US
"""A draw belongs to the lead's last row at or before it, unless that is older than this."""
SMALLEST_PROBABILITY = 0.001
"""Draws of a smaller probability weigh as much as one of this: a single lead must not stand for more than 1,000."""


def first_handovers(stages: pd.DataFrame, handovers: pd.DataFrame, spec: SourceSpec) -> pd.DataFrame:
    """Return how each lead came to sales first.

    Parameters
    ----------
    stages : DataFrame
        ``lead_id``, ``stage``, ``entered_us``. A rung of the ladder that was entered tells of a hand-over too, by
        cut-off for all one knows.
    handovers : DataFrame
        ``lead_id``, ``handed_over_us``, ``handed_over_by`` and ``probability``; may be empty. Where both tell of the
        same moment, this table is believed.
    spec : SourceSpec
        Names the ladder.

    Returns
    -------
    DataFrame
        Index ``lead_id``; ``handed_over_us`` (int64), ``handed_over_by``, ``probability`` (missing unless drawn).
    """
    promoted = stages.loc[stages["stage"].isin(spec.ladder), ["lead_id", "entered_us"]]
    promotions = promoted.rename(columns={"entered_us": "handed_over_us"}).assign(
        handed_over_by=CUTOFF, probability=np.nan, source=1
    )
    columns = ["lead_id", "handed_over_us", "handed_over_by", "probability", "source"]
    both = [table[columns] for table in (handovers.assign(source=0), promotions) if len(table)]
    if not both:
        return promotions[columns].drop(columns="source").set_index("lead_id")
    joined = pd.concat(both, ignore_index=True).sort_values(["lead_id", "handed_over_us", "source"], kind="stable")
    first = joined.drop_duplicates("lead_id").drop(columns="source").set_index("lead_id")
    return first.astype({"handed_over_us": "int64", "probability": "float64"})


def handover_weights(rows: pd.DataFrame, first: pd.DataFrame) -> pd.DataFrame:
    """Return what each row's outcome weighs, by how its lead came to sales.

    Parameters
    ----------
    rows : DataFrame
        ``lead_id``, ``as_of_us``; one row a lead and time.
    first : DataFrame
        From `first_handovers`.

    Returns
    -------
    DataFrame
        Index as ``rows``; ``weight`` (float, 0 and up) and ``how``: ``worked`` (with sales by then), ``drawn`` (handed
        over by the draw that belongs to this row), ``silent`` (says nothing).
    """
    at = rows["lead_id"].map(first["handed_over_us"]).astype("Int64")
    by_draw = rows["lead_id"].map(first["handed_over_by"]).eq(EXPLORATION).to_numpy()
    as_of = rows["as_of_us"].astype("Int64")
    before = ((as_of <= at) & (at - as_of < DECISION_US)).fillna(False).to_numpy(dtype=bool) & by_draw
    last = as_of.where(before).groupby(rows["lead_id"]).transform("max")
    decided = before & as_of.eq(last).fillna(False).to_numpy(dtype=bool)
    worked = is_known(at, as_of).fillna(False).to_numpy(dtype=bool) & ~decided
    p = rows["lead_id"].map(first["probability"]).astype("float64").clip(lower=SMALLEST_PROBABILITY)
    weight = np.where(decided, 1.0 / p, np.where(worked, 1.0, 0.0))
    how = np.where(decided, "drawn", np.where(worked, "worked", "silent"))
    return pd.DataFrame({"weight": weight, "how": how}, index=rows.index)


def promotion_weights(rows: pd.DataFrame, first: pd.DataFrame, *, draw_us: int, look_us: int) -> pd.DataFrame:
    """Return what the outcome of a lead would weigh if it were promoted at a row, each row by itself.

    A promotion falls on any night, the draws of the lane on the looks of the source's own grid. A lead that is not with
    sales when a rule promotes it is therefore represented by those that the next draw hands over; where a night's
    promotion comes to sales before the next look, it is with sales.

    Parameters
    ----------
    rows : DataFrame
        ``lead_id``, ``as_of_us``.
    first : DataFrame
        From `first_handovers`.
    draw_us : int
        Time in which each waiting lead draws once: the rhythm of the source's own looks.
    look_us : int
        Time to the next look of the job.

    Returns
    -------
    DataFrame
        As for `handover_weights`.
    """
    at = rows["lead_id"].map(first["handed_over_us"]).astype("Int64")
    by_draw = rows["lead_id"].map(first["handed_over_by"]).eq(EXPLORATION).to_numpy()
    wait = (at - rows["as_of_us"].astype("Int64")).astype("float64").to_numpy(na_value=np.inf)
    drawn = by_draw & (wait >= 0) & (wait < draw_us)
    worked = ~drawn & np.where(by_draw, wait < 0, wait < look_us)
    p = rows["lead_id"].map(first["probability"]).astype("float64").clip(lower=SMALLEST_PROBABILITY)
    weight = np.where(drawn, 1.0 / p, np.where(worked, 1.0, 0.0))
    how = np.where(drawn, "drawn", np.where(worked, "worked", "silent"))
    return pd.DataFrame({"weight": weight, "how": how}, index=rows.index)
