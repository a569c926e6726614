"""How many entered the ladder and what became of them, month by month and group by group, at equal age."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from features.as_of import counts_as_outcome, is_matured
from features.time_units import DAY_US, from_micros
from models.measures.wilson import wilson
from models.monitoring.followed_leads import Path


def volume_by_month(rows: pd.DataFrame, path: Path, *, by: Sequence[str], as_of_us: int) -> pd.DataFrame:
    """Return volume and conversion of every month and group.

    Parameters
    ----------
    rows : DataFrame
        As from `followed_mqls`.
    path : Path
    by : sequence of str
        Columns that divide the leads; the company as a whole comes first, with empty ``dimension`` and ``value``.
    as_of_us : int

    Returns
    -------
    DataFrame
        One row a month, group and step: ``dimension``, ``value``, ``month`` (of entry, ``2026-05``), ``stage``,
        ``leads`` (all that entered), ``matured`` (those whose whole window has passed: only these are judged),
        ``too_young``, ``reached`` (matured leads that got there within the window), ``share`` with ``low`` and ``high``
        (Wilson, 95 %; null without a matured lead).
    """
    month = from_micros(rows["entered_us"]).dt.strftime("%Y-%m")
    matured = is_matured(rows["entered_us"], path.horizon_us, as_of_us)
    parts = []
    for stage in path.steps:
        reached = counts_as_outcome(rows[f"reached_{stage}_us"], rows["entered_us"] - 1, horizon=path.horizon_us + 1)
        inside = reached.fillna(False).astype(bool) & matured
        table = pd.DataFrame({"month": month, "matured": matured, "reached": inside})
        parts += [
            _counted(table, keys).assign(dimension=name, stage=stage)
            for name, keys in (("", pd.Series("", index=rows.index)), *((name, rows[name]) for name in by))
        ]
    counted = pd.concat(parts, ignore_index=True)
    low, high = wilson(counted["reached"], counted["matured"])
    some = counted["matured"] > 0
    share = counted["reached"] / counted["matured"].where(some)
    counted = counted.assign(
        too_young=counted["leads"] - counted["matured"],
        share=share,
        low=np.where(some, low, np.nan),
        high=np.where(some, high, np.nan),
    )
    columns = ["dimension", "value", "month", "stage", "leads", "matured", "too_young", "reached", "share"]
    return counted[[*columns, "low", "high"]]


def _counted(table: pd.DataFrame, value: pd.Series) -> pd.DataFrame:
    grouped = table.groupby([value.rename("value").astype(str), "month"], sort=True)
    counts = grouped.agg(leads=("matured", "size"), matured=("matured", "sum"), reached=("reached", "sum"))
    return counts.astype("int64").reset_index()


def still_open(rows: pd.DataFrame, path: Path, *, as_of_us: int) -> pd.DataFrame:
    """Return for each month of entry how many outcomes are not known yet, and when the last of them will be.

    Returns
    -------
    DataFrame
        One row a month with an open outcome: ``month``, ``leads``, ``open`` (window still running and goal not
        reached), ``known_on`` (day on which the last window of the month's leads ends).
    """
    goal = rows[f"reached_{path.goal}_us"]
    ends = rows["entered_us"] + path.horizon_us
    running = (ends > as_of_us) & ~(goal <= as_of_us).fillna(False).astype(bool)
    month = from_micros(rows["entered_us"]).dt.strftime("%Y-%m")
    table = pd.DataFrame({"month": month, "open": running, "ends": ends.where(running, 0)})
    grouped = table.groupby("month", sort=True).agg(leads=("open", "size"), open=("open", "sum"), ends=("ends", "max"))
    grouped = grouped[grouped["open"] > 0].reset_index()
    known_on = from_micros(grouped["ends"] + DAY_US - 1).dt.strftime("%Y-%m-%d")
    return grouped.assign(open=grouped["open"].astype("int64"), known_on=known_on).drop(columns="ends")
