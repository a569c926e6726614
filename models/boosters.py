"""The LightGBM part: several small boosters, each watched on leads it has not seen, averaged in log-odds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.errors import InputError
from models.estimator_options import EstimatorOptions
from models.log_odds import Floats

OnStep = Callable[[int], None]
"""Called with the number of rounds that are done, for progress."""

MANY_ROWS = 2_000
"""Rows from which on forecasting on several threads is faster than on one."""
MANY_CELLS = 1_000_000
"""Cells of the training matrix from which on training uses several threads and coarser bins; below, neither pays."""


@dataclass(frozen=True)
class BoosterPart:
    """The mean of several LightGBM models, held as LightGBM's own text.

    Attributes
    ----------
    texts : tuple of str
        One model each. What predicts is always read from the text, so a saved and loaded part is the same part.
    threads : int
        For many rows at once.
    """

    texts: tuple[str, ...]
    threads: int = 2
    _boosters: tuple[Any, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        import lightgbm  # here, since importing the package need not take a second

        try:
            boosters = tuple(lightgbm.Booster(model_str=text) for text in self.texts)
        except lightgbm.basic.LightGBMError as error:
            raise InputError(expected="a model in LightGBM's text format", found=str(error)) from None
        object.__setattr__(self, "_boosters", boosters)

    @property
    def rounds(self) -> tuple[int, ...]:
        """Trees of each booster."""
        return tuple(booster.num_trees() for booster in self._boosters)

    def log_odds(self, matrix: Floats) -> Floats:
        """Return the mean log-odds of each row."""
        total = np.zeros(len(matrix))
        for booster in self._boosters:
            total += booster.predict(matrix, raw_score=True, num_threads=self._threads_for(matrix))
        return total / len(self._boosters)

    def contributions(self, matrix: Floats) -> tuple[float, Floats]:
        """Return the base and the exact SHAP values (TreeSHAP) of each column, shape as ``matrix``."""
        total = np.zeros((len(matrix), matrix.shape[1] + 1))
        for booster in self._boosters:
            total += booster.predict(matrix, pred_contrib=True, num_threads=self._threads_for(matrix))
        total /= len(self._boosters)
        return float(total[0, -1]) if len(total) else 0.0, total[:, :-1]

    def _threads_for(self, matrix: Floats) -> int:
        return self.threads if len(matrix) >= MANY_ROWS else 1


def fit_boosters(
    matrix: Floats,
    y: Floats,
    weights: Floats,
    *,
    categories: int,
    folds: NDArray[np.int64],
    options: EstimatorOptions,
    seed: int,
    on_step: OnStep,
) -> BoosterPart:
    """Train one booster a fold, without the fold's leads, and stop all at the round that is best on the folds together.

    One common round is steadier than each fold's own where a fold holds few outcomes.

    Parameters
    ----------
    matrix : array of shape (rows, columns)
        The last ``categories`` columns hold codes.
    y, weights : array of length n
        Outcome 0 or 1; weights sum to the number of leads.
    folds : array of int of length n
        The fold of each row; every booster is watched on one.
    on_step : callable
        Called with 1 each round, in the end with the rounds that were not needed: ``max_rounds`` in sum.
    """
    import lightgbm

    trees: list[list[int]] = []

    def count(env: Any) -> None:
        trees.append([booster.num_trees() for booster in env.model.boosters])
        on_step(1)

    params = _parameters(matrix, y, weights, options, seed)
    columns = matrix.shape[1]
    data = lightgbm.Dataset(
        matrix,
        y,
        weight=weights * (len(weights) / weights.sum()),
        categorical_feature=list(range(columns - categories, columns)),
        params=params,
    )
    found = lightgbm.cv(
        params,
        data,
        num_boost_round=options.max_rounds,
        folds=[(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in np.unique(folds)],
        callbacks=[count, lightgbm.early_stopping(options.patience, verbose=False)],
        return_cvbooster=True,
    )
    on_step(options.max_rounds - len(trees))
    best = int(np.argmin(found["valid cross_entropy-mean"]))
    # a round in which nothing could be split leaves no tree, so rounds and trees are not the same
    kept = zip(found["cvbooster"].boosters, trees[best], strict=True)
    texts = tuple(booster.model_to_string(num_iteration=max(size, 1)) for booster, size in kept)
    return BoosterPart(texts, options.threads)


def _parameters(matrix: Floats, y: Floats, weights: Floats, options: EstimatorOptions, seed: int) -> dict[str, Any]:
    large = matrix.size >= MANY_CELLS
    return {
        "objective": "cross_entropy",
        "metric": "cross_entropy",
        "learning_rate": options.learning_rate,
        "num_leaves": options.num_leaves,
        "max_depth": options.max_depth,
        "lambda_l2": options.l2,
        "path_smooth": options.path_smooth,
        "feature_fraction": options.feature_fraction,
        "bagging_fraction": options.bagging_fraction,
        "bagging_freq": 1,
        "min_data_in_leaf": smallest_leaf(y, weights),
        "max_bin": 63 if large else 255,
        "min_data_in_bin": 5,
        "cat_smooth": 20.0,
        "cat_l2": 20.0,
        "max_cat_threshold": 16,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": options.threads if large else 1,
        "verbosity": -1,
    }


def smallest_leaf(y: Floats, weights: Floats) -> int:
    """Return the rows a leaf must hold: enough leads to meet a few of the rarer outcome, yet room to split.

    Parameters
    ----------
    y, weights : array of length n
        Outcome 0 or 1; the weights of a lead sum to 1.

    Examples
    --------
    >>> y, weights = np.repeat([1.0, 0.0], [100, 300]), np.ones(400)
    >>> smallest_leaf(y, weights)
    12
    """
    leads = float(weights.sum())
    rate = float(weights @ y) / leads
    rarer = max(min(rate, 1.0 - rate), 1.0 / leads)
    wanted = min(max(leads / 200.0, 3.0 / rarer, 10.0), max(min(200.0, leads / 15.0), 2.0))
    return max(2, round(wanted * len(y) / leads))
