"""The compiled part of SHAP values. It is imported at the first call, since numba takes a second to come.

What calls each other stays in this module: numba's cache on disk does not notice changes in functions of others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

from models.arrays import Bools, Floats, Ints
from models.tree_shap.layout import (
    CATEGORY,
    LEFT_WHEN_MISSING,
    MOST_DECISIONS,
    RIGHT_WHEN_MISSING,
    TABLE_COLUMNS,
    ZERO_IS_MISSING,
)
from models.tree_shap.layout import GroupArrays as Groups
from models.tree_shap.layout import TreeArrays as Trees

Function = TypeVar("Function", bound=Callable[..., object])

_ZERO = float(np.float32(1e-35))
"""What LightGBM takes for zero."""
_LARGEST_CODE = 2.0**31


class _Scratch(NamedTuple):
    """Room for one group: sides of its decisions, values of one leaf, its table."""

    right: Bools
    stays: Bools
    factor: Floats
    before: Floats
    single: Floats
    pattern: NDArray[np.int32]
    line_of: NDArray[np.int32]
    patterns: NDArray[np.int32]
    table: Floats


def _compiled(function: Function) -> Function:
    """Compile at the first call and keep the result on disk, where there is a place to write."""
    try:
        compiled: Function = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # numba found no folder that it may write to
        compiled = numba.njit(nogil=True)(function)
    return compiled


def _inlined(function: Function) -> Function:
    """Compile into what calls it: as a call, its many arrays would be counted in and out each time."""
    compiled: Function = numba.njit(inline="always")(function)
    return compiled


@_inlined
def _goes_right(x: float, decision: int, groups: Groups | Trees) -> bool:
    """Say which way a value goes, as LightGBM has it; ``x`` is 0 where LightGBM takes it for zero."""
    kind = groups.kind[decision]
    if kind == CATEGORY:
        if not (x > -1.0 and x < _LARGEST_CODE):  # NaN as well
            return True
        code, category_set = np.int64(x), groups.category_set[decision]
        word = groups.words_start[category_set] + code // 32
        if word >= groups.words_start[category_set + 1]:
            return True
        return bool((groups.words[word] >> np.uint32(code % 32)) & np.uint32(1) == 0)
    if kind == ZERO_IS_MISSING and (x == 0.0 or np.isnan(x)):
        return bool(groups.default_right[decision])
    if kind == RIGHT_WHEN_MISSING:
        return not (x <= groups.limit[decision])
    return bool(x > groups.limit[decision])


@_inlined
def _set_patterns(by_column: Floats, first: int, last: int, groups: Groups | Trees, pattern: NDArray[np.int32]) -> None:
    """Write each row's sides at the decisions of a group, a bit a decision."""
    pattern[:] = 0
    for decision in range(first, last):
        x, limit = by_column[groups.feature[decision]], groups.limit[decision]
        kind, bit = groups.kind[decision], np.int32(1 << (decision - first))
        if kind == LEFT_WHEN_MISSING:
            for r in range(pattern.size):
                pattern[r] |= bit * (x[r] > limit)
        elif kind == RIGHT_WHEN_MISSING:
            for r in range(pattern.size):
                pattern[r] |= bit * (not (x[r] <= limit))
        else:
            for r in range(pattern.size):
                pattern[r] |= bit * _goes_right(x[r], decision, groups)


@_inlined
def _work_out_leaf(leaf: int, groups: Groups, scratch: _Scratch, values: Floats) -> None:
    """Write a leaf's Shapley values, one a column on its way."""
    first, columns = groups.part_start[leaf], groups.part_start[leaf + 1] - groups.part_start[leaf]
    stays, factor, before = scratch.stays, scratch.factor, scratch.before
    points = (columns + 1) // 2
    values[:columns] = 0.0
    for point in range(points):
        t = groups.points[points, point]
        product = groups.value[leaf] * groups.weights[points, point]
        for i in range(columns):
            factor[i] = groups.share[first + i] * (1.0 - t)
            if stays[i]:
                factor[i] += t
            before[i] = product
            product *= factor[i]
        after = 1.0
        for i in range(columns - 1, -1, -1):
            values[i] += before[i] * after
            after *= factor[i]
    for i in range(columns):
        values[i] *= 1.0 - groups.share[first + i] if stays[i] else -groups.share[first + i]


@_inlined
def _work_out_line(group: int, groups: Groups, scratch: _Scratch, line: Floats) -> None:
    """Write the Shapley values of a group, one a column, for the sides in ``scratch.right``."""
    line[:] = 0.0
    # by names of their own: an array that is read out of a tuple is counted in and out each time
    stays, right, single = scratch.stays, scratch.right, scratch.single
    path, path_start, part, part_start = groups.path, groups.path_start, groups.part, groups.part_start
    table, table_start = groups.table, groups.table_start
    for leaf in range(groups.leaf_start[group], groups.leaf_start[group + 1]):
        first, columns, at = part_start[leaf], part_start[leaf + 1] - part_start[leaf], table_start[leaf]
        if at >= 0:
            leaving = 0
            for step in range(path_start[leaf], path_start[leaf + 1]):
                leaving |= int(right[path[step, 0]] != (path[step, 1] == 1)) << path[step, 2]
            at += ((1 << columns) - 1 - leaving) * columns
            for i in range(columns):
                line[part[first + i]] += table[at + i]
        else:
            stays[:columns] = True
            for step in range(path_start[leaf], path_start[leaf + 1]):
                if right[path[step, 0]] != (path[step, 1] == 1):
                    stays[path[step, 2]] = False
            _work_out_leaf(leaf, groups, scratch, single)
            for i in range(columns):
                line[part[first + i]] += single[i]


@_inlined
def _add_by_pattern(group: int, by_column: Floats, groups: Groups, scratch: _Scratch, total: Floats) -> None:
    """Add a group's values: a line of a table for each pattern that is met, then look-ups."""
    first, last = groups.bit_start[group], groups.bit_start[group + 1]
    columns = groups.column[groups.column_start[group] : groups.column_start[group + 1]]
    rows, k, lines = by_column.shape[1], columns.size, 0
    pattern, line_of, patterns, table = scratch.pattern, scratch.line_of, scratch.patterns, scratch.table
    _set_patterns(by_column, first, last, groups, pattern)
    for r in range(rows):
        if line_of[pattern[r]] < 0:
            for bit in range(last - first):
                scratch.right[bit] = (pattern[r] >> bit) & 1
            _work_out_line(group, groups, scratch, table[lines * k : (lines + 1) * k])
            line_of[pattern[r]], patterns[lines] = lines, pattern[r]
            lines += 1
        pattern[r] = line_of[pattern[r]] * k
    for q in range(k):
        column = total[columns[q]]
        for r in range(rows):
            column[r] += table[pattern[r] + q]
    for number in range(lines):
        line_of[patterns[number]] = -1


@_inlined
def _add_by_row(group: int, by_column: Floats, groups: Groups, scratch: _Scratch, total: Floats) -> None:
    """Add the values of a group of one leaf on a long way, row by row."""
    leaf, first = groups.leaf_start[group], groups.bit_start[group]
    columns = groups.column[groups.column_start[group] : groups.column_start[group + 1]]
    for r in range(by_column.shape[1]):
        scratch.stays[: columns.size] = True
        for step in range(groups.path_start[leaf], groups.path_start[leaf + 1]):
            decision = first + groups.path[step, 0]
            is_right = _goes_right(by_column[groups.feature[decision], r], decision, groups)
            if is_right != (groups.path[step, 1] == 1):
                scratch.stays[groups.path[step, 2]] = False
        _work_out_leaf(leaf, groups, scratch, scratch.single)
        for i in range(columns.size):
            total[columns[i], r] += scratch.single[i]


@_inlined
def _room(rows: int, bits: int, columns: int) -> _Scratch:
    return _Scratch(
        np.empty(bits, np.bool_), np.empty(columns, np.bool_),
        np.empty(columns), np.empty(columns), np.empty(columns),
        np.empty(rows, np.int32), np.full(1 << MOST_DECISIONS, -1, np.int32),
        np.empty(rows, np.int32), np.empty(rows * columns),
    )  # fmt: skip


@_compiled
def work_out_leaves(groups: Groups) -> None:
    """Fill ``groups.table`` where ``groups.table_start`` gives a leaf room."""
    scratch = _room(0, 0, TABLE_COLUMNS)
    for leaf in range(groups.value.size):
        at, columns = groups.table_start[leaf], groups.part_start[leaf + 1] - groups.part_start[leaf]
        if at >= 0:
            for staying in range(1 << columns):
                for i in range(columns):
                    scratch.stays[i] = (staying >> i) & 1
                _work_out_leaf(
                    leaf, groups, scratch, groups.table[at + staying * columns : at + (staying + 1) * columns]
                )


@_compiled
def add_contributions(rows: Floats, result: Floats, used: Ints, groups: Groups) -> None:
    """Add the SHAP values of rows to a result of the same shape.

    Parameters
    ----------
    rows, result : array of shape (rows, columns)
        A block of rows, some thousands at most.
    used : array
        The columns that the trees read.
    groups : GroupArrays
        The groups of leaves; those with more decisions than ``MOST_DECISIONS`` are single leaves.
    """
    by_column, total = np.empty((used.size, rows.shape[0])), np.zeros((used.size, rows.shape[0]))
    for r in range(rows.shape[0]):
        for c in range(used.size):
            x = rows[r, used[c]]
            by_column[c, r] = 0.0 if abs(x) <= _ZERO else x
    most_bits, most_columns = 1, 1
    for group in range(groups.bit_start.size - 1):
        most_bits = max(most_bits, groups.bit_start[group + 1] - groups.bit_start[group])
        most_columns = max(most_columns, groups.column_start[group + 1] - groups.column_start[group])
    scratch = _room(rows.shape[0], most_bits, most_columns)
    for group in range(groups.bit_start.size - 1):
        if groups.bit_start[group + 1] - groups.bit_start[group] <= MOST_DECISIONS:
            _add_by_pattern(group, by_column, groups, scratch, total)
        else:
            _add_by_row(group, by_column, groups, scratch, total)
    for r in range(rows.shape[0]):
        for c in range(used.size):
            result[r, used[c]] += total[c, r]


@_inlined
def _add_tree_by_row(tree: int, rows: Floats, trees: Trees, total: Floats) -> None:
    """Add the leaf of a tree that each row comes to, decision by decision."""
    for r in range(rows.shape[0]):
        node = trees.root[tree]
        while node >= 0:
            x = rows[r, trees.feature[node]]
            right = _goes_right(0.0 if abs(x) <= _ZERO else x, node, trees)
            node = trees.right[node] if right else trees.left[node]
        total[r] += trees.value[~node]


@_inlined
def _add_tree_by_pattern(
    tree: int, by_column: Floats, trees: Trees, pattern: NDArray[np.int32], leaf_of: NDArray[np.int32], total: Floats
) -> None:
    """Add the same from all decisions of a tree at once: rows that decide alike come to one leaf."""
    first, last = trees.decision_start[tree], trees.decision_start[tree + 1]
    _set_patterns(by_column, first, last, trees, pattern)
    leaf_of[: 1 << (last - first)] = -1
    for r in range(pattern.size):
        sides = pattern[r]
        if leaf_of[sides] < 0:
            node = trees.root[tree]
            while node >= 0:
                node = trees.right[node] if (sides >> (node - first)) & 1 else trees.left[node]
            leaf_of[sides] = ~node
        total[r] += trees.value[leaf_of[sides]]


@_compiled
def add_leaves(rows: Floats, result: Floats, trees: Trees) -> None:
    """Add the leaves that rows come to: tree by tree, as LightGBM does, so that the sums are the same bits.

    Parameters
    ----------
    rows : array of shape (rows, columns)
    result : array of shape (models, rows)
    trees : TreeArrays
    """
    for model in range(trees.model_start.size - 1):
        for tree in range(trees.model_start[model], trees.model_start[model + 1]):
            _add_tree_by_row(tree, rows, trees, result[model])


@_compiled
def add_leaves_of_many(rows: Floats, result: Floats, trees: Trees) -> None:
    """Add the same of a block of rows, some thousands at most, in a fraction of the time a row."""
    by_column = np.empty((rows.shape[1], rows.shape[0]))
    for r in range(rows.shape[0]):
        for c in trees.used:
            x = rows[r, c]
            by_column[c, r] = 0.0 if abs(x) <= _ZERO else x
    pattern, leaf_of = np.empty(rows.shape[0], np.int32), np.empty(1 << MOST_DECISIONS, np.int32)
    for model in range(trees.model_start.size - 1):
        for tree in range(trees.model_start[model], trees.model_start[model + 1]):
            if trees.decision_start[tree + 1] - trees.decision_start[tree] <= MOST_DECISIONS:
                _add_tree_by_pattern(tree, by_column, trees, pattern, leaf_of, result[model])
            else:
                _add_tree_by_row(tree, rows, trees, result[model])
