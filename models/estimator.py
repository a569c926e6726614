"""One target's log-odds from feature columns: boosters and a linear part, combined so that reasons stay exact."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from models.boosters import BoosterPart
from models.encoding import Encoding
from models.estimator_options import EstimatorOptions
from models.linear import LinearPart
from models.log_odds import Floats

__all__ = ["Estimator", "EstimatorOptions", "Level", "Training"]

Level = Literal["model", "rate"]


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
    linear_share : float
        Share of the linear part in the log-odds.
    linear_share_losses : mapping of share to loss
        Mean log loss forward in time of each share that was tried; smaller is better.
    """

    level: Level
    rows: int
    leads: int
    outcomes: int
    missing_outcomes: int = 0
    rounds: tuple[int, ...] = ()
    linear_share: float = 0.0
    linear_share_losses: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> Training:
        """Rebuild from ``dataclasses.asdict`` after JSON."""
        return cls(**{**tree, "rounds": tuple(tree["rounds"])})


@dataclass(frozen=True)
class Estimator:
    """Log-odds of one target: (1 - share) · boosters + share · linear part; or, at level ``rate``, one number.

    Attributes
    ----------
    features : tuple of str
        The feature columns it was trained with, those that turned out to say nothing included.
    rate_log_odds : float
        Log-odds of the base rate; the forecast at level ``rate``.
    """

    features: tuple[str, ...]
    rate_log_odds: float
    training: Training
    encoding: Encoding
    boosters: BoosterPart | None = None
    linear: LinearPart | None = None

    @property
    def level(self) -> Level:
        """``model``, or ``rate`` where there were too few outcomes."""
        return self.training.level

    def log_odds(self, X: pd.DataFrame) -> Floats:
        """Return the log-odds of each row, before calibration.

        Parameters
        ----------
        X : DataFrame
            One row a snapshot with the feature columns; others are left alone.
        """
        if self.boosters is None or self.linear is None:
            return np.full(len(X), self.rate_log_odds)
        matrix, share = self.encoding.matrix(X), self.training.linear_share
        return (1.0 - share) * self.boosters.log_odds(matrix) + share * self.linear.log_odds(matrix)

    def contributions(self, X: pd.DataFrame) -> tuple[float, pd.DataFrame]:
        """Return the base and each feature's share of the log-odds: base + row sum = ``log_odds``.

        The boosters' part are exact SHAP values, the linear part's are coefficient times distance from the mean,
        which are its SHAP values as well. A feature the model does not use has contribution 0.

        Returns
        -------
        float, DataFrame
            Index as ``X``, one column a feature, in log-odds.
        """
        table = pd.DataFrame(0.0, index=X.index, columns=list(self.features))
        if self.boosters is None or self.linear is None:
            return self.rate_log_odds, table
        matrix, share = self.encoding.matrix(X), self.training.linear_share
        base, values = self.boosters.contributions(matrix)
        blended = (1.0 - share) * values + share * self.linear.contributions(matrix)
        table[list(self.encoding.columns)] = blended
        return (1.0 - share) * base + share * self.linear.intercept, table

    def to_files(self) -> dict[str, str]:
        """Return the whole estimator as texts by file name: LightGBM's own text and JSON."""
        tree = {
            "features": list(self.features),
            "rate_log_odds": self.rate_log_odds,
            "training": asdict(self.training),
            "encoding": self.encoding.to_json(),
            "linear": None if self.linear is None else self.linear.to_json(),
            "threads": None if self.boosters is None else self.boosters.threads,
        }
        texts = () if self.boosters is None else self.boosters.texts
        files = {f"booster_{number}.txt": text for number, text in enumerate(texts, start=1)}
        return {"estimator.json": json.dumps(tree, allow_nan=False, indent=1) + "\n"} | files

    @classmethod
    def from_files(cls, files: Mapping[str, str]) -> Estimator:
        """Rebuild an estimator from ``to_files``; its forecasts are the same bit for bit."""
        tree = json.loads(files["estimator.json"])
        count = sum(name.startswith("booster_") for name in files)
        texts = tuple(files[f"booster_{number}.txt"] for number in range(1, count + 1))
        return cls(
            features=tuple(tree["features"]),
            rate_log_odds=tree["rate_log_odds"],
            training=Training.from_json(tree["training"]),
            encoding=Encoding.from_json(tree["encoding"]),
            boosters=BoosterPart(texts, tree["threads"]) if texts else None,
            linear=None if tree["linear"] is None else LinearPart.from_json(tree["linear"]),
        )
