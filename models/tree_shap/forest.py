"""All trees of a model as flat arrays, from which exact SHAP values cost about as much as a forecast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from models.arrays import Floats, Ints
from models.tree_shap.layout import MOST_DECISIONS, GroupArrays, Layout, Leaf, PathStep, room_for_leaves
from models.tree_shap.model_text import Tree, trees_of

BLOCK_ROWS = 2_000
"""Rows that are worked on at a time: their columns stay in the processor's cache, and memory stays small."""


@dataclass(frozen=True)
class Forest:
    """Trees, prepared for SHAP values.

    A leaf's share in the SHAP values depends only on which columns keep a row on its way: where these are few, it is
    worked out for each set of them before the first row comes. The leaves of a tree are put into groups whose ways meet
    at most ``MOST_DECISIONS`` decisions; a tree of the default size is one group. Rows that decide alike have the same
    SHAP values, and few patterns occur: each is added up once a block of rows, then looked up. A leaf whose way alone
    is longer is worked out row by row.

    Attributes
    ----------
    base : float
        The mean of the trees over the rows of training, summed over trees.
    columns : array
        Those of the matrix that the trees read.
    arrays : GroupArrays
        The groups of leaves, for the compiled code.
    """

    base: float
    columns: Ints
    arrays: GroupArrays

    @classmethod
    def of_texts(cls, texts: Iterable[str]) -> Forest:
        """Prepare the sum of models in LightGBM's text format."""
        return cls.of_trees([tree for text in texts for tree in trees_of(text)])

    @classmethod
    def of_trees(cls, trees: Sequence[Tree]) -> Forest:
        """Prepare the sum of trees."""
        columns = np.array(sorted({column for tree in trees for column in tree.split_feature}), dtype=np.int64)
        layout = Layout({int(column): place for place, column in enumerate(columns)})
        base = 0.0
        for tree in trees:
            for leaves in _groups(tree):
                base += sum(tree.leaf_value[leaf.number] * prod(step.share for step in leaf.path) for leaf in leaves)
                if leaves[0].path:
                    layout.add(tree, leaves)
        return cls(base, columns, layout.arrays())

    def contributions(self, matrix: Floats, *, threads: int = 1) -> Floats:
        """Return the exact SHAP values (path-dependent TreeSHAP) of each row and column, shape as ``matrix``.

        Base plus the sum of a row is the sum of the trees' leaves. A row has the same values alone and among others,
        on one thread and on several.

        Parameters
        ----------
        matrix : array of shape (rows, columns)
            As the trees read it: numbers, codes of categories, NaN for missing.
        threads : int
            For more rows than a block holds.

        Notes
        -----
        The game of a leaf is v(S) = value · Π over columns of S (1 where the row stays on the leaf's way, else 0)
        · Π over the others (share of the rows of training that stay). A column's Shapley value is the integral over t
        from 0 to 1 of the product of the others at the mixture (1 - t) · share + t · stays, a polynomial, which
        Gauss-Legendre quadrature integrates exactly (Owen's multilinear extension, 1972).
        """
        from models.tree_shap.kernel import add_contributions  # brings numba, which takes a second

        rows = np.ascontiguousarray(matrix, dtype=np.float64)
        result, groups = np.zeros(rows.shape), self._worked_out

        def add(start: int) -> None:
            block = slice(start, start + BLOCK_ROWS)
            add_contributions(rows[block], result[block], self.columns, groups)

        starts = range(0, len(rows), BLOCK_ROWS)
        if threads == 1 or len(starts) < 2:
            for start in starts:
                add(start)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(add, starts))
        return result

    @cached_property
    def _worked_out(self) -> GroupArrays:
        """The groups with the tables of their leaves."""
        from models.tree_shap.kernel import work_out_leaves  # as above

        start, cells = room_for_leaves(self.arrays)
        groups = self.arrays._replace(table_start=start, table=np.empty(cells))
        work_out_leaves(groups)
        return groups


def _groups(tree: Tree) -> Iterator[list[Leaf]]:
    """Give the leaves of a tree in groups, each as large as may be."""

    def grouped(child: int, path: tuple[PathStep, ...]) -> Iterator[list[Leaf]]:
        leaves = list(_leaves(tree, child, path))
        if child < 0 or len(path) + len(leaves) - 1 <= MOST_DECISIONS:
            yield leaves
        else:
            for step, below in _ways(tree, child):
                yield from grouped(below, (*path, step))

    return grouped(0 if tree.split_feature else ~0, ())


def _leaves(tree: Tree, child: int, path: tuple[PathStep, ...]) -> Iterator[Leaf]:
    if child < 0:
        yield Leaf(~child, path)
    else:
        for step, below in _ways(tree, child):
            yield from _leaves(tree, below, (*path, step))


def _ways(tree: Tree, decision: int) -> Iterator[tuple[PathStep, int]]:
    """Give both ways on from a decision."""
    for is_right, below in enumerate((tree.left_child[decision], tree.right_child[decision])):
        yield PathStep(decision, bool(is_right), tree.rows(below) / tree.internal_count[decision]), below
