"""What past looks say about every cut-off of a band: how many leads a week, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from features.time_units import WEEK_US
from models.arrays import Bools, Floats
from models.bands import Band, PerBand, rows_that_may_enter
from models.cutoffs.counting import Counting
from models.cutoffs.first_promotions import FirstPassages
from models.cutoffs.thresholds import above_all, threshold_near

if TYPE_CHECKING:
    import pandas as pd

LATE_WEIGHT = 5.0
"""Most looks that one stands for."""


@dataclass(frozen=True)
class BandEvidence:
    """First promotions to one band at every cut-off, built once; each question about a cut-off then takes little.

    Attributes
    ----------
    band : str
        ``MQL`` or ``SAL``.
    passages : FirstPassages
        At the rows that may be promoted to it.
    promotions : DataFrame
        One row a passage: ``lead_id``, ``as_of_us``, ``p``, ``y`` and, where looks have them, ``p_close``, ``y_close``;
        ``counted`` (in the time that volumes are counted over), ``judged`` (the model was fitted on nothing of the
        lead, and its outcome is known), ``weight`` of the judged, 0 for others: those promoted late in their life were
        seen more rarely, see `late_weights`.
    counting : Counting
        What makes the number a week.
    reached : array of float
        Weight of each judged lead that reached the target, promoted or not: that of its first look with the outcome.
    nobody : float
        A cut-off above every score.
    """

    band: Band
    passages: FirstPassages
    promotions: pd.DataFrame
    counting: Counting
    reached: Floats
    nobody: float

    @classmethod
    def of(cls, rows: pd.DataFrame, counting: Counting, band: Band, *, score: str = "p") -> BandEvidence:
        """Build it from looks.

        Parameters
        ----------
        rows : DataFrame
            As `pipeline.replay.nightly_looks.Looks.rows`: ``lead_id``, ``as_of_us``, ``p``, ``excluded``,
            ``gates_open``, ``y``, ``unseen``; ``p_close`` and ``y_close`` where there is such a target.
        counting : Counting
            Of the same looks.
        band : str
            Which band; for SAL the gates must be open.
        score : str
            Column that is cut: ``p``, or ``points`` for what the baseline does.
        """
        may = rows_that_may_enter(rows).of(band)
        passages = FirstPassages.of(rows["lead_id"], rows["as_of_us"], rows[score], may)
        columns = ["lead_id", "as_of_us", "p", "y", *rows.columns.intersection(["p_close", "y_close"])]
        promotions = rows[columns].iloc[passages.row].reset_index(drop=True)
        judged = rows["unseen"].to_numpy(dtype=bool) & rows["y"].notna().to_numpy()
        promotions["counted"] = (promotions["as_of_us"] >= counting.from_us).to_numpy()
        promotions["judged"] = judged[passages.row]
        weight = late_weights(rows, judged)
        promotions["weight"] = weight[passages.row] * judged[passages.row]
        came = rows.loc[judged, ["lead_id", "as_of_us"]].assign(weight=weight[judged])[rows.loc[judged, "y"] == 1]
        reached = came.sort_values("as_of_us").groupby("lead_id")["weight"].first()
        promotions["reached_weight"] = promotions["lead_id"].map(reached).fillna(0.0) * promotions["judged"]
        return cls(band, passages, promotions, counting, reached.to_numpy(dtype="float64"), above_all(rows[score]))

    @property
    def deal_column(self) -> str:
        """The outcome that brings money: the close, or the target where the source has no close."""
        return "y_close" if "y_close" in self.promotions else "y"

    @property
    def deal_probability(self) -> str:
        """The forecast of `deal_column`."""
        return "p_close" if "p_close" in self.promotions else "p"

    def candidates(self) -> Floats:
        """Return every cut-off that promotes another set of leads than the next, falling; the first promotes nobody."""
        return np.concatenate(([self.nobody], np.unique(self.passages.score)[::-1]))

    def promotes_nobody(self, threshold: float) -> bool:
        """Whether a cut-off lies above every score."""
        return threshold >= self.nobody

    def promoted(self, threshold: float) -> pd.DataFrame:
        """Return the promotions at one cut-off, one row a lead."""
        return self.promotions[self.passages.at(threshold)]

    def threshold_for(self, leads: float) -> float:
        """Return the cut-off whose number of promoted leads over the time that counts comes closest to ``leads``."""
        counted = self.promotions["counted"].to_numpy()
        return threshold_near(np.column_stack([self.passages.before, self.passages.score])[counted], leads, self.nobody)

    def counted_leads(self, thresholds: npt.ArrayLike) -> Floats:
        """Return how many leads each cut-off promotes in the time that counts."""
        return self.passages.sums(thresholds, self.promotions["counted"].to_numpy(dtype="float64"))

    def per_week(self, thresholds: npt.ArrayLike) -> Floats:
        """Return how many leads a week each cut-off promotes."""
        return self.counted_leads(thresholds) / self.counting.weeks / self.counting.share

    def judged(self, thresholds: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Return, for each cut-off, how many judged leads it promotes and how many of these reach the target."""
        judged = self.promotions["judged"].to_numpy(dtype="float64")
        won = judged * self.promotions["y"].fillna(0).to_numpy(dtype="float64")
        return self.passages.sums(thresholds, judged), self.passages.sums(thresholds, won)

    def recall(self, threshold: float) -> tuple[float, float]:
        """Return as many judged leads reaching the target as the weighted ones are worth, and how many were promoted.

        Promoted are those whose target came within its horizon after their first promotion.
        """
        if len(self.reached) == 0:
            return 0.0, 0.0
        promoted = self.promoted(threshold)
        hits = float(promoted.loc[promoted["y"] == 1, "reached_weight"].sum())
        leads = float(self.reached.sum() ** 2 / (self.reached**2).sum())
        return leads, leads * hits / float(self.reached.sum())

    def weekly(self, threshold: float) -> Floats:
        """Return the leads promoted in each week of the time that counts; a week that is not whole is left out."""
        promoted = self.promoted(threshold)
        at = promoted.loc[promoted["counted"], "as_of_us"].to_numpy()
        week = (at - self.counting.from_us) // WEEK_US
        whole = max(int(self.counting.weeks), 1)
        return np.bincount(week[week < whole], minlength=whole).astype("float64")


def late_weights(rows: pd.DataFrame, judged: Bools) -> Floats:
    """Return how many looks each judged look stands for, by its lead's age.

    Judged leads are followed from their first look on, over a stretch of time. A look at a lead of age a is among them
    only if the lead came in by a before the stretch ended, so late promotions are too rare. Weighing each by
    ``1 / (1 - a / stretch)`` makes up for it (Horvitz and Thompson 1952), up to `LATE_WEIGHT`.

    Parameters
    ----------
    rows : DataFrame
        ``lead_id``, ``as_of_us``, ``unseen``.
    judged : array of bool
        Rows whose lead is unseen and whose outcome is known.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"lead_id": ["a", "a", "b"], "as_of_us": [0, 50, 100], "unseen": True})
    >>> late_weights(rows, np.array([True, True, True])).tolist()  # half of the leads were not yet there to turn 50
    [1.0, 2.0, 1.0]
    """
    at = rows["as_of_us"].to_numpy(dtype="float64")
    if not judged.any():
        return np.ones(len(rows))
    age = at - rows.groupby("lead_id")["as_of_us"].transform("min").to_numpy(dtype="float64")
    stretch = max(float(at[judged].max() - at[rows["unseen"].to_numpy(dtype=bool)].min()), 1.0)
    return np.asarray(1 / np.maximum(1 - age / stretch, 1 / LATE_WEIGHT))


def between(cuts: Floats, at: int) -> float:
    """Return a cut-off midway from one of the falling candidates to the next, so that no last digit decides."""
    return float((cuts[at] + cuts[at + 1]) / 2 if 0 < at < len(cuts) - 1 else cuts[at])


def cutoff_evidence(rows: pd.DataFrame, counting: Counting, *, score: str = "p") -> PerBand[BandEvidence]:
    """Return what looks say about the cut-offs of both bands; the parameters are those of `BandEvidence.of`."""
    return PerBand.by(lambda band: BandEvidence.of(rows, counting, band, score=score))
