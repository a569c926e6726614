"""When an outcome comes, given that it comes within the horizon: the curve P(reached within t)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from models.arrays import Floats
from models.lightgbm_text import read_booster
from models.log_odds import probability_to_log_odds
from models.tree_shap.leaf_sums import LeafSums

QUANTILES = 101
"""Points that the spread of delays around their expectation is kept by."""
EDGE = 0.002
"""Share of the horizon that delays are kept away from its ends."""
FEWEST_OUTCOMES = 100
"""Leads with the outcome below which every lead gets the same shape of curve."""
ROUNDS = 80
"""Trees; small ones at a low rate, so the number matters little."""
PARAMETERS: dict[str, Any] = {
    "objective": "regression",
    "learning_rate": 0.05,
    "num_leaves": 8,
    "lambda_l2": 10.0,
    "feature_fraction": 0.6,
    "min_data_in_leaf": 30,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}


@dataclass(frozen=True)
class Timing:
    """Delays as log-odds of the elapsed share of the horizon = what LightGBM expects + a spread, the same for all.

    The log-odds of delay / horizon know no bounds, so nothing is cut off at the horizon.

    Attributes
    ----------
    horizon_us : int
        Delays are given to lie within it.
    centre : float
        Mean of these log-odds.
    spread : tuple of float
        Quantiles of the log-odds around their expectation, evenly spaced, rising.
    text : str or None
        LightGBM's own text; None where there were too few outcomes for it.
    """

    horizon_us: int
    centre: float
    spread: tuple[float, ...]
    text: str | None = None
    _booster: Any = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        if self.text is not None:
            object.__setattr__(self, "_booster", read_booster(self.text))

    @property
    def columns(self) -> int | None:
        """How many columns the booster reads; None where there is none."""
        return None if self._booster is None else int(self._booster.num_feature())

    def share_within(self, matrix: Floats, times_us: ArrayLike) -> Floats:
        """Return P(delay <= t | reached within the horizon), shape (rows, times): rising in t, 1 at the horizon.

        Parameters
        ----------
        matrix : array of shape (rows, columns)
            From the encoding of the estimator this belongs to.
        times_us : array-like of int
            Times after the as-of time, in microseconds.
        """
        return self._within(self._expected(matrix)[:, None], np.asarray(times_us, dtype=np.float64)[None, :])

    def share_by(self, matrix: Floats, time_us: Floats) -> Floats:
        """Return the same of each row at a time of its own, one entry a row; NaN where that is missing."""
        return self._within(self._expected(matrix), time_us)

    def _within(self, expected: Floats, times: Floats) -> Floats:
        deviation = _elapsed(times, self.horizon_us) - expected
        within = np.interp(deviation, *self._levels, left=0.0, right=1.0)
        return np.where(times <= 0, 0.0, np.where(times >= self.horizon_us, 1.0, within))

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads, but for the text of the booster."""
        return {"horizon_us": self.horizon_us, "centre": self.centre, "spread": list(self.spread)}

    @classmethod
    def from_json(cls, tree: dict[str, Any], text: str | None) -> Timing:
        """Rebuild from ``to_json`` and the booster's text."""
        return cls(tree["horizon_us"], tree["centre"], tuple(tree["spread"]), text)

    def _expected(self, matrix: Floats) -> Floats:
        if self._booster is None:
            return np.full(len(matrix), self.centre)
        return np.asarray(self._leaf_sums.of_rows(matrix)[0])

    @cached_property
    def _levels(self) -> tuple[Floats, Floats]:
        """The quantiles, and the share below each."""
        return np.array(self.spread), np.linspace(0.0, 1.0, len(self.spread))

    @cached_property
    def _leaf_sums(self) -> LeafSums:
        return LeafSums.of_texts([self.text] if self.text is not None else [])


def fit_timing(
    matrix: Floats,
    delays_us: ArrayLike,
    weights: Floats,
    folds: ArrayLike,
    *,
    horizon_us: int,
    seed: int,
    threads: int = 1,
) -> Timing:
    """Learn the delays of rows whose outcome came within the horizon.

    Rows must be such that their whole window has been observed: then no delay is cut off by the end of the data. The
    spread is taken around out-of-fold expectations, so it is as wide as it will be on new leads.

    Parameters
    ----------
    matrix : array of shape (rows, columns)
        From the estimator's encoding.
    delays_us : array-like of length n
        From the as-of time to the outcome, above 0 and at most ``horizon_us``.
    weights : array of length n
        They sum to the number of leads at most.
    folds : array-like of int of length n
        Rows of a lead share a fold.
    horizon_us, seed : int
    threads : int
        Models fitted side by side, a thread each; they do not change what is learned.
    """
    elapsed, fold = _elapsed(np.asarray(delays_us, dtype=np.float64), horizon_us), np.asarray(folds)
    if not len(elapsed):  # none to learn from: as likely on any day
        even = _elapsed(np.linspace(0.0, horizon_us, QUANTILES), horizon_us)
        return Timing(horizon_us, 0.0, tuple(map(float, even)))
    centre = float(weights @ elapsed / weights.sum())
    if weights.sum() < FEWEST_OUTCOMES or len(np.unique(fold)) < 2:
        return Timing(horizon_us, centre, _quantiles(elapsed - centre, weights))
    expected, numbers = np.empty(len(elapsed)), np.unique(fold).tolist()

    def unseen(number: int) -> Floats:
        out = fold == number
        booster = read_booster(_boost(matrix[~out], elapsed[~out], weights[~out], seed))
        return np.asarray(booster.predict(matrix[out], num_threads=1), dtype=np.float64)

    with ThreadPoolExecutor(threads) as pool:
        whole = pool.submit(_boost, matrix, elapsed, weights, seed)
        for number, forecasts in zip(numbers, pool.map(unseen, numbers), strict=True):
            expected[fold == number] = forecasts
        text = whole.result()
    return Timing(horizon_us, centre, _quantiles(elapsed - expected, weights), text)


def _boost(matrix: Floats, elapsed: Floats, weights: Floats, seed: int) -> str:
    import lightgbm

    params = PARAMETERS | {"seed": seed}
    data = lightgbm.Dataset(matrix, elapsed, weight=weights * (len(weights) / weights.sum()), params=params)
    text: str = lightgbm.train(params, data, num_boost_round=ROUNDS).model_to_string()
    return text


def _quantiles(deviations: Floats, weights: Floats) -> tuple[float, ...]:
    order = np.argsort(deviations, kind="stable")
    place = np.cumsum(weights[order]) - weights[order] / 2.0
    wanted = np.linspace(0.0, 1.0, QUANTILES) * weights.sum()
    rising = np.maximum.accumulate(np.interp(wanted, place, deviations[order]))
    return tuple(map(float, rising + 1e-9 * np.arange(QUANTILES)))


def _elapsed(times_us: Floats, horizon_us: int) -> Floats:
    return np.asarray(probability_to_log_odds(np.clip(times_us / horizon_us, EDGE, 1.0 - EDGE)))
