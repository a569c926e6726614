"""Next Monday's list: the open leads that pass, the first to call first."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from models.scoring.groups import to_hand_over
from models.what_if.agreement import Agreed
from models.what_if.open_leads import ListedLead, MondayList
from models.what_if.question import Question
from models.what_if.stored_evidence import Past
from models.what_if.who_moves import bands

LIST_COLUMNS = tuple(ListedLead.model_fields)


def monday(past: Past, agreed: Agreed, question: Question) -> MondayList:
    """List the open leads at or above the cut-offs that sales does not have yet."""
    rows = listed(past, agreed)
    sal = int((rows["band"] == "SAL").sum())
    weekly = question.capacity or float(past.model.sal.per_week([agreed.forward.sal])[0])
    first = min(sal, math.ceil(weekly))
    rows["this_week"] = (rows["band"] == "SAL") & (rows["place"] <= first)
    has_points = past.in_force.baseline.kind == "points"
    rows["points"] = rows["points"].astype(object) if has_points else None
    shown = rows[list(LIST_COLUMNS)].astype(object)
    return MondayList(
        sal=sal,
        mql=len(rows) - sal,
        held_by_gates=int(rows["held_by_gates"].sum()),
        this_week=first,
        rows=tuple(ListedLead.model_validate(row) for row in shown.where(shown.notna(), None).to_dict("records")),
    )


def listed(past: Past, agreed: Agreed) -> pd.DataFrame:
    """Return the open leads at or above the proposed cut-offs, with the bands of all three policies."""
    opened = past.opened
    opened = opened.assign(
        band=bands(opened, agreed.at),
        band_in_force=bands(opened, past.in_force.at),
        points_band=opened["baseline_band"].to_numpy(dtype=str),
    )
    opened["held_by_gates"] = (opened["band"] == "MQL") & (opened["p"] >= agreed.at.sal)
    if "p_close" not in opened:
        opened["p_close"] = np.nan
    rows = opened[to_hand_over(opened["band"])]
    order = rows.assign(rank=(rows["band"] != "SAL").astype(int)).sort_values(
        ["rank", "p", "lead_id"], ascending=[True, False, True]
    )
    return order.drop(columns="rank").reset_index(drop=True).assign(place=np.arange(1, len(order) + 1))
