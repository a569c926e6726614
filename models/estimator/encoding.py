"""From feature columns to numbers: which columns say anything, and the code of each category."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.catalog.feature import Feature
from features.errors import InputError
from models.arrays import Floats
from models.feature_rows import FeatureRows, Objects


@dataclass(frozen=True)
class Vocabulary:
    """The categories of one column that training told apart, most frequent first.

    Values that too few leads had are not stored, so no saved model holds a value that names somebody. They share
    one code, ``rare``, with values never seen; where training had no rare value, a value never seen counts as missing.
    """

    column: str
    known: tuple[str, ...]
    rare: bool

    @property
    def size(self) -> int:
        """Number of codes."""
        return len(self.known) + self.rare

    def codes(self, values: Objects) -> Floats:
        """Return the code of each value, 0 to ``size - 1``; missing is NaN."""
        other = float(len(self.known)) if self.rare else np.nan
        codes = (np.nan if value is None else self._positions.get(str(value), other) for value in values)
        return np.fromiter(codes, dtype=np.float64, count=len(values))

    @cached_property
    def _positions(self) -> dict[str, float]:
        return {value: float(code) for code, value in enumerate(self.known)}


@dataclass(frozen=True)
class Encoding:
    """The columns a model reads, in order: numbers and yes/no as they are, then categories by their codes."""

    numbers: tuple[str, ...]
    vocabularies: tuple[Vocabulary, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of ``matrix``."""
        return self.numbers + tuple(vocabulary.column for vocabulary in self.vocabularies)

    def matrix(self, X: pd.DataFrame | FeatureRows) -> Floats:
        """Return float64 of shape (rows, ``len(columns)``); missing and infinite values are NaN.

        Raises
        ------
        InputError
            If a column the model reads is not there, or holds text where numbers are expected.
        """
        rows = FeatureRows.of(X)
        require_columns(rows, self.columns)
        result = np.empty((len(rows), len(self.columns)), dtype=np.float64)
        result[:, : len(self.numbers)] = number_matrix(rows, self.numbers)
        for position, vocabulary in enumerate(self.vocabularies, start=len(self.numbers)):
            result[:, position] = rows.mapped(vocabulary.column, vocabulary.codes)
        return result

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        listed = [{"column": v.column, "known": list(v.known), "rare": v.rare} for v in self.vocabularies]
        return {"numbers": list(self.numbers), "vocabularies": listed}

    @classmethod
    def from_json(cls, tree: dict[str, Any]) -> Encoding:
        """Rebuild an encoding."""
        listed = (Vocabulary(v["column"], tuple(v["known"]), v["rare"]) for v in tree["vocabularies"])
        return cls(tuple(tree["numbers"]), tuple(listed))


def require_columns(X: pd.DataFrame | FeatureRows, columns: Sequence[str]) -> None:
    """Raise an InputError naming the first column that is not there."""
    rows = FeatureRows.of(X)
    if rows.has(columns):
        return
    present = set(rows.names)
    for column in columns:
        if column not in present:
            raise InputError(
                expected=f"a feature column {column}",
                found=f"{len(present)} other columns",
                table="features",
                column=column,
                hint="Compute the features with the definitions the model was trained with",
            )


def number_matrix(X: pd.DataFrame | FeatureRows, columns: Sequence[str]) -> Floats:
    """Return number and yes/no columns as float64; missing and infinite values are NaN."""
    rows = FeatureRows.of(X)
    try:
        values = rows.matrix(columns)
    except (TypeError, ValueError):
        raise _not_numbers(rows, columns) from None
    values[np.isinf(values)] = np.nan
    return values.T


def fit_encoding(
    X: pd.DataFrame, lead_ids: NDArray[Any], *, features: Sequence[Feature], min_leads: int, max_categories: int
) -> Encoding:
    """Keep the columns that vary and list the categories that enough leads have.

    Parameters
    ----------
    X : DataFrame
        Training rows; a column for each feature.
    lead_ids : array of length n
        The lead of each row.
    features : sequence of Feature
        Says which columns there are and which are categories.
    min_leads : int
        A category that fewer leads have is rare.
    max_categories : int
        At most so many categories of a column are told apart.
    """
    require_columns(X, [feature.name for feature in features])
    numbers = [feature.name for feature in features if feature.dtype != "category"]
    rows = FeatureRows.of(X)
    values = number_matrix(rows, numbers)
    varying_numbers = tuple(name for name, column in zip(numbers, values.T, strict=True) if _varies(column))
    vocabularies = []
    for feature in features:
        if feature.dtype == "category":
            vocabulary = _vocabulary(X[feature.name], lead_ids, min_leads, max_categories)
            if _varies(rows.mapped(feature.name, vocabulary.codes)):
                vocabularies.append(vocabulary)
    return Encoding(varying_numbers, tuple(vocabularies))


def _vocabulary(values: pd.Series, lead_ids: NDArray[Any], min_leads: int, max_categories: int) -> Vocabulary:
    place, distinct = pd.factorize(values.astype("str"), sort=True)
    lead, ids = pd.factorize(lead_ids)
    pairs = np.unique((place * len(ids) + lead)[place >= 0]) // max(len(ids), 1)
    leads = pd.Series(np.bincount(pairs, minlength=len(distinct)), index=distinct)
    frequent = leads[leads >= min_leads].sort_values(ascending=False, kind="stable").head(max_categories)
    return Vocabulary(str(values.name), tuple(map(str, frequent.index)), rare=len(frequent) < len(leads))


def _varies(column: Floats) -> bool:
    present = column[~np.isnan(column)]
    if not len(present):
        return False
    return len(present) < len(column) or bool((present != present[0]).any())


def _not_numbers(rows: FeatureRows, columns: Sequence[str]) -> InputError:
    """Return what is wrong with the first column that is no numbers."""
    for column in columns:
        values = pd.Series(rows.objects(column), dtype=object)
        bad = values[pd.to_numeric(values, errors="coerce").isna() & values.notna()]
        if len(bad):
            break
    found = repr(bad.iloc[0]) if len(bad) else "other types"
    return InputError(expected="a number or nothing", found=found, table="features", column=column)
