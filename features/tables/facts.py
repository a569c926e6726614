"""The four tables of facts, in the one form that features are computed from."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, cast

import pyarrow as pa

from features.errors import InputError
from features.source_columns import FitType
from features.source_spec import SourceSpec
from features.time_units import to_micros

if TYPE_CHECKING:
    import pandas as pd

FIT_DTYPES: dict[FitType, str] = {
    "category": "string",
    "job_title": "string",
    "email": "string",
    "text": "string",
    "number": "float64",
    "boolean": "boolean",
}
"""How the values of a fit column are held in table ``leads``."""

TIME_COLUMNS = {"leads": "created", "changes": "changed", "events": "occurred", "stages": "entered"}
"""The time of each table without its ending: ``_at`` as a timestamp outside, ``_us`` as microseconds inside."""

ARROW = {"string": pa.string(), "float64": pa.float64(), "boolean": pa.bool_(), "int64": pa.int64()}
"""How the types of `fact_schemas` are held."""


@dataclass(frozen=True)
class FactFrames:
    """What is known of leads, as pandas frames with timestamps (``created_at``, …), as they come from outside.

    Parameters
    ----------
    leads : DataFrame
        ``lead_id``, ``created_at``, and as many of ``account_id`` and the declared fit columns as there are.
    changes, events, stages : DataFrame, optional
        None where there are no such facts.
    """

    leads: pd.DataFrame
    changes: pd.DataFrame | None = None
    events: pd.DataFrame | None = None
    stages: pd.DataFrame | None = None


def fact_schemas(spec: SourceSpec) -> dict[str, dict[str, str]]:
    """Return the columns of each table as features read them, with their types."""
    who: dict[str, str] = {} if spec.who_acted is None else {spec.who_acted: "string"}
    created = {name: FIT_DTYPES[c.type] for name, c in spec.fit.items() if c.known == "created"}
    return {
        "leads": {"lead_id": "string", "created_us": "int64", "account_id": "string", **created},
        "changes": {"lead_id": "string", "changed_us": "int64", "field": "string", "value": "string"},
        "events": {"lead_id": "string", "occurred_us": "int64", "event_type": "string", "actor": "string", **who},
        "stages": {"lead_id": "string", "stage": "string", "entered_us": "int64"},
    }


def arrow_facts(frames: FactFrames, spec: SourceSpec) -> dict[str, pa.Table]:
    """Return the frames as Arrow tables of exactly the columns of `fact_schemas`.

    Raises
    ------
    InputError
        If ``lead_id`` or the time of a table is absent, or a value does not have its column's type.
    """
    tables: dict[str, pa.Table] = {}
    for field in fields(frames):
        frame = getattr(frames, field.name)
        schema = fact_schemas(spec)[field.name]
        tables[field.name] = _arrow_table(field.name, frame, schema)
    return tables


def _arrow_table(name: str, frame: pd.DataFrame | None, schema: dict[str, str]) -> pa.Table:
    if frame is None:
        return pa.table({column: pa.array([], ARROW[dtype]) for column, dtype in schema.items()})
    return pa.table({column: _arrow_column(name, frame, column, dtype) for column, dtype in schema.items()})


def _arrow_column(table: str, frame: pd.DataFrame, column: str, dtype: str) -> pa.Array:
    if column.endswith("_us") and column.removesuffix("_us") == TIME_COLUMNS[table]:
        return _micros(table, frame, TIME_COLUMNS[table])
    if column not in frame.columns:
        if column == "lead_id":
            raise InputError(expected="a column lead_id", found=f"columns {list(frame.columns)}", table=table)
        return pa.nulls(len(frame), ARROW[dtype])
    try:
        values = pa.array(frame[column], from_pandas=True)
        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        return cast("pa.Array", values.cast(ARROW[dtype]))
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise InputError(expected=f"values of type {dtype}", found=str(error), table=table, column=column) from None


def _micros(table: str, frame: pd.DataFrame, stem: str) -> pa.Array:
    if f"{stem}_us" in frame.columns:
        return pa.array(frame[f"{stem}_us"].astype("int64"))
    if f"{stem}_at" not in frame.columns:
        raise InputError(expected=f"a column {stem}_at", found=f"columns {list(frame.columns)}", table=table)
    times = frame[f"{stem}_at"]
    if times.isna().any():
        raise InputError(expected="a time in every row", found="an empty one", table=table, column=f"{stem}_at")
    return pa.array(to_micros(times))
