"""Training one target's estimator: fall back to the base rate, or fit the parts and choose how they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

from features.errors import InputError
from features.feature import Feature
from models.boosters import OnStep, mean_log_odds
from models.encoding import Encoding, fit_encoding
from models.estimator import Estimator, Training, TriedOn
from models.estimator_options import EstimatorOptions
from models.fit_parts import FittedParts, Fitting
from models.linear_share import Blend, choose_blend, forward_parts
from models.log_odds import Floats
from models.training_rows import TrainingRows, base_rate_log_odds, rarer_outcomes

FORWARD_FOLDS = 2
"""Boosters of each kind with which the blend is tried on newer leads."""

MANY_LEADS = 30_000
"""Leads from which on three boosters of each kind are enough: each has seen so many that more change little."""
LARGE_CELLS = 2_000_000
"""The same in cells of the training matrix, for time's sake."""


def training_steps(options: EstimatorOptions) -> int:
    """Return the steps that ``fit_estimator`` reports to ``on_step``, in sum."""
    return 2 * len(options.shapes) * options.max_rounds


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
    blend: Blend | None = None,
    on_step: OnStep = lambda steps: None,
) -> Estimator:
    """Train one target's estimator.

    Parameters
    ----------
    X : DataFrame
        One row a snapshot, a column for each feature; the order of rows does not matter.
    y, weights, lead_ids, as_of_us : array-like, one entry a row
        Outcome, 0 or 1, or between where it is only known with a probability; weight (the weights of a lead sum to
        1); lead; time of the snapshot in microseconds.
    features : sequence of Feature
        The columns to learn from.
    blend : Blend, optional
        How the parts are combined, where that has been learned already.
    on_step : callable
        Told of every step, ``training_steps(options)`` in sum, for progress.

    Returns
    -------
    Estimator
        At level ``rate`` where fewer than ``options.min_outcomes`` leads had the outcome, or did not have it, for
        sure: a probability is no observation, so it does not count towards either.

    Raises
    ------
    InputError
        If no row has the outcome for sure.
    """
    leads, times = np.asarray(lead_ids, dtype=str), np.asarray(as_of_us, dtype=np.int64)
    outcome, weight = np.asarray(y, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    with threadpool_limits(limits=1, user_api="blas"):  # sums in one order: the same bits on any number of cores
        return _fit(X, outcome, weight, leads, times, features, options, seed, blend, on_step)


def _fit(
    X: pd.DataFrame,
    outcome: Floats,
    weight: Floats,
    leads: NDArray[np.str_],
    times: NDArray[np.int64],
    features: Sequence[Feature],
    options: EstimatorOptions,
    seed: int,
    given: Blend | None,
    on_step: OnStep,
) -> Estimator:
    training, rate_log_odds = _count(outcome, leads, options), base_rate_log_odds(outcome, weight)
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
    rows = TrainingRows(encoding.matrix(ordered), outcome[order], weight[order], leads, times[order])
    fitting = Fitting(encoding, options, seed, on_step)
    large = training.leads >= MANY_LEADS or rows.matrix.size >= LARGE_CELLS
    parts = fitting.parts(rows, folds=min(options.boosters, 3) if large else options.boosters)
    blend, tried_on = _blend(rows, fitting, parts, rate_log_odds) if given is None else _given(given, fitting)
    training = replace(
        training,
        rounds=tuple(size for part in parts.boosters for size in part.rounds),
        linear_share=blend.share,
        shrinkage=blend.shrinkage,
        linear_share_losses={f"{share:g}": loss for share, loss in blend.losses.items()},
        tried_on=tried_on,
    )
    return Estimator(names, rate_log_odds, training, encoding, parts.boosters, parts.linear)


def _given(blend: Blend, fitting: Fitting) -> tuple[Blend, TriedOn]:
    fitting.on_step(len(fitting.options.shapes) * fitting.options.max_rounds)  # what trying would have taken
    return blend, "newer leads"


def _blend(rows: TrainingRows, fitting: Fitting, parts: FittedParts, rate_log_odds: float) -> tuple[Blend, TriedOn]:
    """Try the blend on the newer leads with parts trained on the older; with too few outcomes, on the folds."""
    options = fitting.options
    early, late = forward_parts(rows.lead_ids, rows.as_of_us, newest_share=options.forward_share)
    known = [rarer_outcomes(rows.y[part], rows.lead_ids[part]) for part in (early, late)]
    if min(known) >= options.min_forward_outcomes:
        old, new = rows.where(early), rows.where(late)
        older = fitting.parts(old, folds=FORWARD_FOLDS)
        trees, linear = mean_log_odds(older.boosters, new.matrix), older.linear.log_odds(new.matrix)
        rate = base_rate_log_odds(old.y, old.weights)
        return choose_blend(trees, linear, new.y, new.weights, rate_log_odds=rate, options=options), "newer leads"
    fitting.on_step(len(options.shapes) * options.max_rounds)
    linear = fitting.unseen_linear(rows, folds=options.boosters)
    found = choose_blend(parts.unseen_trees, linear, rows.y, rows.weights, rate_log_odds=rate_log_odds, options=options)
    return found, "folds"


def _count(y: Floats, lead_ids: NDArray[np.str_], options: EstimatorOptions) -> Training:
    leads, outcomes = len(np.unique(lead_ids)), len(np.unique(lead_ids[y >= 1.0]))
    if outcomes == 0:
        raise InputError(
            expected=f"at least {options.min_outcomes} leads with the outcome in the training period",
            found=f"none among {leads} leads ({options.min_outcomes} are missing)",
            table="labels",
            hint="Check targets.*.stage and the stages table, or give a longer history",
        )
    missing = max(0, options.min_outcomes - rarer_outcomes(y, lead_ids))
    return Training("rate" if missing else "model", len(y), leads, outcomes, missing)
