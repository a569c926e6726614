"""How much the number of promoted leads moved before, at a cut-off: fairs, campaigns and seasons come again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.time_units import WEEK_US
from models.arrays import Floats
from models.bands import Band, rows_that_may_enter
from models.cutoffs.first_promotions import FirstPassages
from models.cutoffs.policies.knobs import WEEKS_A_YEAR

SEASON_WEEKS = 4
"""Moments at most so far from the same day of an earlier year tell of the same season …"""
SEASON_WEIGHT = 0.5
"""… and together weigh so much among all moments."""
LEAST_MOMENTS = 13
"""Fewer past moments than a quarter's weeks tell nothing."""


@dataclass(frozen=True)
class PastVolumes:
    """First promotions to one band over the whole past, at every cut-off, on the grid that the forecast learned on.

    Attributes
    ----------
    passages : FirstPassages
    week : array of int
        Week of each passage, 0 the oldest whole one; below 0 in the one before.
    weeks : int
        Whole weeks until the cut-offs are set.
    """

    passages: FirstPassages
    week: np.ndarray
    weeks: int

    @classmethod
    def of(cls, past: pd.DataFrame, band: Band, *, until_us: int) -> PastVolumes:
        """Build it from rows of the past.

        Parameters
        ----------
        past : DataFrame
            ``lead_id``, ``as_of_us``, ``p``, ``excluded``, ``gates_open``; one row a lead and look, whether the
            forecast has learned from it or not: numbers of leads are compared with numbers, not with outcomes.
        band : str
            The band.
        until_us : int
            When the cut-offs are set; later rows are not looked at.
        """
        rows = past[past["as_of_us"] < until_us]
        at = rows["as_of_us"].to_numpy(dtype="int64")
        passages = FirstPassages.of(rows["lead_id"], at, rows["p"], rows_that_may_enter(rows).of(band))
        weeks = int((until_us - at.min()) // WEEK_US) if len(at) else 0
        return cls(passages, weeks - 1 - (until_us - 1 - at[passages.row]) // WEEK_US, weeks)

    def weekly(self, threshold: float) -> Floats:
        """Return the leads promoted in each whole week, oldest first."""
        week = self.week[self.passages.at(threshold)]
        return np.bincount(week[week >= 0], minlength=self.weeks).astype("float64")


def past_moves(weekly: Floats, *, counted: int, ahead: int) -> tuple[Floats, Floats]:
    """Return by how much volume moved from counted weeks to those ahead, at every past moment, and its weight.

    Parameters
    ----------
    weekly : array of float
        Leads promoted in each week until now, oldest first.
    counted, ahead : int
        Weeks that a rate is learned on, and that it is stated for.

    Returns
    -------
    moves : array of float
        Logarithms of the ratio of weekly rates, drawn together by the part of their spread that chance explains.
    weights : array of float
        Sum to 1; half of it on moments of the same season, if there are any. Both are empty where the past is short.
    """
    at = np.arange(counted, len(weekly) - ahead + 1)
    if len(at) < LEAST_MOMENTS:
        return np.empty(0), np.empty(0)
    total = np.concatenate(([0.0], np.cumsum(weekly)))
    before, after = total[at] - total[at - counted], total[at + ahead] - total[at]
    moves = np.log((after + 0.5) / ahead) - np.log((before + 0.5) / counted)
    chance = float(np.mean(1 / (before + 0.5) + 1 / (after + 0.5)))
    spread = float(np.mean(moves**2))
    moves = moves * np.sqrt(max(1 - chance / spread, 0.0)) if spread > 0 else moves
    back = (len(weekly) - at) % WEEKS_A_YEAR
    same = (np.minimum(back, WEEKS_A_YEAR - back) <= SEASON_WEEKS) & (len(weekly) - at > WEEKS_A_YEAR / 2)
    weights = np.full(len(at), 1 / len(at))
    if same.any() and not same.all():
        weights = np.where(same, SEASON_WEIGHT / same.sum(), (1 - SEASON_WEIGHT) / (~same).sum())
    return moves, weights
