"""Training one target's estimator: fall back to the base rate, or fit both parts and choose how they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

from features.errors import InputError
from features.feature import Feature
from models.boosters import BoosterPart, OnStep, fit_boosters
from models.by_lead import lead_folds
from models.encoding import Encoding, fit_encoding
from models.estimator import Estimator, Training
from models.estimator_options import EstimatorOptions
from models.linear import LinearPart, fit_linear
from models.linear_share import LinearShare, choose_linear_share, forward_parts
from models.log_odds import Floats, probability_to_log_odds

FORWARD_FOLDS = 2
"""Boosters with which the linear share is chosen."""


@dataclass(frozen=True)
class _Rows:
    """Training rows in canonical order."""

    matrix: Floats
    y: Floats
    weights: Floats
    lead_ids: NDArray[np.str_]
    as_of_us: NDArray[np.int64]

    def where(self, mask: NDArray[np.bool_]) -> _Rows:
        return _Rows(self.matrix[mask], self.y[mask], self.weights[mask], self.lead_ids[mask], self.as_of_us[mask])


@dataclass(frozen=True)
class _Fitting:
    """How both parts are fitted, whatever the rows."""

    encoding: Encoding
    options: EstimatorOptions
    seed: int
    on_step: OnStep

    def parts(self, rows: _Rows, *, folds: int) -> tuple[BoosterPart, LinearPart]:
        boosters = fit_boosters(
            rows.matrix,
            rows.y,
            rows.weights,
            categories=len(self.encoding.vocabularies),
            folds=lead_folds(rows.lead_ids, rows.y, folds=folds, seed=self.seed),
            options=self.options,
            seed=self.seed,
            on_step=self.on_step,
        )
        ridge = self.options.linear_ridge
        return boosters, fit_linear(rows.matrix, rows.y, rows.weights, encoding=self.encoding, ridge=ridge)

    def linear_share(self, rows: _Rows) -> LinearShare:
        """Fit both parts on the older leads and choose the share on the newer; too few outcomes leave the default."""
        options = self.options
        early, late = forward_parts(rows.lead_ids, rows.as_of_us, newest_share=options.forward_share)
        if any(_rarer(rows.y[part], rows.lead_ids[part]) < options.min_outcomes for part in (early, late)):
            self.on_step(options.max_rounds)
            return LinearShare(options.default_linear_share, {})
        trees, linear = self.parts(rows.where(early), folds=FORWARD_FOLDS)
        new = rows.where(late)
        return choose_linear_share(
            trees.log_odds(new.matrix),
            linear.log_odds(new.matrix),
            new.y,
            new.weights,
            new.lead_ids,
            shares=options.linear_shares,
            default=options.default_linear_share,
        )


def training_steps(options: EstimatorOptions) -> int:
    """Return the steps that ``fit_estimator`` reports to ``on_step``, in sum."""
    return 2 * options.max_rounds


def fit_estimator(
    X: pd.DataFrame,
    y: ArrayLike,
    *,
    weights: ArrayLike,
    lead_ids: ArrayLike,
    as_of_us: ArrayLike,
    features: Sequence[Feature],
    options: EstimatorOptions,
    seed: int,
    on_step: OnStep = lambda steps: None,
) -> Estimator:
    """Train one target's estimator.

    Parameters
    ----------
    X : DataFrame
        One row a snapshot, a column for each feature; the order of rows does not matter.
    y, weights, lead_ids, as_of_us : array-like, one entry a row
        Outcome 0 or 1; weight (the weights of a lead sum to 1); lead; time of the snapshot in microseconds.
    features : sequence of Feature
        The columns to learn from.
    on_step : callable
        Told of every step, ``training_steps(options)`` in sum, for progress.

    Returns
    -------
    Estimator
        At level ``rate`` where fewer than ``options.min_outcomes`` leads had the outcome, or did not have it.

    Raises
    ------
    InputError
        If no row has the outcome.
    """
    leads, times = np.asarray(lead_ids, dtype=str), np.asarray(as_of_us, dtype=np.int64)
    outcome, weight = np.asarray(y, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    with threadpool_limits(limits=1, user_api="blas"):  # sums in one order: the same bits on any number of cores
        return _fit(X, outcome, weight, leads, times, features, options, seed, on_step)


def _fit(
    X: pd.DataFrame,
    outcome: Floats,
    weight: Floats,
    leads: NDArray[np.str_],
    times: NDArray[np.int64],
    features: Sequence[Feature],
    options: EstimatorOptions,
    seed: int,
    on_step: OnStep,
) -> Estimator:
    training, rate_log_odds = _count(outcome, leads, options), _base_rate(outcome, weight)
    names = tuple(feature.name for feature in features)
    if training.level == "rate":
        on_step(training_steps(options))
        return Estimator(names, rate_log_odds, training, Encoding((), ()))
    order = np.lexsort((times, leads))
    ordered, leads = X.iloc[order], leads[order]
    encoding = fit_encoding(
        ordered,
        leads,
        features=features,
        min_leads=options.min_category_leads,
        max_categories=options.max_categories,
    )
    rows = _Rows(encoding.matrix(ordered), outcome[order], weight[order], leads, times[order])
    fitting = _Fitting(encoding, options, seed, on_step)
    chosen = fitting.linear_share(rows)
    boosters, linear = fitting.parts(rows, folds=options.boosters)
    training = replace(
        training,
        rounds=boosters.rounds,
        linear_share=chosen.share,
        linear_share_losses={f"{share:g}": loss for share, loss in chosen.losses.items()},
    )
    return Estimator(names, rate_log_odds, training, encoding, boosters, linear)


def _count(y: Floats, lead_ids: NDArray[np.str_], options: EstimatorOptions) -> Training:
    leads, outcomes = len(np.unique(lead_ids)), len(np.unique(lead_ids[y >= 0.5]))
    if outcomes == 0:
        raise InputError(
            expected=f"at least {options.min_outcomes} leads with the outcome in the training period",
            found=f"none among {leads} leads ({options.min_outcomes} are missing)",
            table="labels",
            hint="Check targets.*.stage and the stages table, or give a longer history",
        )
    missing = max(0, options.min_outcomes - _rarer(y, lead_ids))
    return Training("rate" if missing else "model", len(y), leads, outcomes, missing)


def _rarer(y: Floats, lead_ids: NDArray[np.str_]) -> int:
    """Return the number of leads with the outcome, or of leads that stayed without, whichever is smaller."""
    with_it, all_leads = len(np.unique(lead_ids[y >= 0.5])), len(np.unique(lead_ids))
    return min(with_it, all_leads - with_it)


def _base_rate(y: Floats, weights: Floats) -> float:
    """Return the log-odds of the weighted rate with half a lead added on either side."""
    return float(probability_to_log_odds((weights @ y + 0.5) / (weights.sum() + 1.0)))
