"""Leads that wait: how long to the next step, and who lies idle at which stage."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import CensoredData, ecdf

from features.as_of import is_known
from features.source_spec import SourceSpec
from features.time_units import DAY_US
from models.measures.bootstrap import Interval
from models.measures.wilson import wilson
from models.monitoring.followed_leads import Path

NEW: Final = "(no stage yet)"
FEWEST: Final = 10
"""Of fewer leads no time is told."""


@dataclass(frozen=True)
class Wait:
    """Time from one stage to the next, Kaplan–Meier: who still waits counts for as long as it has waited.

    Attributes
    ----------
    origin, stage : str
    leads, reached : int
    median_days : Interval
        Nan for what lies beyond the longest wait that was seen.
    within : Interval
        Share that gets there within the horizon, with its interval.
    """

    origin: str
    stage: str
    leads: int
    reached: int
    median_days: Interval
    within: Interval


def waits(rows: pd.DataFrame, path: Path, *, as_of_us: int, since_us: int) -> list[Wait]:
    """Return the waits from the entry to each step, of leads that entered since a moment.

    Parameters
    ----------
    rows : DataFrame
        As from `followed_mqls`.
    since_us : int
        Older entries tell of older times.
    """
    recent = rows[rows["entered_us"] >= since_us]
    return [_wait(recent, path, stage, as_of_us) for stage in path.steps]


def _wait(rows: pd.DataFrame, path: Path, stage: str, as_of_us: int) -> Wait:
    reached_us = rows[f"reached_{stage}_us"]
    ends = (rows["entered_us"] + path.horizon_us).clip(upper=as_of_us)
    came = (reached_us <= ends).fillna(False).to_numpy(dtype=bool)
    until = np.where(came, reached_us.fillna(0).to_numpy(dtype="int64"), ends.to_numpy(dtype="int64"))
    days = (until - rows["entered_us"].to_numpy(dtype="int64")) / DAY_US
    unknown = Interval(float("nan"), float("nan"), float("nan"))
    if len(rows) < FEWEST or not came.any():
        return Wait(path.entry, stage, len(rows), int(came.sum()), unknown, unknown)
    curve = ecdf(CensoredData(uncensored=days[came], right=days[~came])).sf
    with warnings.catch_warnings():  # before the first and after the last event there is none; filled in below
        warnings.simplefilter("ignore", RuntimeWarning)
        band = curve.confidence_interval(method="log-log")
    low, high = (_filled(bound.probabilities, curve.probabilities) for bound in (band.low, band.high))
    median = Interval(*(_first_below(curve.quantiles, shares) for shares in (curve.probabilities, low, high)))
    within = Interval(*(1 - float(shares[-1]) for shares in (curve.probabilities, high, low)))
    return Wait(path.entry, stage, len(rows), int(came.sum()), median, within)


def _filled(bound: np.ndarray, estimate: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(bound), bound, estimate)


def _first_below(days: np.ndarray, survival: np.ndarray) -> float:
    below = np.flatnonzero(survival <= 0.5)
    return float(days[below[0]]) if len(below) else float("nan")


def idle_leads(
    leads: pd.DataFrame,
    stages: pd.DataFrame,
    events: pd.DataFrame,
    spec: SourceSpec,
    *,
    as_of_us: int,
    idle_days: float,
) -> pd.DataFrame:
    """Return for every stage how many open leads lie there, and for how long nothing has happened to them.

    Parameters
    ----------
    leads : DataFrame
        ``lead_id``, ``created_us``.
    stages : DataFrame
        ``lead_id``, ``stage``, ``entered_us``.
    events : DataFrame
        ``lead_id``, ``occurred_us``: what counts as something happening (not a mailing that was sent).
    spec : SourceSpec
        The ladder; closed leads are left out.
    as_of_us : int
        Later rows are not looked at.
    idle_days : float
        Without event or change of stage for longer, a lead is idle.

    Returns
    -------
    DataFrame
        One row a stage in ladder order, leads without a stage first: ``stage``, ``leads``, ``idle``, ``share`` with
        ``low`` and ``high`` (Wilson, 95 %), ``median_days`` and ``p90_days`` since anything happened, ``in_stage_days``
        (median since the stage was entered).
    """
    entries = stages[is_known(stages["entered_us"], as_of_us)]
    order = {name: place for place, name in enumerate((*spec.recycled, *spec.ladder, *spec.lost))}
    ranked = entries.assign(rank=entries["stage"].map(order)).sort_values(
        ["lead_id", "entered_us", "rank"], kind="stable"
    )
    now = ranked.groupby("lead_id").tail(1).set_index("lead_id")
    rows = leads.loc[is_known(leads["created_us"], as_of_us), ["lead_id", "created_us"]]
    entered = rows["lead_id"].map(now["entered_us"]).fillna(rows["created_us"]).to_numpy(dtype="int64")
    acted = events[is_known(events["occurred_us"], as_of_us)].groupby("lead_id")["occurred_us"].max()
    last = np.maximum(entered, rows["lead_id"].map(acted).fillna(0).to_numpy(dtype="int64"))
    table = pd.DataFrame(
        {
            "stage": rows["lead_id"].map(now["stage"]).astype("string").fillna(NEW).astype(str),
            "silent": (as_of_us - last) / DAY_US,
            "in_stage": (as_of_us - entered) / DAY_US,
        }
    )
    table = table[~table["stage"].isin(spec.closed_stages)]
    table["idle"] = table["silent"] > idle_days
    figures = table.groupby("stage").agg(
        leads=("idle", "size"),
        idle=("idle", "sum"),
        median_days=("silent", "median"),
        p90_days=("silent", lambda silent: float(silent.quantile(0.9))),
        in_stage_days=("in_stage", "median"),
    )
    figures = figures.reindex(
        [name for name in (NEW, *spec.ladder, *spec.recycled) if name in figures.index]
    ).reset_index()
    low, high = wilson(figures["idle"], figures["leads"])
    figures = figures.assign(
        idle=figures["idle"].astype("int64"), share=figures["idle"] / figures["leads"], low=low, high=high
    )
    return figures[["stage", "leads", "idle", "share", "low", "high", "median_days", "p90_days", "in_stage_days"]]
