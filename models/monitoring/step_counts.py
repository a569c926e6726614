"""How many leads entered each step and how many moved on, by group, day of entry and age.

One pass over the leads fills the counts; what a run of any earlier week would have known is a difference of running
sums. Days are counted backwards from the as-of time, so nothing depends on a calendar, and only days of age that were
over by then are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.time_units import DAY_US
from models.arrays import Floats
from models.monitoring.followed_leads import Path

Counts = NDArray[np.int64]
OTHER: Final = "(other)"
MOST_VALUES: Final = 60
"""Values of a column that are watched one by one, the most frequent; the rest are watched together."""
LONGEST_WAIT_DAYS: Final = 120
"""Of longer horizons the first part decides: what comes later tells of leads too old to act on."""


@dataclass(frozen=True)
class Group:
    """One value of one dividing column; dimension and value are empty for the company as a whole."""

    dimension: str = ""
    value: str = ""


@dataclass(frozen=True)
class StepCounts:
    """One step of the path.

    Attributes
    ----------
    stage : str
        The stage to reach.
    entered : ndarray, shape (groups, days)
        Leads by the day on which they entered the step: for the first step the path itself, for a later one the stage
        before.
    moved : ndarray, shape (groups, days, ages)
        Those that reached the stage, by day of entry and day of age.
    """

    stage: str
    entered: Counts
    moved: Counts

    @cached_property
    def _sums(self) -> tuple[Counts, Counts]:
        """Running sums over days of entry: leads waiting at the start of a day of age, and leads that moved in it."""
        waiting = self.entered[:, :, None] - np.cumsum(self.moved, axis=2) + self.moved
        at_risk, went = (np.pad(np.cumsum(part, axis=1), ((0, 0), (1, 0), (0, 0))) for part in (waiting, self.moved))
        return at_risk, went

    def known(self, start: Counts, end: int, *, now: int, group: Counts) -> tuple[Counts, Counts]:
        """Return who waited and who moved on among leads entered in days ``[start, end)``, as known at day ``now``.

        A day of age counts once it is over for every lead of that day of entry.

        Parameters
        ----------
        start : ndarray of int
            First day, one for each of ``group``.
        end, now : int
        group : ndarray of int
            Which groups to sum; one may stand there several times.

        Returns
        -------
        tuple of ndarray, shape (groups, ages)
        """
        ages = np.arange(self.moved.shape[2])
        last = np.clip(np.minimum(end, now - ages - 1), 0, None)
        first = np.minimum(start[:, None], last[None, :])
        row = group[:, None]
        waiting, moved = (sums[row, last[None, :], ages] - sums[row, first, ages] for sums in self._sums)
        return waiting, moved


@dataclass(frozen=True)
class EntryCounts:
    """Counts of every step; day ``days - 1`` ends at the as-of time."""

    groups: tuple[Group, ...]
    days: int
    steps: tuple[StepCounts, ...]

    @cached_property
    def volume(self) -> Counts:
        """Running sums of entries into the path, shape (groups, days + 1)."""
        return np.pad(np.cumsum(self.steps[0].entered, axis=1), ((0, 0), (1, 0)))

    @cached_property
    def first_day(self) -> Counts:
        """Day of each group's first entry; ``days`` where there is none."""
        entered = self.steps[0].entered > 0
        return np.where(entered.any(axis=1), entered.argmax(axis=1), self.days)

    @cached_property
    def dimension(self) -> NDArray[np.str_]:
        """Dimension of each group."""
        return np.array([group.dimension for group in self.groups])


def count_entries(rows: pd.DataFrame, path: Path, *, by: Sequence[str], as_of_us: int, days: int) -> EntryCounts:
    """Count the leads of `followed_mqls`.

    Parameters
    ----------
    rows : DataFrame
        ``lead_id``, ``entered_us``, ``reached_STAGE_us`` a step, and the columns of ``by``.
    path : Path
    by : sequence of str
        Columns that divide the leads.
    as_of_us : int
        Nothing later counts.
    days : int
        How far back entries are counted.
    """
    groups, members = _groups(rows, by)
    ages = min(-(-path.horizon_us // DAY_US), LONGEST_WAIT_DAYS)
    origin, steps = rows["entered_us"].astype("Int64"), []
    for stage in path.steps:
        reached = rows[f"reached_{stage}_us"]
        steps.append(_count_step(stage, origin, reached, members, (len(groups), days, ages), as_of_us))
        origin = reached
    return EntryCounts(groups, days, tuple(steps))


def _count_step(
    stage: str,
    origin: pd.Series,
    reached: pd.Series,
    members: Sequence[Counts],
    shape: tuple[int, int, int],
    as_of_us: int,
) -> StepCounts:
    day = _days_back(origin, as_of_us, shape[1])
    there = day >= 0
    waited = (reached - origin).astype("Float64").to_numpy(dtype="float64", na_value=np.nan) / DAY_US
    age = np.maximum(np.ceil(waited) - 1, 0)
    known = (reached <= as_of_us).fillna(False).to_numpy(dtype=bool)
    moves = there & known & (age < shape[2])
    entered, moved = np.zeros(shape[:2], dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for member in members:
        np.add.at(entered, (member[there], day[there]), 1)
        np.add.at(moved, (member[moves], day[moves], age[moves].astype(np.int64)), 1)
    return StepCounts(stage, entered, moved)


def _days_back(times: pd.Series, as_of_us: int, days: int) -> Counts:
    """Return the day of each time, -1 for none, for times too old and for times to come."""
    us = times.to_numpy(dtype="int64", na_value=as_of_us + 1)
    back = (as_of_us - us) // DAY_US
    return np.where((us <= as_of_us) & (back < days), days - 1 - back, -1)


def _groups(rows: pd.DataFrame, by: Sequence[str]) -> tuple[tuple[Group, ...], list[Counts]]:
    """Return the groups (the company first) and, for the company and each column, the group of each row."""
    groups, members = [Group()], [np.zeros(len(rows), dtype=np.int64)]
    for name in by:
        texts = rows[name].astype(str)
        counts = texts.value_counts().sort_index().sort_values(ascending=False, kind="stable")
        codes, values = pd.factorize(texts.where(texts.isin(counts.index[:MOST_VALUES]), OTHER), sort=True)
        members.append(codes.astype(np.int64) + len(groups))
        groups += [Group(name, str(value)) for value in values]
    return tuple(groups), members


def pace_by_age(counts: EntryCounts, *, now: int) -> list[Floats]:
    """Return for each step the company's chance to move on in each day of age, among those still waiting."""
    paces = []
    for step in counts.steps:
        company = np.zeros(1, dtype=np.int64)
        waiting, moved = step.known(company, counts.days, now=now, group=company)
        paces.append(moved[0] / np.maximum(waiting[0], 1))
    return paces
