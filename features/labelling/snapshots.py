"""When leads are looked at: on the grid of the past for training, tonight and on past nights for scoring."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.as_of import is_known
from features.source_spec import SourceSpec

_NEVER = np.iinfo(np.int64).max


def history_snapshots(
    leads: pd.DataFrame, stages: pd.DataFrame, spec: SourceSpec, *, observed_until_us: int
) -> pd.DataFrame:
    """Return every look at every lead that the past offers.

    Parameters
    ----------
    leads : DataFrame
        ``lead_id`` and ``created_us`` (int64), one row a lead.
    stages : DataFrame
        ``lead_id``, ``stage`` and ``entered_us`` (int64).
    spec : SourceSpec
        Says anchor, first look, rhythm and end.
    observed_until_us : int
        No look after this time.

    Returns
    -------
    DataFrame
        ``lead_id``, ``as_of_us`` (int64), sorted; only while the lead was there and open: a lead that entered a
        closed stage at or before ``as_of_us`` is not looked at.
    """
    looked = _story(leads, stages, spec)
    first = looked["anchor_us"] + spec.snapshots.after
    steps = np.zeros(len(looked), dtype="int64")
    if spec.snapshots.every is not None and spec.snapshots.until is not None:
        last = np.minimum(looked["anchor_us"] + spec.snapshots.until, observed_until_us)
        last = np.minimum(last, looked["closed_us"])
        steps = np.maximum((last - first).to_numpy() // spec.snapshots.every, 0)
    rows = np.repeat(np.arange(len(looked)), steps + 1)
    nth = np.arange(len(rows)) - np.repeat(np.cumsum(steps + 1) - (steps + 1), steps + 1)
    grid = looked.iloc[rows].reset_index(drop=True)
    grid["as_of_us"] = first.to_numpy()[rows] + nth * (spec.snapshots.every or 0)
    grid = grid[is_known(grid["as_of_us"], observed_until_us)]
    return _sorted(grid[_is_open(grid)])


def open_snapshots(leads: pd.DataFrame, stages: pd.DataFrame, spec: SourceSpec, *, as_of_us: int) -> pd.DataFrame:
    """Return the looks at the leads that are open now: what a nightly job scores.

    With ``snapshots.every`` each lead whose age lies between ``after`` and ``until`` is looked at as of now. Without,
    each lead has one look only, at its own anchor + ``after``, if that has come and its longest horizon is not over.

    Parameters
    ----------
    leads, stages : DataFrame
        As for `history_snapshots`.
    spec : SourceSpec
        Says anchor, first look, rhythm and end.
    as_of_us : int
        Now.

    Returns
    -------
    DataFrame
        ``lead_id``, ``as_of_us`` (int64), sorted, at most one row a lead.
    """
    looked = _story(leads, stages, spec)
    first = looked["anchor_us"] + spec.snapshots.after
    due = is_known(first, as_of_us) & is_known(looked["created_us"], as_of_us) & (looked["closed_us"] > as_of_us)
    if spec.snapshots.every is not None and spec.snapshots.until is not None:
        due &= as_of_us <= looked["anchor_us"] + spec.snapshots.until
        looked["as_of_us"] = np.int64(as_of_us)
    else:
        longest = max(target.horizon for target in spec.targets.values())
        due &= first + longest > as_of_us  # what a window that is over held is no longer a forecast
        looked["as_of_us"] = first
    looked = looked[due]
    return _sorted(looked[_is_open(looked)])


def first_looks(leads: pd.DataFrame, stages: pd.DataFrame, spec: SourceSpec) -> pd.Series:
    """Return when each lead that has its anchor is looked at first: ``lead_id`` → microseconds since 1970 (int64)."""
    story = _story(leads, stages, spec).set_index("lead_id")
    first: pd.Series = story["anchor_us"] + spec.snapshots.after
    return first


def job_snapshots(
    leads: pd.DataFrame, stages: pd.DataFrame, spec: SourceSpec, *, nights_us: npt.NDArray[np.int64]
) -> pd.DataFrame:
    """Return the looks of a job that ran on several nights: `open_snapshots` of each night, together.

    Parameters
    ----------
    leads, stages : DataFrame
        As for `history_snapshots`.
    spec : SourceSpec
        Must have ``snapshots.every``: without, no night looks at a lead again.
    nights_us : array of int64
        When the job ran, rising.

    Returns
    -------
    DataFrame
        ``lead_id``, ``as_of_us`` (int64), sorted.
    """
    if spec.snapshots.every is None or spec.snapshots.until is None:
        raise ValueError("a job looks at leads again only in a source with snapshots.every")
    looked = _story(leads, stages, spec)
    due = (looked["anchor_us"] + spec.snapshots.after).clip(lower=looked["created_us"]).to_numpy()
    begin = np.searchsorted(nights_us, due, side="left")
    old = np.searchsorted(nights_us, (looked["anchor_us"] + spec.snapshots.until).to_numpy(), side="right")
    closed = np.searchsorted(nights_us, looked["closed_us"].to_numpy(), side="left")
    count = np.maximum(np.minimum(old, closed) - begin, 0)
    rows = np.repeat(np.arange(len(looked)), count)
    nth = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    grid = looked[["lead_id"]].iloc[rows].reset_index(drop=True)
    grid["as_of_us"] = nights_us[begin[rows] + nth]
    return _sorted(grid)


def _story(leads: pd.DataFrame, stages: pd.DataFrame, spec: SourceSpec) -> pd.DataFrame:
    """Return one row a lead that has its anchor: lead_id, created_us, anchor_us, closed_us (or the end of time)."""
    story = leads[["lead_id", "created_us"]].copy()
    closed = stages[stages["stage"].isin(spec.closed_stages)].groupby("lead_id")["entered_us"].min()
    story["closed_us"] = story["lead_id"].map(closed).fillna(-1).astype("int64").replace(-1, _NEVER)
    if spec.snapshots.anchor == "created":
        story["anchor_us"] = story["created_us"]
        return story
    stage = spec.snapshots.anchor.removeprefix("stage:")
    entered = stages[stages["stage"] == stage].groupby("lead_id")["entered_us"].min()
    story = story[story["lead_id"].isin(entered.index)].reset_index(drop=True)
    story["anchor_us"] = story["lead_id"].map(entered).astype("int64")
    return story


def _is_open(grid: pd.DataFrame) -> pd.Series:
    is_there: pd.Series = is_known(grid["created_us"], grid["as_of_us"])
    is_closed: pd.Series = is_known(grid["closed_us"], grid["as_of_us"])
    return is_there & ~is_closed


def _sorted(grid: pd.DataFrame) -> pd.DataFrame:
    columns = grid[["lead_id", "as_of_us"]]
    return columns.sort_values(["lead_id", "as_of_us"]).drop_duplicates().reset_index(drop=True)
