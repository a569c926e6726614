"""Whether the parts of an estimator that was read from files fit each other: no row can then lead out of a table."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from features.errors import InputError
from models.arrays import Floats

if TYPE_CHECKING:
    from models.estimator.boosters import BoosterPart
    from models.estimator.estimator import Estimator
    from models.estimator.linear_part import LinearPart

LARGEST = 1e12
"""Beyond, sums of parts are no numbers any more."""
MOST_THREADS = 1_024


def require_fitting(estimator: Estimator) -> None:
    """Check an estimator that was read from files.

    Raises
    ------
    InputError
        If a part has more or fewer entries than the columns it reads, or holds what is no number.
    """
    columns, names = estimator.encoding.columns, estimator.features
    _require(len(set(columns)) == len(columns) and len(set(names)) == len(names), "each column once")
    _require(set(columns) <= set(names), "columns that are features")
    _require_numbers("rate_log_odds", np.array([estimator.rate_log_odds, *estimator.training.shares]))
    _require_numbers("shrinkage", np.array([estimator.training.shrinkage]))
    _require((estimator.linear is None) == (estimator.level == "rate"), "a linear part unless the level is rate")
    if estimator.linear is None:
        _require(not estimator.boosters, "no boosters at level rate")
        return
    sizes = tuple(vocabulary.size for vocabulary in estimator.encoding.vocabularies)
    _require(len(estimator.training.shares) == len(estimator.boosters) + 1, "a share for each part")
    _check_linear(estimator.linear, len(estimator.encoding.numbers), sizes)
    for part in estimator.boosters:
        _check_boosters(part, len(columns), sizes)


def _require(holds: bool, expected: str) -> None:
    if not holds:
        raise InputError(
            expected=f"a saved estimator with {expected}",
            found="another",
            table="estimator.json",
            hint="The file was changed after training. Restore it or train again",
        )


def _require_numbers(name: str, values: Floats) -> None:
    whole = values.dtype.kind in "fi" and bool((np.abs(values) <= LARGEST).all())
    _require(whole, f"numbers of at most {LARGEST:g} in {name}")


def _check_linear(part: LinearPart, numbers: int, sizes: tuple[int, ...]) -> None:
    scale = part.scale
    _require_numbers("intercept", np.array([part.intercept]))
    for name, values in (("slope", part.slope), ("centre", scale.centre), ("scale", scale.scale)):
        _require(values.shape == (numbers,), f"{numbers} entries in {name}")
        _require_numbers(name, values)
    _require(bool((scale.scale > 0).all()), "a scale above 0")
    _require(scale.sizes == sizes, "as many codes as its vocabularies")
    entries = [*(len(edges) + 2 for edges in scale.edges), *(size + 1 for size in sizes)]
    _require(len(scale.edges) == numbers, "steps for each number")
    for edges in scale.edges:
        _require(edges.ndim == 1 and all(a < b for a, b in pairwise(edges.tolist())), "steps that rise")
    _require([shift.shape for shift in part.shifts] == [(count,) for count in entries], "a shift for each step")
    for shift in part.shifts:
        _require_numbers("shifts", shift)


def _check_boosters(part: BoosterPart, columns: int, sizes: tuple[int, ...]) -> None:
    _require(len(part.texts) > 0, "boosters of each kind")
    _require(isinstance(part.threads, int) and 1 <= part.threads <= MOST_THREADS, "a number of threads")
    _require(part.columns == {columns}, f"boosters that read {columns} columns")
    if part.statistics is not None:
        tables = part.statistics.tables
        _require([table.shape for table in tables] == [(size + 1,) for size in sizes], "a rate for each code")
        for table in tables:
            _require_numbers("rates", table)
