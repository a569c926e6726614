"""Conditions on feature columns: what exclusions, gates and points for attributes are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from features.errors import InputError
from features.source_spec import Condition, Exclusion
from models.arrays import Bools
from models.feature_rows import FeatureRows

if TYPE_CHECKING:
    import pandas as pd

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
    >>> import pandas as pd
    >>> X = pd.DataFrame({"fit_employees": [20.0, 200.0, None]})
    >>> holds(X, Condition(column="fit_employees", at_least=50)).tolist()
    [False, True, False]
    """
    import pandas as pd

    return pd.Series(is_met(FeatureRows.of(X), condition), index=X.index)


def is_met(rows: FeatureRows, condition: Condition) -> Bools:
    """Return the same of rows that are read by column."""
    if condition.column not in rows:
        raise _unknown_column(condition.column, list(rows.names), where="rules")
    result = np.ones(len(rows), dtype=bool)
    if condition.missing is not None:
        result &= rows.known(condition.column) != condition.missing
    if condition.in_ is not None:
        result &= _is_among(rows, condition.column, condition.in_)
    if condition.at_least is not None:
        result &= rows.numbers(condition.column) >= condition.at_least
    if condition.below is not None:
        result &= rows.numbers(condition.column) < condition.below
    return result


def all_hold(X: pd.DataFrame, conditions: Sequence[Condition]) -> pd.Series:
    """Return for each row whether every condition holds; no condition at all holds always."""
    import pandas as pd

    return pd.Series(are_all_met(FeatureRows.of(X), conditions), index=X.index)


def are_all_met(rows: FeatureRows, conditions: Sequence[Condition]) -> Bools:
    """Return the same of rows that are read by column."""
    result = np.ones(len(rows), dtype=bool)
    for condition in conditions:
        result &= is_met(rows, condition)
    return result


def excluded_by(X: pd.DataFrame, exclusions: Sequence[Exclusion]) -> pd.Series:
    """Return for each row the name of the first exclusion that applies, None where none does.

    Examples
    --------
    >>> import pandas as pd
    >>> students = Exclusion(name="students", when=(Condition(column="kind", in_=("university",)),))
    >>> excluded_by(pd.DataFrame({"kind": ["university", "company"]}), [students]).tolist()
    ['students', None]
    """
    import pandas as pd

    names, rows = np.full(len(X), None, dtype=object), FeatureRows.of(X)
    for exclusion in reversed(exclusions):
        names[are_all_met(rows, exclusion.when)] = exclusion.name
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


def _is_among(rows: FeatureRows, column: str, allowed: tuple[str | bool | float, ...]) -> Bools:
    numbers, texts = _allowed(tuple((type(value), value) for value in allowed))
    return rows.among(column, numbers if rows.holds_numbers(column) else texts)


@lru_cache(maxsize=1_024)
def _allowed(values: tuple[tuple[type, str | bool | float], ...]) -> tuple[tuple[float, ...], frozenset[str]]:
    """Return the values that a column of numbers may hold, and those of a column of texts."""
    numbers = tuple(float(value) for _, value in values if not isinstance(value, str))
    return numbers, frozenset(_as_text(value) for _, value in values)


def _as_text(value: str | bool | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else f"{value:g}"


def _unknown_column(column: str, columns: Sequence[str] | pd.Index, *, where: str) -> InputError:
    close = get_close_matches(column, [str(name) for name in columns], n=3)
    hint = f"Did you mean {' or '.join(close)}?" if close else None
    return InputError(expected=f"a feature column in {where}", found=f"{column!r}", table="rules.yaml", hint=hint)
