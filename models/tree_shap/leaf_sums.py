"""What the trees of several models say of rows: the sum of the leaves that a row comes to."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from models.arrays import Floats
from models.tree_shap.layout import TreeArrays, tree_arrays
from models.tree_shap.model_text import trees_of

FEW_ROWS = 64
"""Rows up to which each row walks each tree; of more, all decisions of a tree are taken for all rows at once."""
BLOCK_ROWS = 1_024
"""Rows that are worked on together: their columns stay in the processor's cache."""


@dataclass(frozen=True)
class LeafSums:
    """Models in LightGBM's text format: one call for all of them, and a fifth of LightGBM's time for many rows.

    Attributes
    ----------
    arrays : TreeArrays
    """

    arrays: TreeArrays

    @classmethod
    def of_texts(cls, texts: Iterable[str]) -> LeafSums:
        """Read models.

        Raises
        ------
        InputError
            If leaves hold linear models.
        """
        return cls(tree_arrays([trees_of(text) for text in texts]))

    def of_rows(self, matrix: Floats, *, threads: int = 1) -> Floats:
        """Return what each model says of each row, shape (models, rows): the bits of ``predict(raw_score=True)``.

        Parameters
        ----------
        matrix : array of shape (rows, columns)
            As the trees read it: numbers, codes of categories, NaN for missing.
        threads : int
            For more rows than a block holds.
        """
        from models.tree_shap.kernel import add_leaves, add_leaves_of_many  # brings numba, which takes a second

        rows, models = np.ascontiguousarray(matrix, dtype=np.float64), len(self.arrays.model_start) - 1
        result = np.zeros((models, len(rows)))
        if len(rows) <= FEW_ROWS:
            add_leaves(rows, result, self.arrays)
            return result

        def add(start: int) -> None:
            block = rows[start : start + BLOCK_ROWS]
            sums = np.zeros((models, len(block)))
            add_leaves_of_many(block, sums, self.arrays)
            result[:, start : start + BLOCK_ROWS] = sums

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(add, range(0, len(rows), BLOCK_ROWS)))
        return result
