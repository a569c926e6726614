"""A tree of values as JSON holds it: numbers of Python's own, and null for what is no number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


def json_values(tree: object, *, digits: int | None = None) -> Any:
    """Return a tree of JSON values.

    Parameters
    ----------
    tree : object
        Mappings, lists, tuples, dataclasses (an interval is ``{value, low, high}``) and values, numpy's too. NaN and
        infinity become None, keys become text; what JSON does not know is left as it is.
    digits : int, optional
        Floats are rounded to so many places, and -0.0 becomes 0.0.

    Examples
    --------
    >>> json_values({"share": np.float64(0.25), "low": float("nan"), 3: (np.int64(1), "a")})
    {'share': 0.25, 'low': None, '3': [1, 'a']}
    """
    if isinstance(tree, Mapping):
        return {str(key): json_values(value, digits=digits) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [json_values(value, digits=digits) for value in tree]
    if is_dataclass(tree) and not isinstance(tree, type):
        return {field.name: json_values(getattr(tree, field.name), digits=digits) for field in fields(tree)}
    if isinstance(tree, float):
        if not math.isfinite(tree):
            return None
        # rounded before it becomes Python's own: numpy and Python round the last digit differently
        tree = tree if digits is None else round(tree, digits) + 0.0
    if isinstance(tree, np.generic):
        value = tree.item()
        return None if isinstance(value, float) and not math.isfinite(value) else value
    return tree
