"""Rows that a forecast has read: probabilities, curves and reasons of them share what they have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from features.errors import InputError
from features.families.stages import CURRENT_STAGE, slug
from features.source_spec import SourceSpec
from models.arrays import Bools, Floats
from models.estimator.encoded_rows import EncodedRows
from models.estimator.encoding import Encoding, require_columns
from models.feature_rows import FeatureRows
from models.forecast.coherence import Bound, binding_targets
from models.forecast.due_curves import Outlook, bounded_curves, mean_days, sampled_times
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


class ExplainedRows(NamedTuple):
    """What `Explanation` holds, as arrays: ``contributions`` have a column a feature."""

    target: str
    base: Floats
    log_odds: Floats
    contributions: Floats
    bound_by: NDArray[np.object_]
    reached: Bools

    def where(self, chosen: Bools) -> ExplainedRows:
        """Return some of the rows."""
        return ExplainedRows(
            self.target,
            self.base[chosen],
            self.log_odds[chosen],
            self.contributions[chosen],
            self.bound_by[chosen],
            self.reached[chosen],
        )


class ForecastRows:
    """Feature rows that a forecast has read. Everything is worked out when it is first asked for, once.

    Parameters
    ----------
    X : DataFrame or FeatureRows
        One row a snapshot, with the columns of ``features``; more columns do no harm.
    spec : SourceSpec
    features : sequence of str
        Names of the feature columns.
    targets : mapping of target to TargetModel
    threads : int, optional
        For the trees; None takes several where there are many rows.

    Raises
    ------
    InputError
        If a feature column is not there.
    """

    def __init__(
        self,
        X: pd.DataFrame | FeatureRows,
        *,
        spec: SourceSpec,
        features: tuple[str, ...],
        targets: Mapping[str, TargetModel],
        threads: int | None = None,
    ) -> None:
        self.rows = FeatureRows.of(X)
        self.index = X.index if isinstance(X, pd.DataFrame) else pd.RangeIndex(len(X))
        require_columns(self.rows, features)
        self._spec = spec
        self._features = features
        self._targets = targets
        self._threads = threads

    def predict(self) -> pd.DataFrame:
        """Forecast every target; see `Forecast.predict`."""
        return pd.DataFrame(self.predicted(), index=self.index)

    def predicted(self) -> dict[str, NDArray[Any]]:
        """Return the columns of `predict`, one entry a row."""
        columns: dict[str, NDArray[Any]] = {}
        for name, bound in self._binding.items():
            columns[f"p_{name}"] = log_odds_to_probability(bound.log_odds)
            columns[f"log_odds_{name}"] = bound.log_odds
            columns[f"bound_by_{name}"] = _other_than(name, bound.by)
            columns[f"reached_{name}"] = self._reached[name]
        return columns

    def outlook(self, times_us: ArrayLike) -> dict[str, Outlook]:
        """Say of each target when it is due; see `Forecast.outlook`."""
        times, steps = sampled_times(times_us, self._spec)
        shares = {name: model.share_within_of(self._matrices[name], times) for name, model in self._targets.items()}
        count, outlooks = np.size(times_us), {}
        for name, curve in bounded_curves(times, self._own_log_odds, shares, self._spec).items():
            days = mean_days(curve[:, steps[name]], self._spec.target(name).horizon)
            outlooks[name] = Outlook(curve[:, :count], days)
        return outlooks

    def explain(self, target: str) -> Explanation:
        """Split the log-odds of rows for one target; see `Forecast.explain`."""
        rows = self.explained(target)
        return Explanation(
            target=target,
            base=pd.Series(rows.base, index=self.index),
            log_odds=pd.Series(rows.log_odds, index=self.index),
            contributions=pd.DataFrame(rows.contributions, index=self.index, columns=list(self._features)),
            bound_by=pd.Series(rows.bound_by, index=self.index),
            reached=pd.Series(rows.reached, index=self.index),
        )

    def explained(self, target: str, among: Bools | None = None) -> ExplainedRows:
        """Return what `explain` says as arrays.

        Parameters
        ----------
        target : str
        among : array of bool, optional
            The rows that are explained; None: all.

        Raises
        ------
        InputError
            If the target is not forecast.
        """
        require_target(target, self._targets)
        chosen = np.ones(len(self.rows), dtype=bool) if among is None else among
        binding, reached = self._binding[target].by, self._reached[target]
        base, log_odds = np.full(len(self.rows), np.inf), np.full(len(self.rows), np.inf)
        values = np.zeros((len(self.rows), len(self._features)))
        for name, model in self._targets.items():
            rows = (binding == name) & ~reached & chosen
            if rows.any():
                base[rows], values[rows] = model.contributions_of(self._encoded[name], rows)
                log_odds[rows] = self._own_log_odds[name][rows]
        everything = ExplainedRows(target, base, log_odds, values, _other_than(target, binding), reached)
        return everything if among is None else everything.where(among)

    @cached_property
    def _matrices(self) -> dict[str, Floats]:
        """Each target's matrix; targets that read the same columns in the same way share one."""
        made: dict[Encoding, Floats] = {}
        result = {}
        for name, model in self._targets.items():
            encoding = model.estimator.encoding
            if encoding not in made:
                made[encoding] = encoding.matrix(self.rows)
            result[name] = made[encoding]
        return result

    @cached_property
    def _encoded(self) -> dict[str, EncodedRows | None]:
        return {
            name: model.estimator.encoded(self._matrices[name], threads=self._threads)
            for name, model in self._targets.items()
        }

    @cached_property
    def _own_log_odds(self) -> dict[str, Floats]:
        """Each target's log-odds as if it were alone; +inf where it is reached."""
        return {
            name: np.where(self._reached[name], np.inf, model.log_odds_of(self._encoded[name], len(self.rows)))
            for name, model in self._targets.items()
        }

    @cached_property
    def _binding(self) -> dict[str, Bound]:
        return binding_targets(self._own_log_odds, self._spec)

    @cached_property
    def _reached(self) -> dict[str, Bools]:
        """Which rows ever entered a target's stage or one above, as labels do: a lead handed back stays so."""
        return {name: self._has_reached(name) for name in self._targets}

    def _has_reached(self, target: str) -> Bools:
        stage = self._spec.targets[target].stage  # type: ignore[index] # asked of targets that are forecast
        stages, columns = _signs(self._spec.ladder, stage, self._features)
        reached = np.zeros(len(self.rows), dtype=bool)
        if CURRENT_STAGE in self._features:
            reached |= self.rows.among(CURRENT_STAGE, stages)
        for column in columns:
            reached |= self.rows.known(column)
        return reached


@lru_cache(maxsize=32)
def _signs(ladder: tuple[str, ...], stage: str, features: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the stages at which a lead has reached a stage, and the columns that have a value from then on."""
    stages = ladder[ladder.index(stage) :]
    hours = {f"journey_hours_to_{slug(rung)}" for rung in stages if rung in ladder[:-1]}
    return stages, tuple(name for name in features if name in hours)


def require_target(target: str, targets: Mapping[str, object]) -> None:
    """Raise an InputError if a target is not forecast."""
    if target not in targets:
        raise InputError(expected=f"a target out of {sorted(targets)}", found=repr(target))


def _other_than(name: str, binding: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the binding targets, None where a target is bound by none but itself."""
    result = binding.copy()
    result[binding == name] = None
    return result
