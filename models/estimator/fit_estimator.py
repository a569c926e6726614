"""Training one target's estimator: fall back to the base rate, or fit the parts and choose how they share."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from features.errors import InputError
from models.arrays import Floats
from models.estimator.blend import Unseen, choose_blend, default_blend
from models.estimator.encoding import Encoding, fit_encoding
from models.estimator.estimator import Estimator, Training
from models.estimator.fit_parts import FittedParts, PartFitting
from models.estimator.fitting import Fitting
from models.estimator.linear_terms import Ridge
from models.estimator.options import EstimatorOptions
from models.estimator.training_rows import Rows, TrainingRows, base_rate_log_odds, rarer_outcomes

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
    ridge : Ridge or None
        Of the linear part; None at level ``rate``.
    """

    estimator: Estimator
    unseen: Unseen
    ridge: Ridge | None = None


def fit_estimator(rows: Rows, fitting: Fitting) -> Estimator:
    """Train one target's estimator and combine its parts as the folds of the training leads have it.

    `train_estimator` leaves the combining to whoever has newer leads to try it on.

    Parameters
    ----------
    rows, fitting
        As for `train_estimator`.

    Raises
    ------
    InputError
        If no row has the outcome for sure.
    """
    require_outcome(rows.y, rows.lead_ids, fitting.options)
    trained = train_estimator(rows, fitting)
    if trained.estimator.level == "rate":
        return trained.estimator
    blend = choose_blend(trained.unseen.where(rows.order), None, options=fitting.options)
    return trained.estimator.blended(blend, "folds")


def train_estimator(rows: Rows, fitting: Fitting) -> Trained:
    """Train the parts of one target's estimator.

    Parameters
    ----------
    rows : Rows
        One row a snapshot; the order of rows does not matter.
    fitting : Fitting
        Told of ``training_steps(options)`` steps in sum.

    Returns
    -------
    Trained
        At level ``rate`` where fewer than ``options.min_outcomes`` leads had the outcome, or did not have it, for
        sure: a probability is no observation, so it does not count towards either.
    """
    options, order = fitting.options, rows.order
    ordered = rows.take(order)
    training, rate_log_odds = _count(rows.y, rows.lead_ids, options), base_rate_log_odds(ordered.y, ordered.weights)
    names = tuple(feature.name for feature in fitting.features)
    with threadpool_limits(limits=1, user_api="blas"):  # sums in one order: the same bits on any number of cores
        fitted = _fit(ordered, fitting) if training.level == "model" else None
    if fitted is None:
        fitting.on_step(training_steps(options))
        estimator = Estimator(names, rate_log_odds, replace(training, level="rate"), Encoding((), ()))
        return Trained(estimator, Unseen(np.full((len(rows.y), 1), rate_log_odds), rows.y, rows.weights))
    encoding, parts = fitted
    training = replace(
        training,
        rounds=tuple(size for part in parts.boosters for size in part.rounds),
        shares=default_blend(len(parts.boosters), options).shares,
    )
    estimator = Estimator(names, rate_log_odds, training, encoding, parts.boosters, parts.linear)
    return Trained(estimator, Unseen(parts.unseen[np.argsort(order)], rows.y, rows.weights), parts.ridge)


def _fit(rows: Rows, fitting: Fitting) -> tuple[Encoding, FittedParts] | None:
    """Fit the parts on rows in canonical order; None where no column says anything."""
    options = fitting.options
    encoding = fit_encoding(
        rows.X,
        rows.lead_ids,
        features=fitting.features,
        min_leads=options.min_category_leads,
        max_categories=options.max_categories,
    )
    if not encoding.columns:
        return None
    encoded = TrainingRows(encoding.matrix(rows.X), rows.y, rows.weights, rows.lead_ids, rows.as_of_us)
    large = len(np.unique(rows.lead_ids)) >= MANY_LEADS or encoded.matrix.size >= LARGE_CELLS
    folds = min(options.boosters, FEW_BOOSTERS) if large else options.boosters
    return encoding, PartFitting(encoding, options, fitting.seed, fitting.on_step, fitting.ridge).parts(
        encoded, folds=folds
    )


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
