"""The forecast: each target's estimator and calibration, coherent over the funnel, with exact explanations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from features.catalog.feature import Feature
from features.errors import InputError
from features.families.journey import CURRENT_STAGE, open_ladder
from features.source_spec import FeatureOptions, SourceSpec
from models.arrays import Floats
from models.estimator.encoding import require_columns
from models.estimator.estimator import Level
from models.forecast.coherence import binding_targets
from models.forecast.due_curves import Outlook, bounded_curve, mean_days, sampled_times
from models.forecast.grades import Grades
from models.forecast.target_model import TargetModel
from models.log_odds import log_odds_to_probability


@dataclass(frozen=True)
class Explanation:
    """Why rows have their log-odds for one target: ``base`` + row sum of ``contributions`` = ``log_odds``.

    Attributes
    ----------
    target : str
        The target explained.
    base, log_odds : Series
        One entry a row. A row that has reached the target has base and log-odds +inf, and no contributions.
    contributions : DataFrame
        One row a row, one column a feature, in log-odds.
    bound_by : Series of str or None
        The target whose forecast holds instead, where this target's own would have been higher than it can be.
    reached : Series of bool
        Whether the lead has reached the target already.
    """

    target: str
    base: pd.Series
    log_odds: pd.Series
    contributions: pd.DataFrame
    bound_by: pd.Series
    reached: pd.Series


@dataclass(frozen=True)
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

    @property
    def levels(self) -> dict[str, Level]:
        """How each target is forecast: ``model``, or ``rate`` where there were too few outcomes."""
        return {name: model.estimator.level for name, model in self.targets.items()}

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
        self._require(X)
        own_log_odds = self._own_log_odds(X)
        columns: dict[str, object] = {}
        for name, binding in binding_targets(own_log_odds, self.spec).items():
            log_odds = np.select([binding == other for other in own_log_odds], list(own_log_odds.values()))
            columns[f"p_{name}"] = log_odds_to_probability(log_odds)
            columns[f"log_odds_{name}"] = log_odds
            columns[f"bound_by_{name}"] = _other_than(name, binding)
            columns[f"reached_{name}"] = self._reached(X, name)
        return pd.DataFrame(columns, index=X.index)

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
        self._require_target(target)
        return self.outlook(X, times_us)[target].curve

    def expected_days(self, X: pd.DataFrame, target: str) -> Floats:
        """Return the days a row is expected to take to the target if it reaches it within the horizon.

        0 for a row that has reached it; NaN where no timing was learned.
        """
        self._require_target(target)
        return self.outlook(X, ())[target].expected_days

    def outlook(self, X: pd.DataFrame, times_us: ArrayLike) -> dict[str, Outlook]:
        """Return for each target what `curve` and `expected_days` say, in one pass over the rows."""
        self._require(X)
        own_log_odds, (times, steps) = self._own_log_odds(X), sampled_times(times_us, self.spec)
        shares = {name: model.share_within(X, times) for name, model in self.targets.items()}
        count, outlooks = np.size(times_us), {}
        for name in self.targets:
            curve = bounded_curve(name, times, own_log_odds, shares, self.spec)
            days = mean_days(curve[:, steps[name]], self.spec.target(name).horizon)
            outlooks[name] = Outlook(curve[:, :count], days)
        return outlooks

    def explain(self, X: pd.DataFrame, target: str) -> Explanation:
        """Split each row's log-odds for one target into a base and one contribution a feature.

        Raises
        ------
        InputError
            If the target is not forecast.
        """
        self._require_target(target)
        self._require(X)
        own_log_odds = self._own_log_odds(X)
        binding, reached = binding_targets(own_log_odds, self.spec)[target], self._reached(X, target)
        base, log_odds = np.full(len(X), np.inf), np.full(len(X), np.inf)
        values = np.zeros((len(X), len(self.features)))
        for name, model in self.targets.items():
            rows = (binding == name) & ~reached
            if rows.any():
                base[rows], table = model.contributions(X[rows])
                values[rows] = table.to_numpy()
                log_odds[rows] = own_log_odds[name][rows]
        names = [feature.name for feature in self.features]
        return Explanation(
            target=target,
            base=pd.Series(base, index=X.index),
            log_odds=pd.Series(log_odds, index=X.index),
            contributions=pd.DataFrame(values, index=X.index, columns=names),
            bound_by=pd.Series(_other_than(target, binding), index=X.index),
            reached=pd.Series(reached, index=X.index),
        )

    def _require_target(self, target: str) -> None:
        if target not in self.targets:
            raise InputError(expected=f"a target out of {sorted(self.targets)}", found=repr(target))

    def _require(self, X: pd.DataFrame) -> None:
        require_columns(X, [feature.name for feature in self.features])

    def _own_log_odds(self, X: pd.DataFrame) -> dict[str, Floats]:
        """Return each target's log-odds as if it were alone; +inf where it is reached."""
        return {
            name: np.where(self._reached(X, name), np.inf, model.log_odds(X)) for name, model in self.targets.items()
        }

    def _reached(self, X: pd.DataFrame, target: str) -> NDArray[np.bool_]:
        """Say which rows ever entered the target's stage or one above, as labels do: a lead handed back stays so."""
        stages = self.spec.stages_reaching(self.spec.target(target).stage)
        names = {feature.name for feature in self.features}
        reached = np.zeros(len(X), dtype=bool)
        if CURRENT_STAGE in names:
            reached |= X[CURRENT_STAGE].isin(stages).to_numpy(dtype=bool)
        for part, stage in open_ladder(self.spec).items():
            hours = f"journey_hours_to_{part}"
            if stage in stages and hours in names:
                reached |= X[hours].notna().to_numpy(dtype=bool)
        return reached


def _other_than(target: str, binding: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the binding targets, None where a target is bound by none but itself."""
    result = binding.copy()
    result[binding == target] = None
    return result
