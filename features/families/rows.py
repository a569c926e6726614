"""Feature rows of a block: every column of the list, read."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features.as_of import AS_OF
from features.families.measure import Categories, Column, Measure
from features.kernel.block import Block
from features.kernel.looks import Values

Read: TypeAlias = Values | Categories


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
        places: dict[tuple[Measure, Hashable], list[tuple[int, int]]] = {}
        for place, column in enumerate(listed):
            places.setdefault((column.measure, column.parameter), []).append((place, column.kind))
        self._readings = [(measure, parameter, at) for (measure, parameter), at in places.items()]

    def read(self, block: Block) -> list[Read]:
        """Return the values of the columns: for each an array with an entry a look, or `Categories`."""
        result: list[Any] = [None] * len(self.names)
        for measure, parameter, places in self._readings:
            values = measure.read(block, parameter)
            if isinstance(values, Categories):
                codes = np.atleast_2d(values.codes)
                for place, kind in places:
                    result[place] = Categories(codes[kind], values.names)
            else:
                rows = np.atleast_2d(values)
                for place, kind in places:
                    result[place] = rows[kind]
        return result


def as_frame(block: Block, columns: tuple[Column, ...]) -> pd.DataFrame:
    """Return feature rows as a frame: numbers float64 with NaN, categories object with None.

    Returns
    -------
    DataFrame
        ``lead_id``, ``as_of_us``, then the columns.
    """
    lead_ids = np.array(block.facts.lead_ids.to_pylist(), dtype=object)[block.lead]
    frame: dict[str, object] = {"lead_id": pd.Series(lead_ids, dtype="str"), AS_OF: block.moments}
    for name, values in as_arrays(block, ColumnReader(columns)).items():
        frame[name] = pd.Series(values, dtype=object) if values.dtype == object else values
    return pd.DataFrame(frame)


def as_arrays(block: Block, reader: ColumnReader) -> dict[str, NDArray[Any]]:
    """Return feature rows as an array a column: numbers float64 with NaN, categories object with None."""
    arrays: dict[str, NDArray[Any]] = {}
    for name, values in zip(reader.names, reader.read(block), strict=True):
        if isinstance(values, Categories):
            values = np.array([*values.names, None], dtype=object)[values.codes]
        arrays[name] = values
    return arrays


def as_batch(block: Block, columns: tuple[Column, ...]) -> pa.RecordBatch:
    """Return feature rows as Arrow: ``lead_id``, ``as_of`` (UTC), numbers as doubles, categories as text."""
    arrays = [
        block.facts.lead_ids.take(pa.array(block.lead)),
        pa.array(block.moments).cast(pa.timestamp("us", tz="UTC")),
    ]
    for values in ColumnReader(columns).read(block):
        if isinstance(values, Categories):
            codes = pa.array(values.codes, mask=values.codes < 0)
            arrays.append(pa.array(values.names, pa.string()).take(codes))
        else:
            arrays.append(pa.array(values, pa.float64(), mask=np.isnan(values)))
    return pa.record_batch(arrays, schema=batch_schema(columns))


def batch_schema(columns: Iterable[Column]) -> pa.Schema:
    """Return the columns of feature rows as Arrow holds them."""
    types = {"category": pa.string()}
    listed = [(column.feature.name, types.get(column.feature.dtype, pa.float64())) for column in columns]
    return pa.schema([("lead_id", pa.string()), ("as_of", pa.timestamp("us", tz="UTC")), *listed])
