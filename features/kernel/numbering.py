"""Arrow columns as whole numbers that compiled functions take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def whole(column: pa.Array | pa.ChunkedArray) -> NDArray[np.int64]:
    """Return a column of whole numbers as an array that compiled functions take; nulls become -1."""
    import pyarrow.compute as pc

    column = pc.fill_null(column, -1) if column.null_count else column
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    arrays = [chunk.to_numpy(zero_copy_only=False) for chunk in chunks]
    return np.concatenate(arrays, dtype=np.int64) if arrays else np.zeros(0, dtype=np.int64)


def one_array(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return a column as one array."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def of_leads(table: pa.Table, lead_ids: pa.Array) -> tuple[pa.Table, NDArray[np.int64]]:
    """Return the rows of these leads, and the number of the lead of each."""
    import pyarrow.compute as pc

    lead = pc.index_in(one_array(table["lead_id"]), value_set=lead_ids)
    if lead.null_count:
        there = lead.is_valid()
        table, lead = table.filter(there), lead.filter(there)
    return table, whole(lead)


def places(column: pa.ChunkedArray, names: Sequence[str]) -> NDArray[np.int64]:
    """Return the place of each value among names, -1 for others."""
    import pyarrow.compute as pc

    return whole(pc.index_in(one_array(column), value_set=pa.array(names, pa.string())))


def ranked(values: pa.DictionaryArray) -> tuple[NDArray[np.int64], list[str]]:
    """Return for each value 1 + its place among the different ones in rising order (0 for null), and these."""
    texts: list[str] = values.dictionary.to_pylist()
    names = sorted(texts)
    place = {text: number for number, text in enumerate(names, start=1)}
    rank = np.array([0, *(place[text] for text in texts)], np.int64)
    return rank[whole(values.indices) + 1], names
