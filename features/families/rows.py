"""Feature rows of a block: every column of the list, read."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.as_of import AS_OF
from features.families.measure import Categories, Column, Measure
from features.kernel.block import Block

if TYPE_CHECKING:
    import pandas as pd


class ReadColumns(NamedTuple):
    """Columns of a block, by their places.

    Attributes
    ----------
    numbers : array of shape (columns, looks)
        Numbers and yes/no; NaN is none, and a row of a category holds nothing else.
    categories : dict of int to Categories
        By the place of the column.
    """

    numbers: NDArray[np.float64]
    categories: dict[int, Categories]


class FeatureTable(NamedTuple):
    """Feature rows in one array: for few rows an array a column costs more than what is in it.

    Attributes
    ----------
    names : tuple of str
        The columns.
    place : mapping of str to int
        Where each of them stands.
    numbers : array of shape (columns, rows)
        Numbers and yes/no; NaN is none, and a row of a category holds nothing else.
    texts : mapping of str to array of object
        The categories, by name; None is none.
    """

    names: tuple[str, ...]
    place: Mapping[str, int]
    numbers: NDArray[np.float64]
    texts: Mapping[str, NDArray[np.object_]]


class ColumnReader:
    """Reads columns, again and again; a measure is read once for all the kinds of looks that its columns stand for.

    Parameters
    ----------
    columns : iterable of Column
        In the order of a feature row.
    """

    def __init__(self, columns: Iterable[Column]) -> None:
        listed = tuple(columns)
        self.names = tuple(column.feature.name for column in listed)
        self.place = {name: place for place, name in enumerate(self.names)}
        by_reading: dict[tuple[Measure, Hashable], list[tuple[int, int]]] = {}
        for place, column in enumerate(listed):
            by_reading.setdefault((column.measure, column.parameter), []).append((place, column.kind))
        self._readings = [
            (measure.read, parameter, *np.array(at, dtype=np.int64).T)
            for (measure, parameter), at in by_reading.items()
            if len(at) > 1
        ]
        self._single = [
            (measure.read, parameter, *at[0]) for (measure, parameter), at in by_reading.items() if len(at) == 1
        ]

    def read(self, block: Block) -> ReadColumns:
        """Return the values of the columns."""
        numbers, categories = np.full((len(self.names), len(block)), np.nan), dict[int, Categories]()
        for read, parameter, places, kinds in self._readings:
            numbers[places] = read(block, parameter)[kinds]
        for read, parameter, place, kind in self._single:
            values = read(block, parameter)
            if isinstance(values, Categories):
                codes = values.codes[kind] if values.codes.ndim == 2 else values.codes
                categories[place] = Categories(codes, values.names)
            else:
                numbers[place] = values[kind] if values.ndim == 2 else values
        return ReadColumns(numbers, categories)

    def table(self, block: Block) -> FeatureTable:
        """Return the values of the columns by name."""
        columns = self.read(block)
        texts = {self.names[place]: _texts(values) for place, values in columns.categories.items()}
        return FeatureTable(self.names, self.place, columns.numbers, texts)


def _texts(values: Categories) -> NDArray[np.object_]:
    """Return a category as objects; None is none."""
    return np.array([*values.names, None], dtype=object)[values.codes]


def as_frame(block: Block, columns: tuple[Column, ...]) -> pd.DataFrame:
    """Return feature rows as a frame: numbers float64 with NaN, categories object with None.

    Returns
    -------
    DataFrame
        ``lead_id``, ``as_of_us``, then the columns.
    """
    import pandas as pd

    lead_ids = np.array(block.facts.lead_ids.to_pylist(), dtype=object)[block.lead]
    frame: dict[str, object] = {"lead_id": pd.Series(lead_ids, dtype="str"), AS_OF: block.moments}
    table = ColumnReader(columns).table(block)
    for name, numbers in zip(table.names, table.numbers, strict=True):
        frame[name] = pd.Series(table.texts[name], dtype=object) if name in table.texts else numbers
    return pd.DataFrame(frame)


def as_batch(block: Block, columns: tuple[Column, ...]) -> pa.RecordBatch:
    """Return feature rows as Arrow: ``lead_id``, ``as_of`` (UTC), numbers as doubles, categories as text."""
    arrays = [
        block.facts.lead_ids.take(pa.array(block.lead)),
        pa.array(block.moments).cast(pa.timestamp("us", tz="UTC")),
    ]
    read = ColumnReader(columns).read(block)
    for place, numbers in enumerate(read.numbers):
        category = read.categories.get(place)
        if category is not None:
            codes = pa.array(category.codes, mask=category.codes < 0)
            arrays.append(pa.array(category.names, pa.string()).take(codes))
        else:
            arrays.append(pa.array(numbers, pa.float64(), mask=np.isnan(numbers)))
    return pa.record_batch(arrays, schema=batch_schema(columns))


def batch_schema(columns: Iterable[Column]) -> pa.Schema:
    """Return the columns of feature rows as Arrow holds them."""
    types = {"category": pa.string()}
    listed = [(column.feature.name, types.get(column.feature.dtype, pa.float64())) for column in columns]
    return pa.schema([("lead_id", pa.string()), ("as_of", pa.timestamp("us", tz="UTC")), *listed])
