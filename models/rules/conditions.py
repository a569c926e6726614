"""Conditions on feature columns: what exclusions, gates and points for attributes are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from features.errors import InputError
from features.source_spec import Condition, Exclusion

if TYPE_CHECKING:
    from features.catalog.feature import Feature


def holds(X: pd.DataFrame, condition: Condition) -> pd.Series:
    """Return for each row whether a condition holds.

    Parameters
    ----------
    X : DataFrame
        Feature rows.
    condition : Condition
        All the parts that are given must hold. A missing value meets only ``missing: true``.

    Returns
    -------
    Series of bool
        With the index of ``X``.

    Raises
    ------
    InputError
        If ``X`` has no such column.

    Examples
    --------
    >>> X = pd.DataFrame({"fit_employees": [20.0, 200.0, None]})
    >>> holds(X, Condition(column="fit_employees", at_least=50)).tolist()
    [False, True, False]
    """
    if condition.column not in X:
        raise _unknown_column(condition.column, X.columns, where="rules")
    values = X[condition.column]
    known = values.notna()
    result = pd.Series(True, index=X.index)
    if condition.missing is not None:
        result &= ~known if condition.missing else known
    if condition.in_ is not None:
        result &= known & _is_among(values, condition.in_)
    if condition.at_least is not None:
        result &= known & (values >= condition.at_least).fillna(False)
    if condition.below is not None:
        result &= known & (values < condition.below).fillna(False)
    return result.astype(bool)


def all_hold(X: pd.DataFrame, conditions: Sequence[Condition]) -> pd.Series:
    """Return for each row whether every condition holds; no condition at all holds always."""
    result = pd.Series(True, index=X.index)
    for condition in conditions:
        result &= holds(X, condition)
    return result


def excluded_by(X: pd.DataFrame, exclusions: Sequence[Exclusion]) -> pd.Series:
    """Return for each row the name of the first exclusion that applies, None where none does.

    Examples
    --------
    >>> students = Exclusion(name="students", when=(Condition(column="kind", in_=("university",)),))
    >>> excluded_by(pd.DataFrame({"kind": ["university", "company"]}), [students]).tolist()
    ['students', None]
    """
    names = np.full(len(X), None, dtype=object)
    for exclusion in reversed(exclusions):
        names[all_hold(X, exclusion.when).to_numpy()] = exclusion.name
    return pd.Series(names, index=X.index, dtype=object)


def check_condition(condition: Condition, features: Mapping[str, Feature], *, where: str) -> None:
    """Raise an InputError naming ``where`` if the condition cannot be tested on these features.

    Parameters
    ----------
    condition : Condition
        The test.
    features : mapping of str to Feature
        By name.
    where : str
        The rule as its author would find it, such as ``attributes[2]``.
    """
    feature = features.get(condition.column)
    if feature is None:
        raise _unknown_column(condition.column, list(features), where=where)
    is_category = feature.dtype == "category"
    if is_category and (condition.at_least is not None or condition.below is not None):
        raise InputError(
            expected=f"a number column for at_least and below in {where}",
            found=f"{condition.column}, which is a category",
            table="rules.yaml",
            hint="Use in: [VALUE, …].",
        )
    for value in condition.in_ or ():
        if not is_category and isinstance(value, str):
            raise InputError(
                expected=f"numbers or yes/no values for {condition.column} in {where}",
                found=repr(value),
                table="rules.yaml",
            )


def _is_among(values: pd.Series, allowed: tuple[str | bool | float, ...]) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return values.isin([float(value) for value in allowed if not isinstance(value, str)])
    return values.isin([_as_text(value) for value in allowed])


def _as_text(value: str | bool | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else f"{value:g}"


def _unknown_column(column: str, columns: Sequence[str] | pd.Index, *, where: str) -> InputError:
    close = get_close_matches(column, [str(name) for name in columns], n=3)
    hint = f"Did you mean {' or '.join(close)}?" if close else None
    return InputError(expected=f"a feature column in {where}", found=f"{column!r}", table="rules.yaml", hint=hint)
