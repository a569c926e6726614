"""Looks as stages ``cutoffs`` and ``evaluate`` leave them for those who ask about other cut-offs later."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.as_of import AS_OF
from features.time_units import WEEK_US, format_duration, format_time, parse_duration, parse_time, to_micros
from models.cutoffs.counting import Counting
from pipeline.runner.stages import StageContext

LOOKS_FILE, COUNTING_FILE, PAST_FILE = "looks.parquet", "looks.json", "past.parquet"
PAST_COLUMNS = ["lead_id", AS_OF, "p", "excluded", "gates_open"]


@dataclass(frozen=True)
class Looks:
    """Looks at leads that have not reached the target, with all that decides on promotion.

    Attributes
    ----------
    rows : DataFrame
        ``lead_id``, ``as_of_us``, ``p`` (model, the target of the cut-offs), ``p_TARGET`` (each other target),
        ``p_final`` (as ``p``, by the forecast that scores from the test on; it may have learned from these leads),
        ``points`` (baseline), ``naive_bayes`` (log-odds), ``excluded``, ``gates_open``; ``y`` and ``y_TARGET``: the
        outcome as known at ``known_until_us``, missing while its window is open; ``unseen``: whether the model was
        fitted on no row of the lead; ``weight`` for test leads where the source declares
        ``follow_up: promoted_only``. Sorted by lead and time.
    counting : Counting
        Which first promotions make the number a week; and the share of the leads that are looked at.
    every_us : int or None
        Rhythm of the looks; None where each lead has one look.
    past : DataFrame
        ``lead_id``, ``as_of_us``, ``p``, ``excluded``, ``gates_open`` of every row of the training grid before the
        looks end: how much volumes moved. Empty where nobody asks.
    """

    rows: pd.DataFrame
    counting: Counting
    every_us: int | None
    past: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=PAST_COLUMNS))

    @property
    def until_us(self) -> int:
        """When the time that counts ends."""
        return self.counting.from_us + round(self.counting.weeks * WEEK_US)

    @property
    def every(self) -> str | None:
        """The rhythm as settings write it."""
        return None if self.every_us is None else format_duration(self.every_us)

    @property
    def counted(self) -> npt.NDArray[np.bool_]:
        """Which rows lie in the time that counts."""
        return (self.rows[AS_OF] >= self.counting.from_us).to_numpy(dtype=bool)


def write_looks(looks: Looks, folder: Path) -> None:
    """Write looks into the folder of a stage.

    ``looks.parquet`` has one row a lead and night as in `Looks.rows`, ``past.parquet`` one row a lead and look of the
    training grid before as in `Looks.past`, both with ``as_of`` for ``as_of_us``; ``looks.json`` says how they count.
    """
    _write(looks.rows, folder / LOOKS_FILE)
    _write(looks.past, folder / PAST_FILE)
    counting = {
        "counted_from": format_time(looks.counting.from_us),
        "weeks": looks.counting.weeks,
        "share": looks.counting.share,
        "every": looks.every,
    }
    (folder / COUNTING_FILE).write_text(json.dumps(counting, indent=1) + "\n", encoding="utf-8")


def read_looks(context: StageContext, stage: Literal["cutoffs", "evaluate"]) -> Looks:
    """Read the looks before the test (``cutoffs``) or those in the test (``evaluate``), as :class:`Looks` says."""
    folder = context.folder(stage)
    rows = _read(folder / LOOKS_FILE)
    stored = json.loads((folder / COUNTING_FILE).read_text(encoding="utf-8"))
    counting = Counting(parse_time(stored["counted_from"]), stored["weeks"], stored["share"])
    every = None if stored["every"] is None else parse_duration(stored["every"])
    return Looks(rows, counting, every, _read(folder / PAST_FILE))


def _read(file: Path) -> pd.DataFrame:
    rows = pd.read_parquet(file)
    return rows.assign(as_of_us=to_micros(rows["as_of"])).drop(columns="as_of")


def _write(rows: pd.DataFrame, file: Path) -> None:
    stored = rows.assign(as_of=pd.to_datetime(rows["as_of_us"], unit="us", utc=True)).drop(columns="as_of_us")
    stored.to_parquet(file, index=False)
