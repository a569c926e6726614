"""Tables, labels and weights as callers of scikit-learn give them, or one message that says what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_array, column_or_1d

from features.errors import InputError
from models.arrays import Floats


def framed(X: Any, *, fitting: bool) -> pd.DataFrame:
    """Return a table as a frame: a frame as it is, Polars and Arrow with their names, others as scikit-learn has them.

    Parameters
    ----------
    X : table
    fitting : bool
        Then a row and a column are wanted at least.

    Raises
    ------
    ValueError or TypeError
        In scikit-learn's words, if it is no table of two dimensions, or sparse, or complex; or empty where one is
        fitted.
    """
    if isinstance(X, pd.DataFrame):
        table = X
    elif hasattr(X, "to_pandas"):
        table = X.to_pandas()
    else:
        table = pd.DataFrame(check_array(X, dtype=None, ensure_all_finite=False, ensure_min_samples=0,
                                         ensure_min_features=0))  # fmt: skip
    if any(isinstance(dtype, pd.SparseDtype) for dtype in table.dtypes):
        raise InputError(expected="a dense table", found="sparse columns", hint="X.sparse.to_dense() makes it one")
    if fitting:
        for size, what in zip(table.shape, ("sample", "feature"), strict=True):
            if not size:
                raise InputError(
                    expected="at least one row and one column",
                    found=f"0 {what}(s) (shape={table.shape}) while a minimum of 1 is required.",
                )
    return table


def coded_outcomes(y: ArrayLike | None, count: int) -> tuple[NDArray[Any], Floats]:
    """Return the two labels, the one that is forecast last, and each row's as 0 or 1.

    Of 0 and 1 one may be missing; of other labels there must be two.

    Raises
    ------
    InputError
        If one is missing, there are too many, or no row has the outcome.
    ValueError
        In scikit-learn's words, if it is no column, or holds measurements instead of labels.
    """
    if y is None:
        raise InputError(expected="outcomes", found="None: requires y to be passed, but the target y is None")
    labels = pd.Series(column_or_1d(y, dtype=None, warn=True)) if not isinstance(y, pd.Series) else y
    if len(labels) != count:
        raise InputError(expected=f"{count} outcomes", found=f"{len(labels)}: inconsistent numbers of samples")
    if labels.isna().any():
        raise InputError(expected="an outcome in each row", found=f"{int(labels.isna().sum())} missing")
    values = np.asarray(labels.tolist() if labels.dtype != object else labels)
    if values.dtype.kind == "f":
        assert_all_finite(values, input_name="y")
    check_classification_targets(values)
    classes: NDArray[Any] = np.unique(values)
    if classes.dtype.kind in "iufb" and np.isin(classes, (0, 1)).all():
        classes = np.array([0, 1], dtype=classes.dtype)
    if len(classes) != 2:
        kind = type_of_target(values)
        raise InputError(
            expected="two labels",
            found=f"{len(classes)}: {classes[:5].tolist()}. Only binary classification is supported. The type of the "
            f"target is {kind}",
        )  # fmt: skip
    outcome = (values == classes[1]).astype(np.float64)
    if not outcome.any():
        said = f"{count} sample{'s' if count > 1 else ''} of one class: {classes[0]}"
        raise InputError(expected=f"rows with the outcome ({classes[1]})", found=said)
    return classes, outcome


def row_weights(sample_weight: ArrayLike | None, count: int) -> Floats | None:
    """Return how much each row counts; None where all count the same.

    Raises
    ------
    InputError
        If there are too few, or one is missing or below 0, or all are 0.
    """
    if sample_weight is None:
        return None
    weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.shape not in ((count,), ()):
        raise InputError(expected=f"{count} weights", found=f"shape {weights.shape}", column="sample_weight")
    weights = np.broadcast_to(weights, count)
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise InputError(expected="weights of 0 or more", found="another", column="sample_weight")
    if not weights.any():
        raise InputError(expected="a weight above zero", found="none", column="sample_weight")
    return None if (weights == weights[0]).all() else np.array(weights)
