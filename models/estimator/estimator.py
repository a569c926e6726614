"""One target's log-odds from feature columns: boosters and a linear part, combined so that reasons stay exact."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np
import pandas as pd

from models.arrays import Bools, Floats, Ints
from models.estimator.blend import Blend
from models.estimator.boosters import BoosterPart
from models.estimator.encoded_rows import EncodedRows
from models.estimator.encoding import Encoding
from models.estimator.linear_part import LinearPart
from models.estimator.options import EstimatorOptions
from models.estimator.parts_fit import require_fitting

__all__ = ["Estimator", "EstimatorOptions", "Level", "Training", "TriedOn"]

ROWS_AT_ONCE = 8_192
"""Rows that are read and forecast together by one thread; the tables of more would be new memory each time."""
Level = Literal["model", "rate"]
TriedOn = Literal["newer leads", "folds", "nothing"]


@dataclass(frozen=True)
class Training:
    """What an estimator was trained on, and how that went.

    Attributes
    ----------
    level : "model" or "rate"
        ``rate``: too few outcomes for a model; every row gets the base rate.
    rows, leads, outcomes : int
        ``outcomes`` counts leads that had the outcome.
    missing_outcomes : int
        How many more leads with the rarer answer it takes to train a model; 0 for a model.
    rounds : tuple of int
        Trees of each booster.
    shares : tuple of float
        Of each kind of boosters in the log-odds, then of the linear part.
    shrinkage : float
        Share of the distance from the base rate that is forecast; below 1 where few outcomes prove little. 1 where a
        calibration comes after.
    tried_on : "newer leads", "folds" or "nothing"
        What the share was learned on, beside the folds.
    """

    level: Level
    rows: int
    leads: int
    outcomes: int
    missing_outcomes: int = 0
    rounds: tuple[int, ...] = ()
    shares: tuple[float, ...] = ()
    shrinkage: float = 1.0
    tried_on: TriedOn = "nothing"

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> Training:
        """Rebuild from ``dataclasses.asdict`` after JSON."""
        return cls(**{**tree, "rounds": tuple(tree["rounds"]), "shares": tuple(tree["shares"])})

    @property
    def linear_share(self) -> float:
        """Share of the linear part; 0 for a base rate."""
        return self.shares[-1] if self.shares else 0.0


@dataclass(frozen=True, repr=False)
class Estimator:
    """Log-odds of one target; at level ``rate`` one number.

    base rate + shrinkage · (Σ share · kind of boosters + share · linear part - base rate).

    Attributes
    ----------
    features : tuple of str
        The feature columns it was trained with, those that turned out to say nothing included.
    rate_log_odds : float
        Log-odds of the base rate; the forecast at level ``rate``.
    boosters : tuple of BoosterPart
        One a kind; none at level ``rate``.
    """

    features: tuple[str, ...]
    rate_log_odds: float
    training: Training
    encoding: Encoding
    boosters: tuple[BoosterPart, ...] = ()
    linear: LinearPart | None = None

    def __repr__(self) -> str:
        """Return one line: the trees themselves would fill a screen for minutes."""
        training = self.training
        learned = f"{training.outcomes:,} outcomes of {training.leads:,} leads, {len(self.features)} features"
        return f"<{type(self).__name__} {self.level!r}: {learned}>"

    @property
    def level(self) -> Level:
        """``model``, or ``rate`` where there were too few outcomes."""
        return self.training.level

    @property
    def blend(self) -> Blend:
        """How the parts are combined."""
        return Blend(self.training.shares, self.training.shrinkage)

    def blended(self, blend: Blend, tried_on: TriedOn) -> Estimator:
        """Return the estimator with its parts combined in another way; at level ``rate`` there are none."""
        if self.level == "rate":
            return self
        training = replace(self.training, shares=blend.shares, shrinkage=blend.shrinkage, tried_on=tried_on)
        return replace(self, training=training)

    def encoded(self, matrix: Floats, *, threads: int | None = None) -> EncodedRows | None:
        """Return rows of the encoding's matrix, to read log-odds and contributions from; None at level ``rate``."""
        return None if self.linear is None else EncodedRows(matrix, self.boosters, self.linear, threads=threads)

    def parts_log_odds(self, X: pd.DataFrame) -> Floats:
        """Return the log-odds of each row by each part alone, shape (rows, parts); the base rate is one part."""
        if len(X) <= ROWS_AT_ONCE or not self.boosters:
            return self._parts_log_odds(X)
        blocks = (X.iloc[start : start + ROWS_AT_ONCE] for start in range(0, len(X), ROWS_AT_ONCE))
        with ThreadPoolExecutor(self.boosters[0].threads) as pool:
            return np.concatenate(list(pool.map(partial(self._parts_log_odds, threads=1), blocks)))

    def _parts_log_odds(self, X: pd.DataFrame, *, threads: int | None = None) -> Floats:
        encoded = self.encoded(self.encoding.matrix(X), threads=threads)
        return np.full((len(X), 1), self.rate_log_odds) if encoded is None else encoded.parts_log_odds

    def log_odds(self, X: pd.DataFrame) -> Floats:
        """Return the log-odds of each row, before calibration.

        Parameters
        ----------
        X : DataFrame
            One row a snapshot with the feature columns; others are left alone.
        """
        return self.log_odds_of(self.encoded(self.encoding.matrix(X)), len(X))

    def log_odds_of(self, encoded: EncodedRows | None, rows: int) -> Floats:
        """Return the same of rows that are encoded already."""
        if encoded is None:
            return np.full(rows, self.rate_log_odds)
        return self.blend.log_odds(encoded.parts_log_odds, self.rate_log_odds)

    def contributions(self, X: pd.DataFrame) -> tuple[float, pd.DataFrame]:
        """Return the base and each feature's share of the log-odds: base + row sum = ``log_odds``.

        The boosters' part are exact SHAP values, the linear part's are each column's terms less their mean, which are
        its SHAP values as well. A category's rate counts for the category. A feature the model does not use has
        contribution 0.

        Returns
        -------
        float, DataFrame
            Index as ``X``, one column a feature, in log-odds.
        """
        encoded = self.encoded(self.encoding.matrix(X))
        base, values = self.contributions_of(encoded, np.ones(len(X), dtype=bool))
        return base, pd.DataFrame(values, index=X.index, columns=list(self.features))

    def contributions_of(self, encoded: EncodedRows | None, rows: Bools) -> tuple[float, Floats]:
        """Return the same of some rows that are encoded already: shape (rows, features)."""
        table = np.zeros((int(rows.sum()), len(self.features)))
        if encoded is None:
            return self.rate_log_odds, table
        base, values = encoded.contributions(self.blend, rows)
        shrinkage = self.training.shrinkage
        table[:, self._places] = shrinkage * values
        return self.rate_log_odds + shrinkage * (base - self.rate_log_odds), table

    @cached_property
    def _places(self) -> Ints:
        """Where the columns of the encoding stand among the features."""
        places = {name: place for place, name in enumerate(self.features)}
        return np.array([places[name] for name in self.encoding.columns], dtype=np.int64)

    def to_files(self) -> dict[str, str]:
        """Return the whole estimator as texts by file name: LightGBM's own text and JSON."""
        tree = {
            "features": list(self.features),
            "rate_log_odds": self.rate_log_odds,
            "training": asdict(self.training),
            "encoding": self.encoding.to_json(),
            "linear": None if self.linear is None else self.linear.to_json(),
            "boosters": [part.to_json() for part in self.boosters],
        }
        texts = [text for part in self.boosters for text in part.texts]
        files = {f"booster_{number}.txt": text for number, text in enumerate(texts, start=1)}
        return {"estimator.json": json.dumps(tree, allow_nan=False, indent=1) + "\n"} | files

    @classmethod
    def from_files(cls, files: Mapping[str, str]) -> Estimator:
        """Rebuild an estimator from ``to_files``; its forecasts are the same bit for bit.

        Raises
        ------
        InputError
            If a booster is not as LightGBM writes it, or the parts do not fit each other.
        """
        tree, start, parts = json.loads(files["estimator.json"]), 1, []
        for part in tree["boosters"]:
            numbers = range(start, start + part["texts"])
            parts.append(BoosterPart.from_json(part, tuple(files[f"booster_{number}.txt"] for number in numbers)))
            start = numbers.stop
        estimator = cls(
            features=tuple(tree["features"]),
            rate_log_odds=tree["rate_log_odds"],
            training=Training.from_json(tree["training"]),
            encoding=Encoding.from_json(tree["encoding"]),
            boosters=tuple(parts),
            linear=None if tree["linear"] is None else LinearPart.from_json(tree["linear"]),
        )
        require_fitting(estimator)
        return estimator
