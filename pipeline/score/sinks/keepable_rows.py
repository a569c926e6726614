"""Which rows a database can keep, and which of them it has: lead ids without NUL, each row once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from features.errors import InputError
from models.scoring.score_columns import JSON_COLUMNS
from pipeline.score.sinks.store_tables import SCORES

_NUL, _ESCAPED_NUL = "\0", "\\u0000"
_ROWS_AT_ONCE = 10_000
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
Key = tuple[str, int]
"""A lead, and microseconds since 1970."""


def keepable(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Give rows on as a database can keep them: NUL inside JSON becomes U+FFFD.

    Raises
    ------
    InputError
        If a lead id is missing or has a NUL.
    """
    for batch in batches:
        _check_lead_ids(batch["lead_id"])
        yield _without_nul(batch)


def keys_of(connection: sa.Connection, run_id: str) -> set[Key]:
    """Return lead and as-of time of each row that a run has in the store."""
    keys = sa.select(SCORES.c.lead_id, SCORES.c.as_of).where(SCORES.c.run_id == run_id)
    rows = connection.execute(keys.execution_options(yield_per=_ROWS_AT_ONCE))
    return {(lead_id, (as_of - _EPOCH) // _MICROSECOND) for lead_id, as_of in rows}


def without(batches: Iterable[pa.RecordBatch], keys: set[Key]) -> Iterator[pa.RecordBatch]:
    """Give on the rows whose lead and as-of time are not among these keys, in their order."""
    for batch in batches:
        pairs = zip(batch["lead_id"].to_pylist(), batch["as_of"].cast(pa.int64()).to_pylist(), strict=True)
        yield batch.filter(pa.array([pair not in keys for pair in pairs], pa.bool_())) if keys else batch


def _check_lead_ids(lead_ids: pa.Array) -> None:
    unusable = pc.or_(pc.is_null(lead_ids), pc.fill_null(pc.match_substring(lead_ids, _NUL), fill_value=False))
    row = pc.index(unusable, value=True).as_py()
    if row >= 0:
        raise InputError(
            expected="a lead id without NUL characters", found=repr(lead_ids[row].as_py()),
            table="scores", column="lead_id",
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
