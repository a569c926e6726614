"""Feature rows as arrays, column by column: what rules, encodings and reasons read, of one row as of many."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from features.families.rows import FeatureTable
from models.arrays import Bools, Floats, Ints

if TYPE_CHECKING:
    import pandas as pd

Objects = NDArray[np.object_]
Array = TypeVar("Array", Floats, Bools)
NO_TEXT: Objects = np.full(1, None, dtype=object)


class FeatureRows:
    """Feature rows, read by column. A column of a frame becomes an array when it is first read, once.

    Parameters
    ----------
    columns : mapping of str to array
        Numbers and yes/no as float64 with NaN, categories as objects with None; one entry a row.
    count : int
        Number of rows.
    """

    def __init__(self, columns: Mapping[str, Floats | Objects], count: int) -> None:
        self._columns: dict[str, Floats | Objects] = dict(columns)
        self._count = count
        self._frame: pd.DataFrame | None = None
        self._table: FeatureTable | None = None
        self._texts: dict[str, tuple[NDArray[np.int64], Objects]] = {}

    @classmethod
    def of(cls, X: pd.DataFrame | FeatureRows) -> FeatureRows:
        """Return the rows of a frame; rows that are read by column already are returned as they are."""
        if isinstance(X, FeatureRows):
            return X
        rows = cls({}, len(X))
        rows._frame = X
        return rows

    @classmethod
    def of_table(cls, table: FeatureTable) -> FeatureRows:
        """Return the rows of a table."""
        rows = cls(table.texts, table.numbers.shape[1])
        rows._table = table
        return rows

    def __len__(self) -> int:
        return self._count

    def __contains__(self, name: object) -> bool:
        return name in self.names

    @property
    def names(self) -> Collection[str]:
        """Names of the columns."""
        if self._table is not None:
            return self._table.place.keys()
        return self._columns.keys() if self._frame is None else self._frame.columns

    def has(self, columns: Sequence[str]) -> bool:
        """Return whether all of some columns are there."""
        if self._table is not None:
            return _places(self._table.names, tuple(columns)) is not None
        return set(self.names).issuperset(columns)

    def matrix(self, columns: Sequence[str]) -> Floats:
        """Return columns of numbers and yes/no as float64 of shape (columns, rows); missing is NaN.

        Raises
        ------
        KeyError, TypeError or ValueError
            If one of them is not there or holds text.
        """
        if self._table is not None and self._table.texts.keys().isdisjoint(columns):
            places = _places(self._table.names, tuple(columns))
            if places is not None:
                return self._table.numbers[places]
        values = [self.values(name) for name in columns]
        return np.array(values, dtype=np.float64).reshape(len(columns), len(self))

    def values(self, name: str) -> Floats | Objects:
        """Return a column: float64 where it holds numbers or yes/no, else objects; missing is NaN or None.

        Raises
        ------
        KeyError
            If there is no such column.
        """
        if name not in self._columns:
            if self._table is not None:
                numbers: Floats = self._table.numbers[self._table.place[name]]
                return numbers
            if self._frame is not None:
                self._columns[name] = _array(self._frame[name])
        return self._columns[name]

    def numbers(self, name: str) -> Floats:
        """Return a column as float64; missing is NaN.

        Raises
        ------
        TypeError or ValueError
            If it holds text.
        """
        return np.asarray(self.values(name), dtype=np.float64)

    def objects(self, name: str) -> Objects:
        """Return a column as Python's own values; missing is None."""
        if self._frame is not None:
            return _objects(self._frame[name])
        values = self.values(name).astype(object)
        if self.holds_numbers(name):
            values[~self.known(name)] = None
        return values

    def mapped(self, name: str, function: Callable[[Objects], Array]) -> Array:
        """Return what a function makes of each value of a column, None among them.

        Texts of a frame are few and stand in many rows, so that the function is asked of each once.
        """
        import pandas as pd

        if self._table is not None and name in self._table.texts:
            return function(self._table.texts[name])
        if self._frame is None or not self._is_text(name):
            return function(self.objects(name))
        if name not in self._texts:
            place, texts = pd.factorize(self._frame[name])  # place is -1 where it is missing
            self._texts[name] = place, np.concatenate([texts.to_numpy(dtype=object), NO_TEXT])
        places, values = self._texts[name]
        answers: Array = function(values)[places]
        return answers

    def holds_numbers(self, name: str) -> bool:
        """Return whether a column holds numbers or yes/no."""
        return not self._is_text(name) and self.values(name).dtype == np.float64

    def known(self, name: str) -> Bools:
        """Return where a column has a value."""
        if self.holds_numbers(name):
            return np.asarray(~np.isnan(self.numbers(name)))
        return self.mapped(name, lambda values: np.array([value is not None for value in values], dtype=bool))

    def among(self, name: str, allowed: Collection[object]) -> Bools:
        """Return where the value of a column is one of some; a missing one is none of them."""
        if self.holds_numbers(name):
            values, result = self.numbers(name), np.zeros(len(self), dtype=bool)
            for number in allowed:
                result |= values == number
            return result
        return self.mapped(name, lambda values: np.array([value in allowed for value in values], dtype=bool))

    def where(self, chosen: Bools) -> FeatureRows:
        """Return some of the rows."""
        if self._frame is not None:
            return FeatureRows.of(self._frame[chosen])
        if self._table is not None:
            texts = {name: values[chosen] for name, values in self._table.texts.items()}
            return FeatureRows.of_table(self._table._replace(numbers=self._table.numbers[:, chosen], texts=texts))
        columns = {name: values[chosen] for name, values in self._columns.items()}
        return FeatureRows(columns, int(chosen.sum()))

    def _is_text(self, name: str) -> bool:
        import pandas as pd

        return self._frame is not None and isinstance(self._frame[name].dtype, pd.StringDtype)


@lru_cache(maxsize=64)
def _places(names: tuple[str, ...], columns: tuple[str, ...]) -> Ints | None:
    """Return where columns stand, None where one is not there; every request asks for those of one model."""
    place = {name: number for number, name in enumerate(names)}
    return np.array([place[name] for name in columns], dtype=np.int64) if place.keys() >= set(columns) else None


def _array(values: pd.Series) -> Floats | Objects:
    import pandas as pd

    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    return _objects(values)


def _objects(values: pd.Series) -> Objects:
    result: Objects = values.astype(object).to_numpy(copy=True)
    result[values.isna().to_numpy()] = None
    return result
