"""A model in LightGBM's text format, checked before LightGBM reads it: its reader trusts what it is given.

A child that leads back, a size below zero or a set of categories that is not there makes LightGBM hang or end the
process. What is let through here is what LightGBM itself writes for boosted trees of one output, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from features.errors import InputError
from models.arrays import Ints

MOST_CHARACTERS = 512 * 2**20
MOST_TREES, MOST_LEAVES, MOST_DEPTH = 100_000, 131_072, 512
"""Of a model, of a tree (LightGBM's own bound), and decisions on the way to a leaf."""
LARGEST_VALUE = 1e6
"""Of a leaf, in log-odds: beyond, sums of trees lose what the others say."""

_HEADER = (
    ("version", "v4"),
    ("num_class", "1"),
    ("num_tree_per_iteration", "1"),
    ("label_index", "0"),
    ("max_feature_idx", r"\d{1,6}"),
    ("objective", r"cross_entropy|binary sigmoid:1|regression"),
    ("feature_names", r"[A-Za-z0-9_]+(?: [A-Za-z0-9_]+)*"),
    ("feature_infos", r"[0-9eE.+\-:\[\]a-z]+(?: [0-9eE.+\-:\[\]a-z]+)*"),
    ("tree_sizes", r"\d{1,9}(?: \d{1,9})*"),
)
_WHOLE, _NUMBER = r"-?\d{1,10}", r"(?:[-+.e0-9]{1,40}|-?inf)"
_OF_DECISIONS = {
    "split_feature": _WHOLE, "split_gain": _NUMBER, "threshold": _NUMBER, "decision_type": _WHOLE,
    "left_child": _WHOLE, "right_child": _WHOLE, "internal_value": _NUMBER, "internal_weight": _NUMBER,
    "internal_count": _WHOLE,
}  # fmt: skip
_OF_LEAVES = {"leaf_value": _NUMBER, "leaf_weight": _NUMBER, "leaf_count": _WHOLE}
_KEYS = (
    "num_leaves", "num_cat", "split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child",
    "leaf_value", "leaf_weight", "leaf_count", "internal_value", "internal_weight", "internal_count",
)  # fmt: skip
_OF_CATEGORIES, _LAST_KEYS = ("cat_boundaries", "cat_threshold"), ("is_linear", "shrinkage")
_INFINITE = ("threshold", "split_gain")
"""A split between what is there and what is missing has no threshold among the numbers."""
_LISTS = {kind: re.compile(rf"(?:{kind}(?: {kind})*)?") for kind in (_WHOLE, _NUMBER)}
_CATEGORY, _MISSING, _BITS = 1, 12, 15


def read_booster(text: str) -> Any:
    """Return a LightGBM booster of a text that has been checked; it forecasts as the whole text does.

    LightGBM is given the trees alone. What it writes after them (importances, the parameters of training) is needed by
    no forecast.

    Raises
    ------
    InputError
        If the text is not one that LightGBM wrote for a model of this project.
    """
    import lightgbm  # here, since importing the package need not take a second

    trees = checked_trees(text)
    try:
        return lightgbm.Booster(model_str=trees)
    except lightgbm.basic.LightGBMError as error:
        raise _refused("a text that LightGBM reads", str(error)[:200]) from None


def checked_trees(text: str) -> str:
    """Return a model's header and trees, once all that LightGBM relies on has been looked at.

    Raises
    ------
    InputError
        Naming the tree and the line that LightGBM would not have written so.
    """
    if len(text) > MOST_CHARACTERS:
        raise _refused(f"at most {MOST_CHARACTERS:,} characters", f"{len(text):,}")
    if not text.isascii():
        raise _refused("plain ASCII", "other letters")
    head, blank, body = text.partition("\n\n")
    header = _header(head) if blank else None
    if header is None:
        raise _refused("a header and trees", "something else")
    sizes = [int(word) for word in header["tree_sizes"].split(" ")]
    columns = int(header["max_feature_idx"]) + 1
    for key in ("feature_names", "feature_infos"):
        _require(header[key].count(" ") + 1 == columns, f"{columns} {key}", f"{header[key].count(' ') + 1}")
    _require(len(sizes) <= MOST_TREES, f"at most {MOST_TREES:,} trees", f"{len(sizes):,}")
    _check_all(list(_trees(body, sizes)), columns)
    end = sum(sizes)
    _require(body.startswith("end of trees\n", end), "the end of the trees where tree_sizes says", "something else")
    return f"{head}\n\n{body[:end]}end of trees\n"


def _refused(expected: str, found: str) -> InputError:
    return InputError(
        expected=f"a model as LightGBM writes it: {expected}",
        found=found,
        hint="The file was changed after training. Restore it or train again",
    )


def _require(holds: object, expected: str, found: str) -> None:
    if not holds:
        raise _refused(expected, found)


def _header(head: str) -> Mapping[str, str] | None:
    lines = head.split("\n")
    if len(lines) != len(_HEADER) + 1 or lines[0] != "tree":
        return None
    values = {}
    for line, (key, form) in zip(lines[1:], _HEADER, strict=True):
        name, equals, value = line.partition("=")
        if name != key or not equals or not re.fullmatch(form, value):
            raise _refused(f"{key} in its place in the header", repr(line[:80]))
        values[key] = value
    return values


@dataclass(frozen=True)
class _TreeText:
    """One tree's lines by key, and its number of leaves and sets of categories."""

    number: int
    leaves: int
    sets: int
    lines: Mapping[str, str]


def _trees(body: str, sizes: Sequence[int]) -> Iterator[_TreeText]:
    start = 0
    for number, size in enumerate(sizes):
        block = body[start : start + size]
        first = f"Tree={number}\n"
        _require(
            len(block) == size and block.startswith(first) and block.endswith("\n\n\n"),
            f"tree {number} in the {size} characters that tree_sizes says",
            repr(block[:40]),
        )
        yield _tree(number, block[len(first) : -3])
        start += size


def _tree(number: int, block: str) -> _TreeText:
    parts = [line.partition("=") for line in block.split("\n")]
    lines = {key: value for key, _, value in parts}
    sizes = [lines.get(key, "") for key in ("num_leaves", "num_cat")]
    _require(
        all(re.fullmatch(r"\d{1,6}", size) for size in sizes),
        f"num_leaves and num_cat of tree {number} as numbers from 0 on",
        repr(" ".join(sizes)[:40]),
    )
    leaves, sets = map(int, sizes)
    keys = (*_KEYS, *(_OF_CATEGORIES if sets else ()), *_LAST_KEYS)
    _require(tuple(key for key, _, _ in parts) == keys, f"the lines of tree {number} in their order", repr(block[:40]))
    _require(1 <= leaves <= MOST_LEAVES, f"1 to {MOST_LEAVES} leaves in tree {number}", f"{leaves}")
    _require(sets < leaves, f"at most a set of categories for each decision of tree {number}", f"{sets}")
    _require(lines["is_linear"] == "0", f"numbers in the leaves of tree {number}", "linear models")
    shrinkage = lines["shrinkage"]
    _require(re.fullmatch(r"[0-9.e-]{1,40}", shrinkage), f"a shrinkage of tree {number}", repr(shrinkage[:40]))
    return _TreeText(number, leaves, sets, lines)


def _check_all(trees: Sequence[_TreeText], columns: int) -> None:
    """Check the trees of a model together: an array holds what all of them say under one key."""
    leaves = np.array([tree.leaves for tree in trees], dtype=np.int64)
    values = _all_values(trees)
    owner = np.repeat(np.arange(len(trees)), leaves - 1)
    of_tree = _Named(owner)
    of_leaf = _Named(np.repeat(np.arange(len(trees)), leaves))
    of_leaf.require(np.abs(values["leaf_value"]) <= LARGEST_VALUE, "leaf_value", f"at most {LARGEST_VALUE:g}")
    of_leaf.require(values["leaf_count"] > 0, "leaf_count", "above 0")
    of_tree.require(values["internal_count"] > 0, "internal_count", "above 0")
    feature = values["split_feature"]
    of_tree.require((feature >= 0) & (feature < columns), "split_feature", f"0 to {columns - 1}")
    how = values["decision_type"]
    of_tree.require((how >= 0) & (how <= _BITS) & (how & _MISSING != _MISSING), "decision_type", "known bits")
    sets = np.array([tree.sets for tree in trees], dtype=np.int64)
    number, is_category = values["threshold"], (how & _CATEGORY) == _CATEGORY
    is_set = (number == np.floor(number)) & (number >= 0) & (number < sets[owner])
    of_tree.require(~is_category | is_set, "threshold", "the number of a set of categories")
    _check_children(values["left_child"], values["right_child"], owner, leaves, of_tree)
    _check_counts(values, owner, leaves, of_tree)
    for tree in trees:
        if tree.sets:
            _check_categories(tree)


def _all_values(trees: Sequence[_TreeText]) -> dict[str, Any]:
    leaves = [tree.leaves for tree in trees]
    told = [tree.leaves if tree.leaves > 1 or tree.lines["leaf_weight"] else 0 for tree in trees]  # a lone one may not
    counts = {"leaf_weight": told}
    of_leaves = {key: _values(trees, key, kind, counts.get(key, leaves)) for key, kind in _OF_LEAVES.items()}
    decisions = [tree.leaves - 1 for tree in trees]
    return of_leaves | {key: _values(trees, key, kind, decisions) for key, kind in _OF_DECISIONS.items()}


def _values(trees: Sequence[_TreeText], key: str, kind: str, counts: Sequence[int]) -> Any:
    """Return what all trees say under a key as one array: whole numbers, or finite ones."""
    lines = [tree.lines[key] for tree in trees]
    form = _LISTS[kind]
    for tree, line, count in zip(trees, lines, counts, strict=True):
        if (line.count(" ") + 1 if line else 0) != count or not form.fullmatch(line):
            raise _refused(f"{count} numbers in {key} of tree {tree.number}", repr(line[:60]))
    words = " ".join(line for line in lines if line).split()
    if kind == _WHOLE:
        return np.array(list(map(int, words)), dtype=np.int64)
    try:
        numbers = np.array(list(map(float, words)), dtype=np.float64)
    except ValueError as error:
        raise _refused(f"numbers in {key}", str(error)[:80]) from None
    _require(key in _INFINITE or np.isfinite(numbers).all(), f"finite numbers in {key}", "an infinite one")
    return numbers


@dataclass(frozen=True)
class _Named:
    """To which tree each entry of an array belongs."""

    owner: Ints

    def require(self, holds: Any, key: str, expected: str) -> None:
        """Raise an InputError that names the first tree in which an entry is not as it must be."""
        if not holds.all():
            raise _refused(f"{key} {expected}", f"another in tree {self.owner[np.flatnonzero(~holds)[0]]}")


def _check_counts(values: Mapping[str, Ints], owner: Ints, leaves: Ints, of_tree: _Named) -> None:
    """Require that the rows of training at a decision are those of its two sides."""
    first, first_leaf = (np.cumsum(sizes) - sizes for sizes in (leaves - 1, leaves))
    rows = np.zeros(len(owner), dtype=np.int64)
    for name in ("left_child", "right_child"):
        child = values[name]
        of_leaf = values["leaf_count"][np.where(child < 0, ~child + first_leaf[owner], 0)]
        rows += np.where(child < 0, of_leaf, values["internal_count"][np.maximum(child, 0) + first[owner]])
    of_tree.require(rows == values["internal_count"], "internal_count", "as both sides have together")


def _check_children(left: Ints, right: Ints, owner: Ints, leaves: Ints, of_tree: _Named) -> None:
    """Require one parent, which stands before it, of each decision but the first and of each leaf: the tree ends."""
    first = np.cumsum(leaves - 1) - (leaves - 1)
    first_leaf = np.cumsum(leaves) - leaves
    place = np.arange(len(owner)) - first[owner]
    parents_of_decisions, parents_of_leaves = np.zeros(len(owner), np.int64), np.zeros(int(leaves.sum()), np.int64)
    level_of = []
    for name, child in (("left_child", left), ("right_child", right)):
        is_decision, leaf = child >= 0, ~child
        later = (child > place) & (child < leaves[owner] - 1)
        of_tree.require(np.where(is_decision, later, leaf < leaves[owner]), name, "a later decision or a leaf")
        level_of.append(np.where(is_decision, child + first[owner], -1))
        parents_of_decisions += np.bincount(level_of[-1][is_decision], minlength=len(owner))
        parents_of_leaves += np.bincount((leaf + first_leaf[owner])[~is_decision], minlength=len(parents_of_leaves))
    of_tree.require(parents_of_decisions == (place > 0), "left_child and right_child", "one way to each decision")
    grown = np.repeat(leaves > 1, leaves)
    _require((parents_of_leaves == grown).all(), "one way to each leaf", "none, or several")
    _check_depth(np.flatnonzero(place == 0), level_of)


def _check_depth(level: Ints, children: Sequence[Ints]) -> None:
    for _ in range(MOST_DEPTH):
        below = np.concatenate([child[level] for child in children])
        level = below[below >= 0]
        if not len(level):
            return
    raise _refused(f"at most {MOST_DEPTH} decisions on the way to a leaf", "more")


def _check_categories(tree: _TreeText) -> None:
    edges, words = (tree.lines[key] for key in _OF_CATEGORIES)
    listed = all(_LISTS[_WHOLE].fullmatch(line) for line in (edges, words))
    _require(listed, f"sets of categories of tree {tree.number} as numbers", repr(edges[:40]))
    starts, bits = [int(word) for word in edges.split()], [int(word) for word in words.split()]
    rises = len(starts) == tree.sets + 1 and starts[0] == 0 and all(a < b for a, b in pairwise(starts))
    _require(rises and starts[-1] == len(bits), f"cat_boundaries of tree {tree.number} that fit", repr(edges[:40]))
    _require(all(0 <= word < 2**32 for word in bits), f"cat_threshold of tree {tree.number} in 32 bits", "others")
