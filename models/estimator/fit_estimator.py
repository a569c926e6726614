"""Training one target's estimator: fall back to the base rate, or fit the parts and choose how they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

from features.catalog.feature import Feature
from features.errors import InputError
from models.arrays import Floats
from models.estimator.blend import Unseen, choose_blend, default_blend
from models.estimator.boosters import OnStep
from models.estimator.encoding import Encoding, fit_encoding
from models.estimator.estimator import Estimator, Training
from models.estimator.fit_parts import FittedParts, Fitting
from models.estimator.options import EstimatorOptions
from models.estimator.training_rows import TrainingRows, base_rate_log_odds, rarer_outcomes

FEW_BOOSTERS = 3
MANY_LEADS = 30_000
"""Leads from which on so few boosters of each kind are enough: each has seen so many that more change little."""
LARGE_CELLS = 2_000_000
"""The same in cells of the training matrix, for time's sake."""


def training_steps(options: EstimatorOptions) -> int:
    """Return the steps that ``fit_estimator`` reports to ``on_step``, in sum."""
    return len(options.shapes) * options.max_rounds


@dataclass(frozen=True)
class Trained:
    """An estimator whose parts are combined by default, and what such parts say of the rows without their lead.

    Attributes
    ----------
    unseen : Unseen
        One entry a training row, in the order given.
    """

    estimator: Estimator
    unseen: Unseen


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
    """Train one target's estimator and combine its parts as the folds of the training leads have it.

    The parameters are those of `train_estimator`, which leaves the combining to whoever has newer leads to try it on.

    Raises
    ------
    InputError
        If no row has the outcome for sure.
    """
    outcome, leads = np.asarray(y, dtype=np.float64), np.asarray(lead_ids, dtype=str)
    require_outcome(outcome, leads, options)
    trained = train_estimator(
        X,
        outcome,
        weights=weights,
        lead_ids=lead_ids,
        as_of_us=as_of_us,
        features=features,
        options=options,
        seed=seed,
        on_step=on_step,
    )
    if trained.estimator.level == "rate":
        return trained.estimator
    in_order = trained.unseen.where(np.lexsort((np.asarray(as_of_us), leads)))  # sums must not hang on the order given
    return trained.estimator.blended(choose_blend(in_order, None, options=options), "folds")


def train_estimator(
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
) -> Trained:
    """Train the parts of one target's estimator.

    Parameters
    ----------
    X : DataFrame
        One row a snapshot, a column for each feature; the order of rows does not matter.
    y, weights, lead_ids, as_of_us : array-like, one entry a row
        Outcome, 0 or 1, or between where it is only known with a probability; weight (they sum to the
        number of leads); lead; time of the snapshot in microseconds.
    features : sequence of Feature
        The columns to learn from.
    on_step : callable
        Told of every step, ``training_steps(options)`` in sum, for progress.

    Returns
    -------
    Trained
        At level ``rate`` where fewer than ``options.min_outcomes`` leads had the outcome, or did not have it, for
        sure: a probability is no observation, so it does not count towards either.
    """
    leads, times = np.asarray(lead_ids, dtype=str), np.asarray(as_of_us, dtype=np.int64)
    outcome, weight = np.asarray(y, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    order = np.lexsort((times, leads))
    training, rate_log_odds = _count(outcome, leads, options), base_rate_log_odds(outcome[order], weight[order])
    names = tuple(feature.name for feature in features)
    with threadpool_limits(limits=1, user_api="blas"):  # sums in one order: the same bits on any number of cores
        fitted = None
        if training.level == "model":
            rows = (outcome[order], weight[order], leads[order], times[order])
            fitted = _fit(X.iloc[order], *rows, features, options, seed, on_step)
    if fitted is None:
        on_step(training_steps(options))
        estimator = Estimator(names, rate_log_odds, replace(training, level="rate"), Encoding((), ()))
        return Trained(estimator, Unseen(np.full((len(outcome), 1), rate_log_odds), outcome, weight))
    encoding, parts = fitted
    training = replace(
        training,
        rounds=tuple(size for part in parts.boosters for size in part.rounds),
        shares=default_blend(len(parts.boosters), options).shares,
    )
    estimator = Estimator(names, rate_log_odds, training, encoding, parts.boosters, parts.linear)
    back = np.argsort(order)
    return Trained(estimator, Unseen(parts.unseen[back], outcome, weight))


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
) -> tuple[Encoding, FittedParts] | None:
    """Fit the parts on rows in canonical order; None where no column says anything."""
    encoding = fit_encoding(
        X,
        leads,
        features=features,
        min_leads=options.min_category_leads,
        max_categories=options.max_categories,
    )
    if not encoding.columns:
        return None
    rows = TrainingRows(encoding.matrix(X), outcome, weight, leads, times)
    large = len(np.unique(leads)) >= MANY_LEADS or rows.matrix.size >= LARGE_CELLS
    folds = min(options.boosters, FEW_BOOSTERS) if large else options.boosters
    return encoding, Fitting(encoding, options, seed, on_step).parts(rows, folds=folds)


def require_outcome(y: Floats, lead_ids: NDArray[np.str_], options: EstimatorOptions) -> None:
    """Raise an InputError where no lead has the outcome for sure."""
    if not (y >= 1.0).any():
        raise InputError(
            expected=f"at least {options.min_outcomes} leads with the outcome in the training period",
            found=f"none among {len(np.unique(lead_ids))} leads ({options.min_outcomes} are missing)",
            table="labels",
            hint="Check targets.*.stage and the stages table, or give a longer history",
        )


def _count(y: Floats, lead_ids: NDArray[np.str_], options: EstimatorOptions) -> Training:
    leads, outcomes = len(np.unique(lead_ids)), len(np.unique(lead_ids[y >= 1.0]))
    missing = max(0, options.min_outcomes - rarer_outcomes(y, lead_ids)) if leads else options.min_outcomes
    return Training("rate" if missing else "model", len(y), leads, outcomes, missing)
