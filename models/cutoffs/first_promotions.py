"""The first promotion of every lead: by one rule, and at every cut-off at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from models.arrays import Floats, Ints

if TYPE_CHECKING:
    import pandas as pd


def first_promotions(lead_ids: pd.Series, as_of_us: pd.Series, passes: npt.ArrayLike) -> pd.DataFrame:
    """Return each promoted lead once, at its first passing row: ``lead_id, as_of_us``, sorted by lead."""
    import pandas as pd

    rows = pd.DataFrame({"lead_id": np.asarray(lead_ids), "as_of_us": np.asarray(as_of_us)})
    rows = rows[np.asarray(passes, dtype=bool)]
    return rows.groupby("lead_id", sort=True)["as_of_us"].min().reset_index()


@dataclass(frozen=True)
class FirstPassages:
    """Where a lead's score is higher than ever before: at a cut-off above ``before``, up to ``score``, it passes there.

    Attributes
    ----------
    row : array of int
        Position of the row among those given; sorted by lead and time.
    before : array of float
        The lead's best score before that row, -inf at its first.
    score : array of float
        The score at the row.
    """

    row: Ints
    before: Floats
    score: Floats

    @classmethod
    def of(
        cls, lead_ids: npt.ArrayLike, as_of_us: npt.ArrayLike, score: npt.ArrayLike, may: npt.ArrayLike
    ) -> FirstPassages:
        """Find the passages.

        Parameters
        ----------
        lead_ids, as_of_us, score : array
            One entry a look; higher scores pass first.
        may : array of bool
            Rows that may pass at all.
        """
        import pandas as pd

        allowed = np.flatnonzero(np.asarray(may, dtype=bool))
        lead = pd.factorize(np.asarray(lead_ids)[allowed], sort=True)[0]
        values = np.asarray(score, dtype="float64")[allowed]
        order = np.lexsort((np.asarray(as_of_us)[allowed], lead))
        ordered = pd.Series(values[order])
        lead = lead[order]
        best = ordered.groupby(lead).cummax()
        before = best.groupby(lead).shift(fill_value=-np.inf).to_numpy(dtype="float64")
        higher = ordered.to_numpy() > before
        return cls(allowed[order][higher], before[higher], ordered.to_numpy()[higher])

    def at(self, threshold: float) -> npt.NDArray[np.bool_]:
        """Return which passages are promotions at one cut-off: at most one a lead."""
        passed: npt.NDArray[np.bool_] = (self.before < threshold) & (threshold <= self.score)
        return passed

    def sums(self, thresholds: npt.ArrayLike, values: npt.ArrayLike) -> Floats:
        """Return the sum of a value of each passage over the promotions, at many cut-offs.

        Parameters
        ----------
        thresholds : array of float, length m
        values : array of float, length of ``row``, or many such: shape (draws, length)
            For instance 1 for the leads promoted, or their outcome.

        Returns
        -------
        array of float, length m, or shape (draws, m)

        Examples
        --------
        >>> passages = FirstPassages.of(["a", "a", "b"], [1, 2, 1], [0.2, 0.6, 0.4], [True] * 3)
        >>> passages.sums([0.1, 0.3, 0.5, 0.7], [1.0, 1.0, 1.0]).tolist()
        [2.0, 2.0, 1.0, 0.0]
        """
        cuts, worth = np.asarray(thresholds, dtype="float64"), np.asarray(values, dtype="float64")
        return _at_least(self.score, worth, cuts) - _at_least(self.before, worth, cuts)


def _at_least(bounds: Floats, worth: Floats, cuts: Floats) -> Floats:
    """Return the sum of the worth whose bound is at least each cut."""
    order = np.argsort(bounds, kind="stable")
    falling = np.cumsum(worth[..., order][..., ::-1], axis=-1)
    total = np.concatenate((np.zeros((*worth.shape[:-1], 1)), falling), axis=-1)
    return np.asarray(total[..., len(bounds) - np.searchsorted(bounds[order], cuts, side="left")])
