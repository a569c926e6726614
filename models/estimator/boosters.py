"""The LightGBM part: small boosters of one shape, each watched on leads it has not seen, averaged in log-odds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from models.arrays import Floats
from models.estimator.category_rates import TargetStatistics
from models.estimator.options import EstimatorOptions, TreeShape
from models.lightgbm_text import read_booster
from models.tree_shap.forest import Forest
from models.tree_shap.leaf_sums import LeafSums

OnStep = Callable[[int], None]
"""Called with the number of rounds that are done, for progress."""


class Reader(Protocol):
    """Reads the rows for a booster: those it learns from, and those it is watched on."""

    @property
    def columns(self) -> int:
        """Columns of both."""

    def known(self, train: NDArray[np.bool_], /) -> Floats:
        """Return the rows to learn from, as they are to be learned from."""

    def later(self, train: NDArray[np.bool_], /) -> Floats:
        """Return the others, as later rows would be read."""


SEED_STEP = 1_000
"""Between the seeds of two boosters of a kind."""
MANY_ROWS = 2_000
"""Rows from which on forecasting on several threads is faster than on one."""
MANY_CELLS = 1_000_000
"""Cells of the training matrix from which on training uses coarser bins and several threads; below, neither pays."""

HASTE = 1.6
"""How much faster boosters learn there: as much in fewer trees."""


@dataclass(frozen=True)
class BoosterPart:
    """The mean of several LightGBM models, held as LightGBM's own text.

    Attributes
    ----------
    texts : tuple of str
        One model each. What predicts is always read from the text, so a saved and loaded part is the same part.
    threads : int
        For many rows at once.
    statistics : TargetStatistics, optional
        Where given, the boosters read a category as the rate its leads had; else as a code.
    """

    texts: tuple[str, ...]
    threads: int = 2
    statistics: TargetStatistics | None = None
    _boosters: tuple[Any, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_boosters", tuple(read_booster(text) for text in self.texts))

    @property
    def columns(self) -> frozenset[int]:
        """How many columns the boosters read: one number, where they fit each other."""
        return frozenset(booster.num_feature() for booster in self._boosters)

    @property
    def rounds(self) -> tuple[int, ...]:
        """Trees of each booster."""
        return tuple(booster.num_trees() for booster in self._boosters)

    def read(self, matrix: Floats) -> Floats:
        """Return rows as these boosters read them; the last columns of ``matrix`` hold codes."""
        return matrix if self.statistics is None else self.statistics.matrix(matrix)

    def log_odds(self, rows: Floats, *, threads: int | None = None) -> Floats:
        """Return the mean log-odds of each row; ``rows`` come from `read`."""
        if not len(rows):
            return np.zeros(0)
        total = np.zeros(len(rows))
        for log_odds in self._leaf_sums.of_rows(rows, threads=threads or self._threads_for(rows)):
            total += log_odds
        return total / len(self._boosters)

    def contributions(self, rows: Floats) -> tuple[float, Floats]:
        """Return the base and the exact SHAP values of each column, shape as ``rows``, which come from `read`."""
        values = self._forest.contributions(rows, threads=self._threads_for(rows))
        return self._forest.base / len(self.texts), values / len(self.texts)

    @cached_property
    def _forest(self) -> Forest:
        return Forest.of_texts(self.texts)

    @cached_property
    def _leaf_sums(self) -> LeafSums:
        return LeafSums.of_texts(self.texts)

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads beside the texts."""
        tables = None if self.statistics is None else [table.tolist() for table in self.statistics.tables]
        return {"texts": len(self.texts), "threads": self.threads, "rates": tables}

    @classmethod
    def from_json(cls, tree: Mapping[str, Any], texts: tuple[str, ...]) -> BoosterPart:
        """Rebuild the part."""
        tables = tree["rates"]
        if tables is None:
            return cls(texts, tree["threads"])
        rates = tuple(np.asarray(table, dtype=np.float64) for table in tables)
        return cls(texts, tree["threads"], TargetStatistics(rates))

    def _threads_for(self, rows: Floats) -> int:
        return self.threads if len(rows) >= MANY_ROWS else 1


def fit_boosters(
    read: Reader,
    y: Floats,
    weights: Floats,
    *,
    categories: int,
    folds: NDArray[np.int64],
    shape: TreeShape,
    options: EstimatorOptions,
    seed: int,
    on_step: OnStep,
    pool: Executor,
    statistics: TargetStatistics | None = None,
) -> tuple[BoosterPart, Floats]:
    """Train one booster a fold, without the fold's leads, and stop all at the round that is best on the folds together.

    One common round is steadier than each fold's own where a fold holds few outcomes.

    Parameters
    ----------
    read : Reader
        Is asked for the rows of each booster when they are needed; they do not stay in memory.
    y, weights : array of length n
        Outcome 0 to 1; weights sum to the number of leads.
    categories : int
        So many of the last columns hold codes, not numbers.
    folds : array of int of length n
        The fold of each row; every booster is watched on one.
    shape : TreeShape
        How large the trees are and how fast they learn.
    on_step : callable
        Called with 1 each round, in the end with the rounds that were not needed: ``max_rounds`` in sum.
    pool : Executor
        Trains the boosters, a thread each: several threads in one would wait for each other at every split.
    statistics : TargetStatistics, optional
        How later rows are read; None: as they are.

    Returns
    -------
    BoosterPart, array of length n
        The boosters, and the log-odds of each row by the booster that has not seen its lead.
    """

    def prepare(number: int, fold: int) -> _Watched:
        train = folds != fold
        own_seed = seed + SEED_STEP * number  # or all would leave out the same columns at the same round
        params = _parameters(train.sum() * read.columns, y[train], weights[train], shape, options, own_seed)
        return _Watched.of(read, train, y, weights, params, categories)

    watched = list(pool.map(prepare, *zip(*enumerate(np.unique(folds)), strict=True)))
    sizes = _grow(watched, options, on_step, pool)
    texts = tuple(one.booster.model_to_string(num_iteration=size) for one, size in zip(watched, sizes, strict=True))
    unseen = np.empty(len(y))
    for one, log_odds in zip(watched, pool.map(_Watched.unseen, watched, texts), strict=True):
        unseen[~one.train] = log_odds
    return BoosterPart(texts, options.threads, statistics), unseen


@dataclass(frozen=True)
class _Watched:
    """A booster that grows, and which rows it learns from; it is watched on the others."""

    booster: Any
    read: Reader
    train: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        read: Reader,
        train: NDArray[np.bool_],
        y: Floats,
        weights: Floats,
        params: dict[str, Any],
        categories: int,
    ) -> _Watched:
        import lightgbm

        rows = weights * (len(weights) / weights.sum())
        data = lightgbm.Dataset(
            read.known(train),
            y[train],
            weight=rows[train],
            categorical_feature=list(range(read.columns - categories, read.columns)),
            params=params,
        ).construct()  # here, so that the rows themselves are gone before the others come
        valid = data.create_valid(read.later(train), y[~train], weight=rows[~train], params=params)
        booster = lightgbm.Booster(params, data)
        booster.add_valid(valid, "held out")
        return cls(booster, read, train)

    def grow(self) -> float:
        """Grow by a round and return the loss on the rows it is watched on."""
        self.booster.update()
        return float(self.booster.eval_valid()[0][2])

    def unseen(self, text: str) -> Floats:
        """Return the log-odds of the rows it is watched on by its first trees, given as text."""
        return np.asarray(LeafSums.of_texts([text]).of_rows(self.read.later(self.train))[0])


def _grow(watched: Sequence[_Watched], options: EstimatorOptions, on_step: OnStep, pool: Executor) -> list[int]:
    """Grow all boosters round by round and return the trees to keep of each: those of the round that is best on all."""
    trees: list[list[int]] = []
    least, best = np.inf, 0
    while len(trees) < options.max_rounds and len(trees) - best <= options.patience:
        loss = sum(pool.map(_Watched.grow, watched)) / len(watched)
        # a round in which nothing could be split leaves no tree, so rounds and trees are not the same
        trees.append([one.booster.num_trees() for one in watched])
        if loss < least:
            least, best = loss, len(trees) - 1
        on_step(1)
    on_step(options.max_rounds - len(trees))
    return [max(size, 1) for size in trees[best]]


def _parameters(
    cells: int, y: Floats, weights: Floats, shape: TreeShape, options: EstimatorOptions, seed: int
) -> dict[str, Any]:
    large = cells >= MANY_CELLS
    return {
        "objective": "cross_entropy",  # the log loss of a share between 0 and 1; of 0 and 1 the usual one
        "metric": "cross_entropy",
        "learning_rate": shape.learning_rate * (HASTE if large else 1.0),
        "num_leaves": shape.num_leaves,
        "max_depth": shape.max_depth,
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
        "num_threads": 1,
        "verbosity": -1,
    }


def smallest_leaf(y: Floats, weights: Floats) -> int:
    """Return the rows a leaf must hold: enough leads to meet a few of the rarer outcome, yet room to split.

    Parameters
    ----------
    y, weights : array of length n
        Outcome 0 to 1; weights sum to the number of leads.

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
