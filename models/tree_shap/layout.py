"""Groups of leaves, laid out as flat arrays that compiled code reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.arrays import Bools, Floats, Ints
from models.tree_shap.model_text import Tree

MOST_DECISIONS = 12
"""Of a group of leaves: rows that decide alike at all of them share a line of a table of at most 2^12."""

TABLE_COLUMNS = 6
"""Leaves on whose way at most so many columns stand are worked out once for each set of columns that stay on it."""
TABLE_CELLS = 8_000_000
"""Most numbers in these tables; with more, leaves with fewer columns alone have one."""

LEFT_WHEN_MISSING, RIGHT_WHEN_MISSING, ZERO_IS_MISSING, CATEGORY = range(4)
"""How a decision reads a value."""
_DEFAULT_LEFT, _MISSING_IS_ZERO, _MISSING_IS_NAN = 2, 4, 8


@dataclass(frozen=True)
class PathStep:
    """A decision on the way to a leaf, the side taken, and the share of the rows of training that take it."""

    decision: int
    is_right: bool
    share: float


@dataclass(frozen=True)
class Leaf:
    """A leaf by its number, and the way to it from the root."""

    number: int
    path: tuple[PathStep, ...]


class GroupArrays(NamedTuple):
    """Groups of leaves. An array ``…_start`` says where the part of each entry begins, and where the last one ends.

    Attributes
    ----------
    bit_start, column_start, leaf_start
        Decisions, columns and leaves of each group. A decision's bit in a pattern is its place in the group.
    feature, kind, limit, default_right, category_set
        Of each decision: the column among those used, how it reads a value, from where on a value goes to the right,
        where a missing one goes, and its set of categories.
    words_start, words
        Of each set of categories: the codes that go to the left, as words of 32 bits.
    column
        Of each column of a group: its place among those used.
    value, path_start, part_start
        Of each leaf: log-odds, the steps to it, and the columns on its way.
    path
        Of each step: bit, 1 for the right side, and the column's place on the leaf's way.
    part, share
        Of each column on a leaf's way: its place in the group, and the share of the rows of training that stay on the
        way by it.
    points, weights
        Gauss-Legendre quadrature on 0 to 1, a line for each number of points.
    table_start, table
        Where each leaf's Shapley values stand, for every set of columns that stay on its way, a value a column; below 0
        where they are worked out each time.
    """

    bit_start: Ints
    column_start: Ints
    leaf_start: Ints
    feature: NDArray[np.int32]
    kind: NDArray[np.int8]
    limit: Floats
    default_right: Bools
    category_set: NDArray[np.int32]
    words_start: Ints
    words: NDArray[np.uint32]
    column: NDArray[np.int32]
    value: Floats
    path_start: Ints
    path: NDArray[np.int32]
    part_start: Ints
    part: NDArray[np.int32]
    share: Floats
    points: Floats
    weights: Floats
    table_start: Ints
    table: Floats


class TreeArrays(NamedTuple):
    """Whole trees. A root and the children of a decision are decisions, or leaves where they are below 0 (``~leaf``).

    Attributes
    ----------
    model_start
        Where the trees of each model begin, and where the last ones end.
    root
        Of each tree.
    decision_start
        Where the decisions of each tree begin, and where the last one's end.
    used
        The columns of the matrix that the trees read.
    feature, kind, limit, default_right, category_set, words_start, words
        As in `GroupArrays`, but ``feature`` is a column of the matrix.
    left, right
        Of each decision.
    value
        Of each leaf, in log-odds.
    """

    model_start: Ints
    root: NDArray[np.int32]
    decision_start: Ints
    used: Ints
    feature: NDArray[np.int32]
    kind: NDArray[np.int8]
    limit: Floats
    default_right: Bools
    category_set: NDArray[np.int32]
    words_start: Ints
    words: NDArray[np.uint32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: Floats


class Decisions:
    """Decisions of trees as arrays, which grow one by one."""

    def __init__(self) -> None:
        self._feature: list[int] = []
        self._kind: list[int] = []
        self._limit: list[float] = []
        self._default_right: list[bool] = []
        self._set: list[int] = []
        self._words_start = [0]
        self._words: list[int] = []

    def __len__(self) -> int:
        return len(self._feature)

    def add(self, tree: Tree, decision: int, column: int) -> None:
        """Add a decision of a tree, which reads ``column`` of what the compiled code is given."""
        limit, how = tree.threshold[decision], tree.decision_type[decision]
        left = bool(how & _DEFAULT_LEFT)
        self._set.append(len(self._words_start) - 1)
        if tree.is_category(decision):
            kind = CATEGORY
            self._words += tree.category_sets[int(limit)]
            self._words_start.append(len(self._words))
        elif how & _MISSING_IS_ZERO:
            kind = ZERO_IS_MISSING
        else:
            # where nothing counts as missing, NaN reads as 0
            goes_left = left if how & _MISSING_IS_NAN else limit >= 0.0
            kind = LEFT_WHEN_MISSING if goes_left else RIGHT_WHEN_MISSING
        self._feature.append(column)
        self._kind.append(kind)
        self._limit.append(limit)
        self._default_right.append(not left)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what was added, by the names of `GroupArrays` and `TreeArrays`."""
        return {
            "feature": np.array(self._feature, dtype=np.int32),
            "kind": np.array(self._kind, dtype=np.int8),
            "limit": np.array(self._limit, dtype=np.float64),
            "default_right": np.array(self._default_right, dtype=np.bool_),
            "category_set": np.array(self._set, dtype=np.int32),
            "words_start": np.array(self._words_start, dtype=np.int64),
            "words": np.array(self._words, dtype=np.uint32),
        }


def tree_arrays(models: Sequence[Sequence[Tree]]) -> TreeArrays:
    """Return the trees of models as arrays."""
    decisions = Decisions()
    model_start, root, decision_start = [0], list[int](), [0]
    left, right, value = list[int](), list[int](), list[float]()
    for trees in models:
        for tree in trees:
            first, leaves = len(decisions), len(value)
            for decision, column in enumerate(tree.split_feature):
                decisions.add(tree, decision, column)
            for below, children in ((left, tree.left_child), (right, tree.right_child)):
                below += [child + first if child >= 0 else child - leaves for child in children]
            root.append(first if tree.split_feature else ~leaves)
            value += tree.leaf_value
            decision_start.append(len(decisions))
        model_start.append(len(root))
    arrays = decisions.arrays()
    return TreeArrays(
        model_start=np.array(model_start, dtype=np.int64),
        root=np.array(root, dtype=np.int32),
        decision_start=np.array(decision_start, dtype=np.int64),
        used=np.unique(arrays["feature"]).astype(np.int64),
        left=np.array(left, dtype=np.int32),
        right=np.array(right, dtype=np.int32),
        value=np.array(value, dtype=np.float64),
        **arrays,
    )


class Layout:
    """Grows group by group.

    Parameters
    ----------
    places : dict of int to int
        The place of each column of the matrix among those that are used.
    """

    def __init__(self, places: dict[int, int]) -> None:
        self._places = places
        self._bit_start, self._column_start, self._leaf_start = [0], [0], [0]
        self._path_start, self._part_start = [0], [0]
        self._decisions = Decisions()
        self._columns: list[int] = []
        self._value: list[float] = []
        self._path: list[tuple[int, bool, int]] = []
        self._part: list[tuple[int, float]] = []

    def add(self, tree: Tree, leaves: Sequence[Leaf]) -> None:
        """Add a group of leaves."""
        decisions = list(dict.fromkeys(step.decision for leaf in leaves for step in leaf.path))
        bits = {decision: bit for bit, decision in enumerate(decisions)}
        columns = list(dict.fromkeys(tree.split_feature[decision] for decision in decisions))
        for decision in decisions:
            self._decisions.add(tree, decision, self._places[tree.split_feature[decision]])
        for leaf in leaves:
            shares: dict[int, float] = {}
            for step in leaf.path:
                column = tree.split_feature[step.decision]
                shares[column] = shares.get(column, 1.0) * step.share
            slots = {column: slot for slot, column in enumerate(shares)}
            for step in leaf.path:
                self._path.append((bits[step.decision], step.is_right, slots[tree.split_feature[step.decision]]))
            self._part += [(columns.index(column), share) for column, share in shares.items()]
            self._value.append(tree.leaf_value[leaf.number])
            self._path_start.append(len(self._path))
            self._part_start.append(len(self._part))
        self._columns += [self._places[column] for column in columns]
        self._bit_start.append(len(self._decisions))
        self._column_start.append(len(self._columns))
        self._leaf_start.append(len(self._value))

    def arrays(self) -> GroupArrays:
        """Return what was added."""
        widest = max(np.diff(self._part_start), default=1)
        points, weights = _quadratures(int(widest))
        return GroupArrays(
            bit_start=np.array(self._bit_start, dtype=np.int64),
            column_start=np.array(self._column_start, dtype=np.int64),
            leaf_start=np.array(self._leaf_start, dtype=np.int64),
            column=np.array(self._columns, dtype=np.int32),
            value=np.array(self._value, dtype=np.float64),
            path_start=np.array(self._path_start, dtype=np.int64),
            path=np.array(self._path, dtype=np.int32).reshape(-1, 3),
            part_start=np.array(self._part_start, dtype=np.int64),
            part=np.array([place for place, _ in self._part], dtype=np.int32),
            share=np.array([share for _, share in self._part], dtype=np.float64),
            points=points,
            weights=weights,
            table_start=np.full(len(self._value), -1, dtype=np.int64),
            table=np.empty(0),
            **self._decisions.arrays(),
        )


def room_for_leaves(groups: GroupArrays) -> tuple[Ints, int]:
    """Return where the table of each leaf begins, below 0 for one without, and the cells of all of them."""
    columns = np.diff(groups.part_start)
    cells = columns << np.minimum(columns, TABLE_COLUMNS)
    fits = columns <= TABLE_COLUMNS
    while cells[fits].sum() > TABLE_CELLS:
        fits &= columns < columns[fits].max()
    cells = np.where(fits, cells, 0)
    return np.where(fits, np.cumsum(cells) - cells, -1), int(cells.sum())


def _quadratures(widest: int) -> tuple[Floats, Floats]:
    """Return points and weights on 0 to 1, a row for each number of points that leaves of so many columns need."""
    most = (widest + 1) // 2
    points, weights = np.zeros((most + 1, most)), np.zeros((most + 1, most))
    for count in range(1, most + 1):
        at, weight = np.polynomial.legendre.leggauss(count)
        points[count, :count], weights[count, :count] = (at + 1.0) / 2.0, weight / 2.0
    return points, weights
