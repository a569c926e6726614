"""Looks as a stage leaves them for those who ask about other cut-offs later: ``looks.parquet`` and ``looks.json``.

``past.parquet`` is the training grid before, one row a lead and look; no rows where no volumes are to be stated.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from features.time_units import format_duration, format_time, parse_duration, parse_time, to_micros
from models.cutoffs.counting import Counting
from pipeline.replay.nightly_looks import Looks


def write_looks(looks: Looks, folder: Path) -> None:
    """Write the looks, one row a lead and night as in `Looks.rows` (``as_of`` for ``as_of_us``), and how they count."""
    _write(looks.rows, folder / "looks.parquet")
    _write(looks.past, folder / "past.parquet")
    counting = {
        "counted_from": format_time(looks.counting.from_us),
        "weeks": looks.counting.weeks,
        "share": looks.counting.share,
        "every": None if looks.every_us is None else format_duration(looks.every_us),
    }
    (folder / "looks.json").write_text(json.dumps(counting, indent=1) + "\n", encoding="utf-8")


def read_looks(folder: Path) -> Looks:
    """Read what :func:`write_looks` wrote."""
    rows = _read(folder / "looks.parquet")
    told = json.loads((folder / "looks.json").read_text(encoding="utf-8"))
    counting = Counting(parse_time(told["counted_from"]), told["weeks"], told["share"])
    every = None if told["every"] is None else parse_duration(told["every"])
    return Looks(rows, counting, every, _read(folder / "past.parquet"))


def _read(file: Path) -> pd.DataFrame:
    rows = pd.read_parquet(file)
    return rows.assign(as_of_us=to_micros(rows["as_of"])).drop(columns="as_of")


def _write(rows: pd.DataFrame, file: Path) -> None:
    told = rows.assign(as_of=pd.to_datetime(rows["as_of_us"], unit="us", utc=True)).drop(columns="as_of_us")
    told.to_parquet(file, index=False)
