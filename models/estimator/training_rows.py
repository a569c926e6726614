"""The rows an estimator learns from, and what they say before anything is fitted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.arrays import Floats
from models.log_odds import probability_to_log_odds


@dataclass(frozen=True)
class TrainingRows:
    """Training rows in canonical order: by lead, then by time."""

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
