"""Which rows a database can keep: lead ids without NUL, one row a lead and as-of time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from features.errors import InputError
from models.scoring.score_columns import JSON_COLUMNS

_NUL, _ESCAPED_NUL = "\0", "\\u0000"
_KEY = ["lead_id", "as_of"]


def keepable(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Give rows on as a database can keep them: NUL inside JSON becomes U+FFFD.

    Parameters
    ----------
    batches : iterable of RecordBatch
        Of the columns of ``scores.parquet``. Of all of them, lead id and as-of time stay in memory.

    Raises
    ------
    InputError
        If a lead id is missing or has a NUL; after the last row, if a lead stands twice at one as-of time.
    """
    keys = []
    for batch in batches:
        _check_lead_ids(batch["lead_id"])
        keys.append(batch.select(_KEY))
        yield _without_nul(batch)
    if keys:
        _check_once(pa.Table.from_batches(keys))


def _check_lead_ids(lead_ids: pa.Array) -> None:
    unusable = pc.or_(pc.is_null(lead_ids), pc.fill_null(pc.match_substring(lead_ids, _NUL), fill_value=False))
    row = pc.index(unusable, value=True).as_py()
    if row >= 0:
        raise InputError(
            expected="a lead id without NUL characters", found=repr(lead_ids[row].as_py()),
            table="scores", column="lead_id",
        )  # fmt: skip


def _check_once(keys: pa.Table) -> None:
    counted = keys.group_by(_KEY).aggregate([([], "count_all")])
    twice = counted.filter(pc.greater(counted["count_all"], 1))
    if twice.num_rows:
        raise InputError(
            expected="one score for each lead and as-of time", found=f"two at {twice['as_of'][0].as_py()}",
            table="scores", column="lead_id", row=twice["lead_id"][0].as_py(),
        )  # fmt: skip


def _without_nul(batch: pa.RecordBatch) -> pa.RecordBatch:
    for name in JSON_COLUMNS:
        if pc.any(pc.match_substring(batch[name], _ESCAPED_NUL)).as_py():
            texts = [None if text is None else _replaced(text) for text in batch[name].to_pylist()]
            place = batch.schema.get_field_index(name)
            batch = batch.set_column(place, batch.schema.field(name), pa.array(texts, type=batch[name].type))
    return batch


def _replaced(text: str) -> str:
    return json.dumps(_plain(json.loads(text)), ensure_ascii=False) if _ESCAPED_NUL in text else text


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(_NUL, "�")
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value
