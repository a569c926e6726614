"""The file of a run's scores: ``scores.parquet``, one row a score."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.time_units import to_micros
from models.scoring.score_columns import COLUMNS, JSON_COLUMNS, Kind
from pipeline.score.sinks.sink import ScoreRun

_TYPES: Mapping[Kind, pa.DataType] = {
    "text": pa.string(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
    "json": pa.string(),
}
SCHEMA = pa.schema([(column.name, _TYPES[column.kind]) for column in COLUMNS if column.filled_by != "store"])
"""JSON columns hold text."""


def write_scores(scores: pd.DataFrame, run: ScoreRun, file: Path) -> None:
    """Write the scores of a run; equal scores give equal bytes.

    Parameters
    ----------
    scores : DataFrame
        As a sink gets them, `pipeline.score.sinks.sink.Sink.write`.
    run : ScoreRun
        Fills in the columns that are the same in all rows.
    file : Path
    """
    texts = {name: scores[name].map(_json_text) for name in JSON_COLUMNS}
    of_run = {column.name: getattr(run, column.name) for column in COLUMNS if column.filled_by == "run"}
    whole = scores.assign(**texts, **of_run)
    whole["as_of"] = to_micros(whole["as_of"])  # as pyarrow asks pandas for zoned times, pandas warns
    columns = [pa.array(whole[field.name], from_pandas=True).cast(field.type) for field in SCHEMA]
    pq.write_table(pa.table(columns, schema=SCHEMA), file)


def _json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False)
