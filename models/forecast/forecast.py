"""The forecast: each target's estimator and calibration, coherent over the funnel, with exact explanations."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
from numpy.typing import ArrayLike

from features.catalog.feature import Feature
from features.source_spec import FeatureOptions, SourceSpec
from models.arrays import Floats
from models.estimator.estimator import ROWS_AT_ONCE, Level
from models.feature_rows import FeatureRows
from models.forecast.due_curves import Outlook
from models.forecast.forecast_rows import Explanation, ForecastRows, require_target
from models.forecast.grades import Grades
from models.forecast.target_model import TargetModel

READERS = 2
"""Blocks of rows that are forecast side by side."""


@dataclass(frozen=True, repr=False)
class Forecast:
    """Probabilities of the targets for feature rows.

    Attributes
    ----------
    spec, feature_options, features
        What the rows must be computed with.
    targets : mapping of target to TargetModel
        In the order of ``spec.targets``.
    grades : Grades or None
        Edges of the fit and behaviour grades on the primary target; None while there are none.
    """

    spec: SourceSpec
    feature_options: FeatureOptions
    features: tuple[Feature, ...]
    targets: Mapping[str, TargetModel]
    grades: Grades | None = None

    def __repr__(self) -> str:
        """Return a line a target."""
        targets = "".join(f"\n  {name}: {model!r}" for name, model in self.targets.items())
        return f"<{type(self).__name__} of {len(self.features)} features{targets}>"

    @property
    def levels(self) -> dict[str, Level]:
        """How each target is forecast: ``model``, or ``rate`` where there were too few outcomes."""
        return {name: model.estimator.level for name, model in self.targets.items()}

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.features)

    def read(self, X: pd.DataFrame | FeatureRows, *, threads: int | None = None) -> ForecastRows:
        """Return the rows to ask several things of: what `predict`, `outlook` and `explain` share is done once.

        Parameters
        ----------
        X : DataFrame or FeatureRows
            As for `predict`.
        threads : int, optional
            For the trees; None takes several where there are many rows.

        Raises
        ------
        InputError
            If a feature column is not there.
        """
        return ForecastRows(X, spec=self.spec, features=self._names, targets=self.targets, threads=threads)

    def predict(self, X: pd.DataFrame) -> pd.DataFrame:
        """Forecast every target.

        Parameters
        ----------
        X : DataFrame
            One row a snapshot, with the columns of ``features``; more columns do no harm.

        Returns
        -------
        DataFrame
            Index as ``X``; for each target NAME: ``p_NAME`` (0 to 1), ``log_odds_NAME``, ``bound_by_NAME`` (str or
            None) and ``reached_NAME`` (then ``p_NAME`` is 1).
        """
        if len(X) <= ROWS_AT_ONCE:
            return self.read(X).predict()
        blocks = (X.iloc[start : start + ROWS_AT_ONCE] for start in range(0, len(X), ROWS_AT_ONCE))
        with ThreadPoolExecutor(READERS) as pool:
            return pd.concat(list(pool.map(lambda block: self.read(block, threads=1).predict(), blocks)))

    def curve(self, X: pd.DataFrame, target: str, times_us: ArrayLike) -> Floats:
        """Return P(target reached within t) of each row, for several t.

        A curve rises in t and meets ``p_TARGET`` at the horizon; of two targets, the one higher on the ladder is at no
        time the likelier one. 1 at all times for a row that has reached the target.

        Parameters
        ----------
        X : DataFrame
            As for `predict`.
        target : str
            One of ``targets``.
        times_us : array-like of int, length k
            After the as-of time, in microseconds; beyond the horizon the curve says nothing and is NaN.

        Returns
        -------
        array of shape (rows, k)

        Raises
        ------
        InputError
            If the target is not forecast.
        """
        require_target(target, self.targets)
        return self.outlook(X, times_us)[target].curve

    def expected_days(self, X: pd.DataFrame, target: str) -> Floats:
        """Return the days a row is expected to take to the target if it reaches it within the horizon.

        0 for a row that has reached it; NaN where no timing was learned.
        """
        require_target(target, self.targets)
        return self.outlook(X, ())[target].expected_days

    def outlook(self, X: pd.DataFrame, times_us: ArrayLike) -> dict[str, Outlook]:
        """Return for each target what `curve` and `expected_days` say, in one pass over the rows."""
        return self.read(X).outlook(times_us)

    def explain(self, X: pd.DataFrame, target: str) -> Explanation:
        """Split each row's log-odds for one target into a base and one contribution a feature.

        Raises
        ------
        InputError
            If the target is not forecast.
        """
        require_target(target, self.targets)
        return self.read(X).explain(target)
