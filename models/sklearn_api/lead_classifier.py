"""The forecast of one target as a scikit-learn classifier, for tables that do not come from a source folder."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from features.errors import InputError
from features.time_units import DAY_US
from models.arrays import Floats
from models.estimator.fitting import Fitting
from models.estimator.options import EstimatorOptions
from models.forecast.fit_target import fit_target
from models.forecast.target_model import TargetModel
from models.log_odds import log_odds_to_probability
from models.measures.observed_outcomes import WEIGHT
from models.sklearn_api.given_tables import coded_outcomes, framed, row_weights
from models.sklearn_api.table_columns import PlainColumns

CALIBRATION_SHARE = 0.2
"""Share of the rows, the newest, on which a first model is calibrated."""
SPAN_US = 180 * DAY_US
"""What the rows are taken to span, as nothing tells their times: paces of a drift are meant by the month."""
IMPORTANCE_ROWS = 10_000
"""Rows at even distances whose contributions say how much each column matters."""


class LeadClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Boosters and a linear part, calibrated on the newest rows: what `models.forecast.fit_target.fit_target` makes.

    Parameters
    ----------
    options : EstimatorOptions, optional
        All knobs; the defaults otherwise.
    boosters, max_rounds, patience, num_leaves, max_depth, min_outcomes, threads : int, optional
        Single knobs, as a search over them sets them: each goes before the one of the same name in ``options``, where
        its meaning stands (`models.estimator.options.EstimatorOptions`).
    learning_rate, l2, path_smooth, feature_fraction, bagging_fraction, linear_share : float, optional
        The same.
    seed : int
        The same seed gives the same model, bit for bit.

    Attributes
    ----------
    model_ : TargetModel
        After ``fit``: log-odds, and contributions that add up to them.
    columns_ : PlainColumns
        How tables are read.
    classes_ : array of two
        The labels; what is forecast is the second one, 1 of 0 and 1.
    feature_importances_ : array of length ``n_features_in_``
        Mean absolute contribution of each column in log-odds, as a share of all (0 to 1, in sum 1 unless all are 0).

    Examples
    --------
    >>> X = pd.DataFrame({"visits": range(400), "channel": ["fair", "web"] * 200})
    >>> y = np.where(X["visits"] % 4 == 0, "won", "lost")
    >>> LeadClassifier(boosters=3).fit(X, y).predict_proba(X).shape
    (400, 2)
    """

    def __init__(
        self,
        *,
        options: EstimatorOptions | None = None,
        boosters: int | None = None,
        max_rounds: int | None = None,
        patience: int | None = None,
        learning_rate: float | None = None,
        num_leaves: int | None = None,
        max_depth: int | None = None,
        l2: float | None = None,
        path_smooth: float | None = None,
        feature_fraction: float | None = None,
        bagging_fraction: float | None = None,
        linear_share: float | None = None,
        min_outcomes: int | None = None,
        threads: int | None = None,
        seed: int = 7,
    ) -> None:
        self.options = options
        self.boosters = boosters
        self.max_rounds = max_rounds
        self.patience = patience
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.max_depth = max_depth
        self.l2 = l2
        self.path_smooth = path_smooth
        self.feature_fraction = feature_fraction
        self.bagging_fraction = bagging_fraction
        self.linear_share = linear_share
        self.min_outcomes = min_outcomes
        self.threads = threads
        self.seed = seed

    def __sklearn_tags__(self) -> Tags:
        """Say what tables are welcome: two labels, missing values, categories and text; no sparse ones."""
        tags: Tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags

    def fit(
        self,
        X: pd.DataFrame,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        lead_ids: ArrayLike | None = None,
    ) -> Self:
        """Train on rows in order of time, oldest first.

        Parameters
        ----------
        X : DataFrame, or anything two-dimensional
            Numbers and yes/no columns are taken as such, times by weekday, hour and distance (`PlainColumns`), all
            others as categories; missing values are welcome.
        y : array-like of length n
            0 and 1, yes and no, or two labels of any kind.
        sample_weight : array-like of length n, optional
            How much each row counts, 0 or more; 1 otherwise.
        lead_ids : array-like of length n, optional
            Where leads have several rows, which then belong together.

        Raises
        ------
        InputError
            If ``y`` has missing values, other than two labels, or no 1 at all; if a knob or a weight is out of range.
        """
        X = framed(X, fitting=True)
        self.classes_, outcome = coded_outcomes(y, len(X))
        self.n_features_in_ = X.shape[1]
        self._remember_names(X)
        self.columns_ = PlainColumns.of(X)
        rows = self._rows(X, outcome, row_weights(sample_weight, len(X)), lead_ids)
        fitting = Fitting(self.columns_.features, self._all_options(), self.seed)
        self.model_: TargetModel = fit_target(rows, fitting, weight_power=1.0).final
        self.feature_importances_ = self._importances(X)
        return self

    def decision_function(self, X: pd.DataFrame) -> Floats:
        """Return the calibrated log-odds of each row."""
        X = self._asked(X)
        return self.model_.log_odds(self.columns_.table(X))

    def predict_proba(self, X: pd.DataFrame) -> Floats:
        """Return the probabilities of both labels, in the order of ``classes_``; shape (rows, 2)."""
        p = log_odds_to_probability(self.decision_function(X))
        return np.column_stack([1.0 - p, p])

    def predict(self, X: pd.DataFrame) -> NDArray[Any]:
        """Return the likelier label."""
        likelier = (self.decision_function(X) > 0).astype(np.int64)
        labels: NDArray[Any] = self.classes_[likelier]
        return labels

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Return the columns of `contributions` and of ``feature_importances_``: those of training, as text.

        Parameters
        ----------
        input_features : ignored
            There for scikit-learn.
        """
        check_is_fitted(self)
        return np.array([str(column.label) for column in self.columns_.columns], dtype=object)

    def contributions(self, X: pd.DataFrame) -> tuple[float, pd.DataFrame]:
        """Return base and contributions in log-odds: base + row sum = ``decision_function``."""
        X = self._asked(X)
        base, table = self.model_.contributions(self.columns_.table(X))
        return base, self.columns_.gathered(table).set_axis(X.index)

    def _all_options(self) -> EstimatorOptions:
        options = self.options or EstimatorOptions()
        given = {name: value for name, value in self.get_params(deep=False).items() if value is not None}
        return EstimatorOptions.model_validate(
            options.model_dump() | {name: given[name] for name in EstimatorOptions.model_fields.keys() & given.keys()}
        )

    def _remember_names(self, X: pd.DataFrame) -> None:
        """Keep the names of columns as scikit-learn does: only if all of them are text."""
        self.__dict__.pop("feature_names_in_", None)
        if all(isinstance(label, str) for label in X.columns):
            self.feature_names_in_ = np.asarray(X.columns, dtype=object)

    def _rows(self, X: pd.DataFrame, y: Floats, weights: Floats | None, lead_ids: ArrayLike | None) -> pd.DataFrame:
        """Return the rows as training takes them, in order of lead and time."""
        order = np.arange(len(X), dtype=np.int64)
        told: dict[str, Any] = {
            "lead_id": [f"{row:09d}" for row in order] if lead_ids is None else np.asarray(lead_ids, dtype=str),
            "as_of_us": order * (SPAN_US // max(len(X), 1)),
            "y": y,
            "part": np.where(order < np.ceil(len(X) * (1 - CALIBRATION_SHARE)), "train", "calibration"),
        }
        if weights is not None:
            told[WEIGHT] = weights
        rows = pd.concat([self.columns_.table(X), pd.DataFrame(told)], axis=1)
        return rows.sort_values(["lead_id", "as_of_us"], ignore_index=True)

    def _asked(self, X: Any) -> pd.DataFrame:
        check_is_fitted(self)
        table = framed(X, fitting=False)
        if not isinstance(X, pd.DataFrame) and table.shape[1] != self.n_features_in_:
            raise InputError(
                expected=f"{self.n_features_in_} columns",
                found=f"X has {table.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input",
            )
        return table

    def _importances(self, X: pd.DataFrame) -> Floats:
        _, contributions = self.contributions(X.iloc[:: -(-len(X) // IMPORTANCE_ROWS)])
        size = contributions.abs().to_numpy(dtype=np.float64).mean(axis=0)
        return np.asarray(size / (size.sum() or 1.0))
