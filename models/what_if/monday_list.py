"""Next Monday's list: the open leads that pass, the first to call first."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from models.scoring.groups import to_hand_over
from models.what_if.question import Agreed, Question
from models.what_if.stored_evidence import Past
from models.what_if.who_moves import bands

LIST_COLUMNS = (
    "place", "lead_id", "band", "this_week", "held_by_gates", "p", "p_close", "points", "points_band", "band_in_force",
    "stage", "fit_grade", "behaviour_grade",
)  # fmt: skip


def monday(past: Past, agreed: Agreed, question: Question) -> dict[str, Any]:
    """List the open leads at or above the cut-offs that sales does not have yet.

    Returns
    -------
    dict
        ``sal``, ``mql`` (leads of each band), ``held_by_gates`` (MQLs that are likely enough for SAL), ``this_week``
        (SALs that the people have time for in the first week; the rest is there because nobody was handed over by these
        cut-offs before), ``rows``: one a lead, SAL first, then by probability: ``place`` (1, 2, …), ``lead_id``,
        ``band``, ``this_week``, ``held_by_gates`` (likely enough for SAL, but a gate is closed), ``p``, ``p_close``
        (None without such a target), ``points`` (None where the baseline is not points), ``points_band``,
        ``band_in_force``, ``stage``, ``fit_grade``, ``behaviour_grade``.
    """
    rows = listed(past, agreed)
    sal = int((rows["band"] == "SAL").sum())
    weekly = question.capacity or float(past.model.sal.per_week([agreed.forward.sal])[0])
    first = min(sal, math.ceil(weekly))
    rows["this_week"] = (rows["band"] == "SAL") & (rows["place"] <= first)
    has_points = past.in_force.baseline.kind == "points"
    rows["points"] = rows["points"].astype(object) if has_points else None
    records = rows[list(LIST_COLUMNS)].astype(object).where(rows[list(LIST_COLUMNS)].notna(), None).to_dict("records")
    held = int(rows["held_by_gates"].sum())
    return {"sal": sal, "mql": len(rows) - sal, "held_by_gates": held, "this_week": first, "rows": records}


def listed(past: Past, agreed: Agreed) -> pd.DataFrame:
    """Return the open leads at or above the proposed cut-offs, with the bands of all three policies."""
    opened = past.opened
    opened = opened.assign(
        band=bands(opened, agreed.mql, agreed.sal),
        band_in_force=bands(opened, past.in_force.mql, past.in_force.sal),
        points_band=opened["baseline_band"].to_numpy(dtype=str),
    )
    opened["held_by_gates"] = (opened["band"] == "MQL") & (opened["p"] >= agreed.sal)
    if "p_close" not in opened:
        opened["p_close"] = np.nan
    rows = opened[to_hand_over(opened["band"])]
    order = rows.assign(rank=(rows["band"] != "SAL").astype(int)).sort_values(
        ["rank", "p", "lead_id"], ascending=[True, False, True]
    )
    return order.drop(columns="rank").reset_index(drop=True).assign(place=np.arange(1, len(order) + 1))
