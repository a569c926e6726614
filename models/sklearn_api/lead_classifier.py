"""The forecast of one target as a scikit-learn classifier, for tables that do not come from a source folder."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from features.errors import InputError
from features.time_units import DAY_US
from models.arrays import Floats
from models.estimator.fitting import Fitting
from models.estimator.options import EstimatorOptions
from models.forecast.fit_target import fit_target
from models.forecast.target_model import TargetModel
from models.log_odds import log_odds_to_probability
from models.sklearn_api.table_columns import PlainColumns

CALIBRATION_SHARE = 0.2
"""Share of the rows, the newest, on which a first model is calibrated."""
SPAN_US = 180 * DAY_US
"""What the rows are taken to span, as nothing tells their times: paces of a drift are meant by the month."""


class LeadClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Boosters and a linear part, calibrated on the newest rows: what `models.forecast.fit_target.fit_target` makes.

    Parameters
    ----------
    options : EstimatorOptions, optional
        Knobs; the defaults otherwise.
    seed : int
        The same seed gives the same model, bit for bit.

    Attributes
    ----------
    model_ : TargetModel
        After ``fit``: log-odds, and contributions that add up to them.
    columns_ : PlainColumns
        How tables are read.
    classes_ : array
        ``[0, 1]``.

    Examples
    --------
    >>> X = pd.DataFrame({"visits": range(400), "channel": ["fair", "web"] * 200})
    >>> y = (X["visits"] % 4 == 0).astype(int)
    >>> LeadClassifier().fit(X, y).predict_proba(X).shape
    (400, 2)
    """

    def __init__(self, *, options: EstimatorOptions | None = None, seed: int = 7) -> None:
        self.options = options
        self.seed = seed

    def fit(self, X: pd.DataFrame, y: ArrayLike, *, lead_ids: ArrayLike | None = None) -> Self:
        """Train on rows in order of time, oldest first.

        Parameters
        ----------
        X : DataFrame
            Numbers and yes/no columns are taken as such, times by weekday, hour and distance (`PlainColumns`), all
            others as categories; missing values are welcome.
        y : array-like of length n
            0 or 1.
        lead_ids : array-like of length n, optional
            Where leads have several rows, which then belong together.

        Raises
        ------
        InputError
            If ``y`` holds anything but 0 and 1, or no 1 at all.
        """
        X, outcome = _framed(X), _outcomes(y)
        if len(outcome) != len(X) or not np.isin(outcome, (0.0, 1.0)).all():
            raise InputError(expected=f"{len(X)} outcomes, each 0 or 1", found=repr(np.unique(outcome)[:5].tolist()))
        self.classes_ = np.array([0, 1])
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        self.n_features_in_ = X.shape[1]
        self.columns_ = PlainColumns.of(X)
        order = np.arange(len(X), dtype=np.int64)
        times = order * (SPAN_US // max(len(X), 1))
        leads = [f"{row:09d}" for row in order] if lead_ids is None else np.asarray(lead_ids, dtype=str)
        part = np.where(order < np.ceil(len(X) * (1 - CALIBRATION_SHARE)), "train", "calibration")
        said = {"lead_id": leads, "as_of_us": times, "y": outcome, "part": part}
        rows = pd.concat([self.columns_.table(X), pd.DataFrame(said)], axis=1)
        rows = rows.sort_values(["lead_id", "as_of_us"], ignore_index=True)
        fitting = Fitting(self.columns_.features, self.options or EstimatorOptions(), self.seed)
        self.model_: TargetModel = fit_target(rows, fitting).final
        return self

    def decision_function(self, X: pd.DataFrame) -> Floats:
        """Return the calibrated log-odds of each row."""
        check_is_fitted(self)
        return self.model_.log_odds(self.columns_.table(_framed(X)))

    def predict_proba(self, X: pd.DataFrame) -> Floats:
        """Return the probabilities of 0 and 1, shape (rows, 2)."""
        p = log_odds_to_probability(self.decision_function(X))
        return np.column_stack([1.0 - p, p])

    def predict(self, X: pd.DataFrame) -> NDArray[np.int64]:
        """Return 1 where it is the likelier answer."""
        return (self.decision_function(X) > 0).astype(np.int64)

    def contributions(self, X: pd.DataFrame) -> tuple[float, pd.DataFrame]:
        """Return base and contributions in log-odds: base + row sum = ``decision_function``."""
        check_is_fitted(self)
        X = _framed(X)
        base, table = self.model_.contributions(self.columns_.table(X))
        return base, self.columns_.gathered(table).set_axis(X.index)


def _framed(X: pd.DataFrame | NDArray[Any]) -> pd.DataFrame:
    return X if isinstance(X, pd.DataFrame) else pd.DataFrame(X)


def _outcomes(y: ArrayLike) -> Floats:
    try:
        return np.asarray(pd.Series(y).to_numpy(dtype=np.float64, na_value=np.nan))
    except (TypeError, ValueError):
        raise InputError(expected="outcomes, each 0 or 1", found=repr(pd.Series(y).iloc[0])) from None
