"""Which few of many rules, added up, come closest to the model's log-odds: least squares on their cross products."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.arrays import Floats
from models.compiled_points.candidate_rules import TimesGiven

RIDGE = 1e-4
"""In units of the variance of a rule that holds for half of the rows, a quarter."""
LEAST_NEW_SHARE = 0.02
"""A rule of which the chosen ones tell all but this share of its variance is none of its own."""
LEAST_GAIN = 1e-5
"""A rule that explains less of the target's variance is not worth typing."""
ROWS_AT_ONCE = 8_192
PASSES = 50


@dataclass(frozen=True)
class CrossProducts:
    """Weighted covariances of the rules with each other and with the target, and the target's variance."""

    rules: Floats
    target: Floats
    variance: float


@dataclass(frozen=True)
class Selection:
    """Chosen rules (positions of candidates) and the points of each in log-odds."""

    chosen: tuple[int, ...]
    coefficients: Floats
    explained: float
    """Share of the target's weighted variance."""


def cross_products(given: TimesGiven, target: Floats, weights: Floats) -> CrossProducts:
    """Return weighted covariances.

    Parameters
    ----------
    given : array of int8, shape (rows, rules)
        What each rule gives each row.
    target : array of float
        What the points are to add up to, but for a constant and a factor: the model's log-odds.
    weights : array of float
        Weight of each row.
    """
    share = weights / weights.sum()
    mean = np.zeros(given.shape[1])
    for start in range(0, len(given), ROWS_AT_ONCE):
        piece = slice(start, start + ROWS_AT_ONCE)
        mean += share[piece] @ given[piece].astype(np.float64)
    off = target - share @ target
    rules, with_target = np.zeros((given.shape[1],) * 2), np.zeros(given.shape[1])
    for start in range(0, len(given), ROWS_AT_ONCE):
        piece = slice(start, start + ROWS_AT_ONCE)
        centred = given[piece].astype(np.float64) - mean
        weighted = centred * share[piece, None]
        rules += weighted.T @ centred
        with_target += weighted.T @ off[piece]
    return CrossProducts(rules, with_target, float(share @ off**2))


def select_rules(products: CrossProducts, *, most: int, on_step: Callable[[], None] = lambda: None) -> Selection:
    """Choose at most ``most`` rules: one after the other, then exchanged one by one while that helps.

    Parameters
    ----------
    products : CrossProducts
        Of all candidates.
    most : int
        Largest number of rules.
    on_step : callable
        Told of each rule taken and of each pass of exchanges.

    Returns
    -------
    Selection
        Orthogonal matching with exchanges; no single exchange improves it, unless ``PASSES`` ran out.
    """
    chosen: list[int] = []
    least = LEAST_GAIN * products.variance
    while len(chosen) < most:
        gains = _gains(products, chosen)
        if not len(gains) or gains.max() <= least:
            break
        chosen.append(int(np.argmax(gains)))
        on_step()
    for _ in range(PASSES):
        exchanged = _exchange(products, chosen)
        on_step()
        if exchanged == chosen:
            break
        chosen = exchanged
    coefficients = _coefficients(products, chosen)
    explained = float(products.target[chosen] @ coefficients) / products.variance if chosen else 0.0
    return Selection(tuple(chosen), coefficients, explained)


def _exchange(products: CrossProducts, chosen: list[int]) -> list[int]:
    """Offer each chosen rule's place to all others, once."""
    result = list(chosen)
    for place in range(len(result)):
        rest = result[:place] + result[place + 1 :]
        gains = _gains(products, rest)
        best = int(np.argmax(gains))
        if gains[best] > gains[result[place]] * (1 + 1e-6) + LEAST_GAIN * products.variance:
            result[place] = best
    return result


def _coefficients(products: CrossProducts, chosen: list[int]) -> Floats:
    if not chosen:
        return np.zeros(0)
    gram = products.rules[np.ix_(chosen, chosen)] + RIDGE * np.eye(len(chosen))
    return np.asarray(np.linalg.solve(gram, products.target[chosen]))


def _gains(products: CrossProducts, chosen: list[int]) -> Floats:
    """Return by how much each rule would lower the squared distance if it were added; 0 for those chosen."""
    variance, rest = np.diag(products.rules).copy(), products.target.copy()
    left = variance + RIDGE
    if chosen:
        with_chosen = products.rules[:, chosen]
        rest -= with_chosen @ _coefficients(products, chosen)
        gram = products.rules[np.ix_(chosen, chosen)] + RIDGE * np.eye(len(chosen))
        left = left - (with_chosen @ np.linalg.inv(gram) * with_chosen).sum(axis=1)
    ok = left > LEAST_NEW_SHARE * variance + RIDGE
    ok[chosen] = False
    return np.where(ok, rest**2 / np.where(ok, left, 1.0), 0.0)
