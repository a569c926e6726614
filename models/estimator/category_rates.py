"""Categories as the rate their leads had; no training row is told its own outcome."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.arrays import Floats, Ints
from models.log_odds import probability_to_log_odds


@dataclass(frozen=True)
class TargetStatistics:
    """For each category column the smoothed log-odds of each code.

    Attributes
    ----------
    tables : tuple of arrays, one a category column
        One entry a code; the last is for missing.
    """

    tables: tuple[Floats, ...]

    def matrix(self, matrix: Floats) -> Floats:
        """Return a matrix with the codes, its last columns, replaced by what training knew of them in the end."""
        result = matrix.copy()
        rates, first, missing = self._all
        codes = matrix[:, matrix.shape[1] - len(self.tables) :]
        result[:, matrix.shape[1] - len(self.tables) :] = rates[first + _whole(codes, missing + 1)]
        return result

    @cached_property
    def _all(self) -> tuple[Floats, Ints, Ints]:
        """All tables in one array, where that of each column begins, and its entry for missing."""
        sizes = np.array([len(table) for table in self.tables], dtype=np.int64)
        return np.concatenate([*self.tables, np.empty(0)]), np.cumsum(sizes) - sizes, sizes - 1


def fit_target_statistics(
    matrix: Floats, y: Floats, weights: Floats, *, sizes: tuple[int, ...], prior: float
) -> TargetStatistics:
    """Learn the rate of each code from all rows, to read later rows with.

    Parameters
    ----------
    matrix : array of shape (rows, columns)
        The last ``len(sizes)`` columns hold codes, NaN for missing.
    y, weights : array of length n
        Outcome 0 to 1; weights sum to the number of leads.
    sizes : tuple of int
        Number of codes of each.
    prior : float
        Leads at the base rate that are added to each code.
    """
    rate, tables = _rate(y, weights), []
    for position, size in enumerate(sizes, start=matrix.shape[1] - len(sizes)):
        codes = _whole(matrix[:, position], size + 1)
        outcomes = np.bincount(codes, weights * y, size + 1)
        leads = np.bincount(codes, weights, size + 1)
        tables.append(probability_to_log_odds((outcomes + prior * rate) / (leads + prior)))
    return TargetStatistics(tuple(tables))


def rates_from_other_folds(
    matrix: Floats, y: Floats, weights: Floats, folds: NDArray[np.int64], *, sizes: tuple[int, ...], prior: float
) -> Floats:
    """Return the training rows with each code replaced by its rate among the leads of the other folds.

    Were they given the rate of all, their own outcome would be in it, and trees would trust it too much.
    """
    result, fold, rate = matrix.copy(), np.unique(folds, return_inverse=True)[1], _rate(y, weights)
    count = int(fold.max()) + 1
    for position, size in enumerate(sizes, start=matrix.shape[1] - len(sizes)):
        codes = _whole(matrix[:, position], size + 1)
        cell = codes * count + fold
        outcomes = np.bincount(cell, weights * y, (size + 1) * count).reshape(size + 1, count)
        leads = np.bincount(cell, weights, (size + 1) * count).reshape(size + 1, count)
        others = outcomes.sum(axis=1, keepdims=True) - outcomes + prior * rate
        rates = others / (leads.sum(axis=1, keepdims=True) - leads + prior)
        result[:, position] = probability_to_log_odds(np.clip(rates, 1e-9, 1 - 1e-9))[codes, fold]
    return result


def rates_from_earlier_leads(
    matrix: Floats,
    y: Floats,
    weights: Floats,
    lead_ids: NDArray[np.str_],
    as_of_us: NDArray[np.int64],
    *,
    sizes: tuple[int, ...],
    prior: float,
) -> Floats:
    """Return the training rows with each code replaced by its rate among the leads that came before.

    A lead comes when its first row does; at the same moment, the smaller id comes first. The order of time instead
    of a random one as in https://arxiv.org/abs/1706.09516.
    """
    order, rate, result = _lead_order(lead_ids, as_of_us), _rate(y, weights), matrix.copy()
    for position, size in enumerate(sizes, start=matrix.shape[1] - len(sizes)):
        codes = _whole(matrix[:, position], size + 1)
        outcomes, leads = _earlier(codes, order, weights * y), _earlier(codes, order, weights)
        rates = (outcomes + prior * rate) / (leads + prior)
        result[:, position] = probability_to_log_odds(np.clip(rates, 1e-9, 1 - 1e-9))
    return result


def _rate(y: Floats, weights: Floats) -> float:
    return float((weights @ y + 0.5) / (weights.sum() + 1.0))


def _earlier(codes: NDArray[np.int64], order: NDArray[np.int64], amounts: Floats) -> Floats:
    """Return for each row the sum of the amounts of the same code over leads that came before its own."""
    key = codes * (order.max() + 1) + order
    pairs, place = np.unique(key, return_inverse=True)
    sums = np.bincount(place, amounts, len(pairs))
    running = np.cumsum(sums) - sums
    code = pairs // (order.max() + 1)
    first = np.searchsorted(code, code, side="left")
    return np.asarray((running - running[first])[place])


def _lead_order(lead_ids: NDArray[np.str_], as_of_us: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of each row's lead in the order in which leads came."""
    leads, lead = np.unique(lead_ids, return_inverse=True)
    first = np.full(len(leads), np.iinfo(np.int64).max)
    np.minimum.at(first, lead, as_of_us)
    place = np.empty(len(leads), dtype=np.int64)
    place[np.lexsort((np.arange(len(leads)), first))] = np.arange(len(leads))
    return place[lead]


def _whole(codes: Floats, size: int | Ints) -> NDArray[np.int64]:
    """Return codes as whole numbers; missing is the last."""
    return np.where(np.isnan(codes), size - 1, codes).astype(np.int64)
