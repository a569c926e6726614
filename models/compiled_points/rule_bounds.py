"""Where a rule may cut: groups of a category's values, and round bounds of a number."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.arrays import Floats

SMALLEST_LEADS = 20.0
"""A value with fewer leads joins no group: what a handful of leads did says nothing."""
SMALLEST_LEVEL_SHARE = 0.003
LONGEST_GROUP = 12
"""Nobody types a rule with more values."""
SHRINKAGE_LEADS = 20.0
"""A value's mean is drawn to that of all by so many leads."""
CUTS = 13


def level_groups(values: pd.Series, p: Floats, weights: Floats) -> list[tuple[str, ...]]:
    """Return the groups of values that a rule may name, short ones first.

    Parameters
    ----------
    values : Series of str
        A category; missing values belong to no group.
    p : array of float
        The model's probability of each row.
    weights : array of float
        All together they sum to the number of leads.

    Returns
    -------
    list of tuple of str
        Every frequent value alone, and, the values ordered by their mean probability, every run from either end of at
        most ``LONGEST_GROUP``. For a sum of squares the best split of a category is among those runs (Fisher, 1958).

    Examples
    --------
    >>> values = pd.Series(["a", "b", "c"] * 40)
    >>> level_groups(values, np.array([0.1, 0.3, 0.2] * 40), np.ones(120))
    [('a',), ('b',), ('c',), ('a', 'c'), ('b', 'c')]
    """
    known = values.notna().to_numpy()
    table = pd.DataFrame({"value": values[known].astype(str).to_numpy(), "w": weights[known]})
    table["wp"] = table["w"] * p[known]
    sums = table.groupby("value", sort=True)[["w", "wp"]].sum()
    sums = sums[sums["w"] >= max(SMALLEST_LEADS, SMALLEST_LEVEL_SHARE * float(weights.sum()))]
    overall = float(np.average(p, weights=weights))
    mean = (sums["wp"] + SHRINKAGE_LEADS * overall) / (sums["w"] + SHRINKAGE_LEADS)
    ordered = [str(value) for value in mean.sort_values(kind="stable").index]
    groups: dict[tuple[str, ...], None] = {(value,): None for value in sorted(ordered)}
    for size in range(2, min(len(ordered) - 1, LONGEST_GROUP) + 1):
        groups[tuple(sorted(ordered[:size]))] = None
        groups[tuple(sorted(ordered[-size:]))] = None
    return list(groups)


def cut_points(values: pd.Series) -> list[float]:
    """Return bounds of a number near its quantiles, with as few digits as tell them apart.

    Examples
    --------
    >>> cut_points(pd.Series(range(1, 1001)))
    [50.0, 100.0, 200.0, 300.0, 400.0, 500.0, 600.0, 700.0, 800.0, 900.0, 1000.0]
    """
    numbers = values.dropna().to_numpy(dtype="float64")
    if len(numbers) == 0:
        return []
    quantiles = np.quantile(numbers, np.linspace(0.05, 0.95, CUTS))
    distinct = len(np.unique(quantiles))
    for digits in (1, 2, 3):
        cuts = np.unique([float(f"{quantile:.{digits}g}") for quantile in quantiles])
        if len(cuts) >= min(distinct, CUTS // 2):
            break
    return [float(cut) for cut in cuts if numbers.min() < cut <= numbers.max()]
