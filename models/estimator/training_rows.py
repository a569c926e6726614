"""The rows an estimator learns from, and what they say before anything is fitted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from models.arrays import Floats
from models.log_odds import probability_to_log_odds
from models.measures.lead_weights import even_weights


@dataclass(frozen=True)
class Rows:
    """What an estimator learns from; the order of rows does not matter.

    Attributes
    ----------
    X : DataFrame
        One row a snapshot, a column for each feature.
    y : array of float
        Outcome, 0 or 1, or between where it is only known with a probability.
    weights : array of float
        Weight of each row; they sum to the number of leads.
    lead_ids : array of str
        The lead of each row.
    as_of_us : array of int
        Time of the snapshot in microseconds.
    """

    X: pd.DataFrame
    y: Floats
    weights: Floats
    lead_ids: NDArray[np.str_]
    as_of_us: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        X: pd.DataFrame,
        y: ArrayLike,
        *,
        lead_ids: ArrayLike,
        as_of_us: ArrayLike,
        weights: ArrayLike | None = None,
    ) -> Rows:
        """Take whatever numpy reads as such arrays; without ``weights`` all rows weigh alike."""
        leads = np.asarray(lead_ids, dtype=str)
        return cls(
            X,
            np.asarray(y, dtype=np.float64),
            even_weights(leads) if weights is None else np.asarray(weights, dtype=np.float64),
            leads,
            np.asarray(as_of_us, dtype=np.int64),
        )

    @property
    def order(self) -> NDArray[np.int64]:
        """The canonical order: by lead, then by time. Sums must not hang on the order given."""
        return np.lexsort((self.as_of_us, self.lead_ids))

    def take(self, at: NDArray[np.int64]) -> Rows:
        """Return some of the rows, in the order of ``at``; all in the order that they are in are no copy."""
        if np.array_equal(at, np.arange(len(self.y))):
            return self
        return Rows(self.X.iloc[at], self.y[at], self.weights[at], self.lead_ids[at], self.as_of_us[at])


@dataclass(frozen=True)
class TrainingRows:
    """The same encoded, in canonical order: by lead, then by time."""

    matrix: Floats
    y: Floats
    weights: Floats
    lead_ids: NDArray[np.str_]
    as_of_us: NDArray[np.int64]

    def where(self, mask: NDArray[np.bool_]) -> TrainingRows:
        """Return some of the rows."""
        return TrainingRows(
            self.matrix[mask], self.y[mask], self.weights[mask], self.lead_ids[mask], self.as_of_us[mask]
        )


def every_manieth_lead(lead_ids: NDArray[np.str_], *, most_rows: int) -> NDArray[np.bool_]:
    """Return which rows belong to leads at even distances, so many that there are about ``most_rows`` rows.

    Examples
    --------
    >>> every_manieth_lead(np.array(["a", "a", "b", "c", "d"]), most_rows=3).tolist()
    [True, True, False, True, False]
    >>> every_manieth_lead(np.array(["a", "b"]), most_rows=2).tolist()
    [True, True]
    """
    lead = np.unique(lead_ids, return_inverse=True)[1]
    return np.asarray(lead % max(1, -(-len(lead) // most_rows)) == 0)


def rarer_outcomes(y: Floats, lead_ids: NDArray[np.str_]) -> int:
    """Return the leads that had the outcome for sure, or those that did not for sure, whichever are fewer.

    Examples
    --------
    >>> rarer_outcomes(np.array([1.0, 0.0, 0.0, 0.3]), np.array(["a", "a", "b", "c"]))
    1
    """
    leads, lead = np.unique(lead_ids, return_inverse=True)
    highest = np.zeros(len(leads))
    np.maximum.at(highest, lead, y)
    return int(min((highest >= 1.0).sum(), (highest <= 0.0).sum()))


def base_rate_log_odds(y: Floats, weights: Floats) -> float:
    """Return the log-odds of the weighted rate with half a lead added on either side.

    Examples
    --------
    >>> round(base_rate_log_odds(np.array([1.0, 0.0, 0.0]), np.ones(3)), 3)  # log of 1.5 / 2.5
    -0.511
    """
    return float(probability_to_log_odds((weights @ y + 0.5) / (weights.sum() + 1.0)))
