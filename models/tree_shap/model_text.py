"""The trees of a LightGBM model, read from its own text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from features.errors import InputError

_CATEGORICAL = 1


@dataclass(frozen=True)
class Tree:
    """One tree as LightGBM's text has it: a child of 0 or more is a decision, a negative one is the leaf ``~child``.

    Attributes
    ----------
    split_feature, threshold, decision_type, left_child, right_child, internal_count : list, one entry a decision
        ``decision_type`` holds bits: 1 is a category, 2 sends missing values to the left, 4 and 8 say what is missing
        (none: nothing is, and NaN reads as 0; 4: zero and NaN; 8: NaN). The threshold of a category is its number in
        ``category_sets``. Counts are rows of training.
    leaf_value, leaf_count : list, one entry a leaf
        In log-odds; a tree without decisions has one leaf.
    category_sets : tuple of tuple of int
        The codes that go to the left, as words of 32 bits.
    """

    split_feature: list[int]
    threshold: list[float]
    decision_type: list[int]
    left_child: list[int]
    right_child: list[int]
    internal_count: list[int]
    leaf_value: list[float]
    leaf_count: list[int]
    category_sets: tuple[tuple[int, ...], ...]

    def is_category(self, decision: int) -> bool:
        """Say whether a decision is about a category."""
        return bool(self.decision_type[decision] & _CATEGORICAL)

    def rows(self, child: int) -> int:
        """Return the rows of training that came to a decision, or to a leaf."""
        return self.internal_count[child] if child >= 0 else self.leaf_count[~child]


def trees_of(text: str) -> tuple[Tree, ...]:
    """Return the trees of a model in LightGBM's text format, in order.

    Raises
    ------
    InputError
        If leaves hold linear models, whose shares of a column are not defined here.
    """
    listed = text.split("\nend of trees", maxsplit=1)[0].split("\nTree=")[1:]
    return tuple(_tree(dict(line.split("=", 1) for line in part.splitlines()[1:] if "=" in line)) for part in listed)


def _tree(lines: Mapping[str, str]) -> Tree:
    if lines.get("is_linear", "0") != "0":
        raise InputError(
            expected="trees whose leaves hold numbers",
            found="a linear model in each leaf",
            hint="Train with linear_tree=false.",
        )
    edges, words = _whole(lines, "cat_boundaries"), _whole(lines, "cat_threshold")
    return Tree(
        split_feature=_whole(lines, "split_feature"),
        threshold=_numbers(lines, "threshold"),
        decision_type=_whole(lines, "decision_type"),
        left_child=_whole(lines, "left_child"),
        right_child=_whole(lines, "right_child"),
        internal_count=_whole(lines, "internal_count"),
        leaf_value=_numbers(lines, "leaf_value"),
        leaf_count=_whole(lines, "leaf_count"),
        category_sets=tuple(tuple(words[a:b]) for a, b in pairwise(edges)),
    )


def _whole(lines: Mapping[str, str], key: str) -> list[int]:
    return [int(word) for word in lines.get(key, "").split()]


def _numbers(lines: Mapping[str, str], key: str) -> list[float]:
    return [float(word) for word in lines.get(key, "").split()]
