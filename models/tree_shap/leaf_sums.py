"""What the trees of several models say of rows: the sum of the leaves that a row comes to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from models.arrays import Floats
from models.tree_shap.layout import TreeArrays, tree_arrays
from models.tree_shap.model_text import trees_of

FEW_ROWS = 64
"""Rows up to which one call of compiled code for all models is quicker than a call of LightGBM for each."""


@dataclass(frozen=True)
class LeafSums:
    """Models in LightGBM's text format, read for few rows: one call for all models, where LightGBM needs one each.

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

    def of_rows(self, matrix: Floats) -> Floats:
        """Return what each model says of each row, shape (models, rows): the bits of ``predict(raw_score=True)``.

        Parameters
        ----------
        matrix : array of shape (rows, columns)
            As the trees read it: numbers, codes of categories, NaN for missing.
        """
        from models.tree_shap.kernel import add_leaves  # brings numba, which takes a second

        result = np.zeros((len(self.arrays.model_start) - 1, len(matrix)))
        add_leaves(np.ascontiguousarray(matrix, dtype=np.float64), result, self.arrays)
        return result
