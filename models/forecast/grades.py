"""Two grades beside the probability: who the lead is (A to D) and what it does (1 to 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from features.catalog.feature import Feature
from models.arrays import Floats, Ints
from models.remembered import remembered

FIT_FAMILIES = ("fit", "account", "source")
BEHAVIOUR_FAMILIES = ("behaviour", "journey")

FIT_GRADES = ("D", "C", "B", "A")
BEHAVIOUR_GRADES = ("4", "3", "2", "1")


@dataclass(frozen=True)
class Grades:
    """Quartile edges of the summed contributions; A and 1 are the best quarter.

    Attributes
    ----------
    fit_edges, behaviour_edges : tuple of three floats, rising
        In log-odds of the primary target. Who is above an edge is in the better quarter.
    """

    fit_edges: tuple[float, float, float]
    behaviour_edges: tuple[float, float, float]

    def assign(self, contributions: pd.DataFrame, features: Sequence[Feature]) -> pd.DataFrame:
        """Return ``fit_grade`` and ``behaviour_grade`` of each row, index as ``contributions``."""
        assigned = self.assigned(_in_order(contributions, features), features)
        return pd.DataFrame(assigned, index=contributions.index)

    def assigned(self, contributions: Floats, features: Sequence[Feature]) -> dict[str, NDArray[np.str_]]:
        """Return the columns of `assign`, one entry a row; ``contributions`` have a column a feature."""
        fit = np.searchsorted(self.fit_edges, family_sum(contributions, features, FIT_FAMILIES))
        behaviour = np.searchsorted(self.behaviour_edges, family_sum(contributions, features, BEHAVIOUR_FAMILIES))
        return {"fit_grade": np.take(FIT_GRADES, fit), "behaviour_grade": np.take(BEHAVIOUR_GRADES, behaviour)}


def fit_grades(contributions: pd.DataFrame, features: Sequence[Feature], weights: ArrayLike) -> Grades:
    """Read the quartile edges from rows the model was not trained on.

    Parameters
    ----------
    contributions : DataFrame
        One row a snapshot, one column a feature, in log-odds of the primary target.
    weights : array-like
        One a row; they sum to the number of leads.
    """
    weight, values = np.asarray(weights, dtype=np.float64), _in_order(contributions, features)
    return Grades(
        fit_edges=_quartiles(family_sum(values, features, FIT_FAMILIES), weight),
        behaviour_edges=_quartiles(family_sum(values, features, BEHAVIOUR_FAMILIES), weight),
    )


def family_sum(contributions: Floats, features: Sequence[Feature], families: tuple[str, ...]) -> Floats:
    """Return each row's contributions of some families, summed; ``contributions`` have a column a feature."""
    places = _places(features, families)
    # in C order a row is added up the same way alone and among others
    return np.asarray(np.ascontiguousarray(contributions[:, places]).sum(axis=1))


@remembered
def _places(features: Sequence[Feature], families: tuple[str, ...]) -> Ints:
    return np.flatnonzero([feature.family in families for feature in features])


def _in_order(contributions: pd.DataFrame, features: Sequence[Feature]) -> Floats:
    return contributions[[feature.name for feature in features]].to_numpy(dtype=np.float64)


def _quartiles(values: Floats, weights: Floats) -> tuple[float, float, float]:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    first, second, third = (
        float(values[order][min(int(np.searchsorted(reached, share - 1e-12)), len(values) - 1)])
        for share in (0.25, 0.5, 0.75)
    )
    return first, second, third
