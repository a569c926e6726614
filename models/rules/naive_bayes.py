"""Naive Bayes on field values as Odoo's predictive lead scoring computes it: the baseline where there are no rules."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.arrays import Floats

if TYPE_CHECKING:
    from features.catalog.feature import Feature

FIRST_COUNT = 0.1
"""What Odoo starts every count at, so that an unseen combination is rare and not impossible."""

MAX_LEVELS_OF_A_NUMBER = 12
"""Odoo knows no numbers: one with more distinct values is cut at its deciles."""


@dataclass(frozen=True)
class FieldTable:
    """What one field contributes: for each of its values log P(value | won) - log P(value | lost)."""

    column: str
    edges: tuple[float, ...] | None
    """Inner decile edges of a number that was cut; None where values stand for themselves."""
    log_ratios: dict[str, float]


@dataclass(frozen=True)
class NaiveBayes:
    """A fitted naive Bayes: prior log-odds and one table a field."""

    prior_log_odds: float
    fields: tuple[FieldTable, ...]

    def log_odds(self, X: pd.DataFrame) -> Floats:
        """Return the log-odds of each row; more is better. Missing values and values never seen are skipped."""
        result = np.full(len(X), self.prior_log_odds)
        for field in self.fields:
            result += _ratios(X[field.column], field)
        return result

    def to_json(self) -> str:
        """Return JSON text that :meth:`from_json` reads back exactly."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> NaiveBayes:
        """Read what :meth:`to_json` wrote."""
        tree: dict[str, Any] = json.loads(text)
        fields = tuple(
            FieldTable(f["column"], None if f["edges"] is None else tuple(f["edges"]), f["log_ratios"])
            for f in tree["fields"]
        )
        return cls(tree["prior_log_odds"], fields)


def fit_naive_bayes(
    X: pd.DataFrame, y: npt.ArrayLike, features: Sequence[Feature], *, weights: npt.ArrayLike | None = None
) -> NaiveBayes:
    """Count field values among won and lost rows.

    Parameters
    ----------
    X : DataFrame
        Feature rows.
    y : array of 0 and 1
        Outcomes.
    features : sequence of Feature
        The columns to use.
    weights : array of float, optional
        Weight of each row (by default 1): a lead with many rows may count as one.

    Returns
    -------
    NaiveBayes
        Its log-odds are not calibrated: fields that say the same are counted twice, as in Odoo.

    Notes
    -----
    Every count starts at 0.1 and missing values are skipped, as in Odoo's module ``crm`` (predictive lead scoring).
    Numbers with more than 12 distinct values are cut at their deciles.
    """
    won = np.asarray(y, dtype="float64")
    weight = np.ones(len(won)) if weights is None else np.asarray(weights, dtype="float64")
    prior = np.log((weight @ won + FIRST_COUNT) / (weight @ (1 - won) + FIRST_COUNT))
    fields = []
    for feature in features:
        edges = _edges(X[feature.name]) if feature.dtype == "number" else None
        codes, names = _levels(X[feature.name], edges)
        order = {name: place for place, name in enumerate(sorted(set(names)))}
        level = np.array([*(order[name] for name in names), len(order)], dtype="int64")[codes]
        present = np.unique(level[level < len(order)])  # of the levels that deciles make, some may have no row
        wins, losses = (
            np.bincount(level, counts, len(order) + 1)[present] + FIRST_COUNT
            for counts in (weight * won, weight * (1 - won))
        )
        ratios = np.log(wins / wins.sum()) - np.log(losses / losses.sum())
        table = dict(zip(np.array(list(order), dtype=object)[present].tolist(), ratios.tolist(), strict=True))
        fields.append(FieldTable(feature.name, edges, table))
    return NaiveBayes(float(prior), tuple(fields))


def _ratios(values: pd.Series, field: FieldTable) -> Floats:
    """Look up what each value contributes."""
    codes, names = _levels(values, field.edges)
    return np.array([*(field.log_ratios.get(name, 0.0) for name in names), 0.0])[codes]


def _edges(values: pd.Series) -> tuple[float, ...] | None:
    if values.nunique() <= MAX_LEVELS_OF_A_NUMBER:
        return None
    deciles = values.quantile(np.linspace(0.1, 0.9, 9)).to_numpy(dtype="float64")
    return tuple(float(edge) for edge in np.unique(deciles))


def _levels(values: pd.Series, edges: tuple[float, ...] | None) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Return the level of each value as a number, -1 where it is missing, and the name of each level."""
    if edges is not None:
        numbers = values.to_numpy(dtype="float64", na_value=np.nan)
        cut = np.where(np.isnan(numbers), -1, np.digitize(numbers, np.asarray(edges)))
        return cut, [str(level) for level in range(len(edges) + 1)]
    codes, distinct = pd.factorize(values)
    if pd.api.types.is_numeric_dtype(values):  # yes and no among them
        return codes, [repr(float(value)) for value in distinct]
    return codes, [str(value) for value in distinct]
