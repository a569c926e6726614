"""The forecast of one target as a scikit-learn classifier, for tables that do not come from a source folder."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from features.clock import DAY_US
from features.errors import InputError
from features.feature import Feature
from features.spec import Words
from models.estimator_options import EstimatorOptions
from models.fit_target import fit_target
from models.log_odds import Floats, log_odds_to_probability
from models.target_model import TargetModel

CALIBRATION_SHARE = 0.2
"""Share of the rows, the newest, on which a first model is calibrated."""
YEAR_US = 365 * DAY_US
"""What the rows are taken to span, as nothing tells their times: paces of a drift are meant by the month."""


class LeadClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Boosters and a linear part, calibrated on the newest rows: what `models.fit_target.fit_target` makes.

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
            Numbers and yes/no columns are taken as such, all others as categories; missing values are welcome.
        y : array-like of length n
            0 or 1.
        lead_ids : array-like of length n, optional
            Where leads have several rows; a lead counts once.

        Raises
        ------
        InputError
            If ``y`` holds anything but 0 and 1, or no 1 at all.
        """
        outcome = np.asarray(y, dtype=np.float64)
        if len(outcome) != len(X) or not np.isin(outcome, (0.0, 1.0)).all():
            raise InputError(expected=f"{len(X)} outcomes, each 0 or 1", found=repr(np.unique(outcome)[:5].tolist()))
        self.classes_ = np.array([0, 1])
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        self.n_features_in_ = X.shape[1]
        self._features = tuple(_feature(X[name]) for name in X.columns)
        order = np.arange(len(X), dtype=np.int64)
        times = order * (YEAR_US // max(len(X), 1))
        leads = [f"{row:09d}" for row in order] if lead_ids is None else np.asarray(lead_ids, dtype=str)
        part = np.where(order < np.ceil(len(X) * (1 - CALIBRATION_SHARE)), "train", "calibration")
        said = {"lead_id": leads, "as_of_us": times, "y": outcome, "part": part}
        rows = pd.concat([self._columns(X), pd.DataFrame(said)], axis=1)
        rows = rows.sort_values(["lead_id", "as_of_us"], ignore_index=True)
        options = self.options or EstimatorOptions()
        self.model_: TargetModel = fit_target(rows, features=self._features, options=options, seed=self.seed).final
        return self

    def decision_function(self, X: pd.DataFrame) -> Floats:
        """Return the calibrated log-odds of each row."""
        check_is_fitted(self)
        return self.model_.log_odds(self._columns(X))

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
        base, table = self.model_.contributions(self._columns(X))
        return base, table.set_axis(X.index)

    def _columns(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return the columns as the estimator reads them, under a fresh index."""
        columns = {}
        for feature in self._features:
            if feature.name not in X:
                raise InputError(expected="the columns of training", found="not among them", column=feature.name)
            raw = X[feature.name].reset_index(drop=True)
            is_text = feature.dtype == "category"
            columns[feature.name] = raw.astype(object).where(raw.notna(), None) if is_text else raw.astype("float64")
        return pd.DataFrame(columns)


def _feature(column: pd.Series) -> Feature:
    name = str(column.name)
    is_number = pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)
    label = name.replace("{", "(").replace("}", ")")  # words are templates
    words = Words(de=f"{label}: {{value}}", en=f"{label}: {{value}}")
    unknown = Words(de=f"{label}: nicht bekannt", en=f"{label}: not known")
    return Feature(
        name=name,
        family="fit",
        dtype="number" if is_number else "category",
        unit="",
        subject=name,
        words=words,
        words_missing=unknown,
        definition=f"Column {name} as given.",
    )
