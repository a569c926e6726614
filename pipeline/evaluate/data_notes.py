"""What the report says about the data: parts of the split, what was rejected, what is too young to tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.outputs.feature_rows import KEYS
from pipeline.outputs.ingested_tables import read_ingest_summary
from pipeline.outputs.labels_file import read_follow_up, read_labels
from pipeline.outputs.training_files import read_leaks
from pipeline.runner.stages import StageContext

SHOWN_PARTS = ("train", "calibration", "test", "embargo", "too_young", "not_at_risk")


@dataclass(frozen=True)
class SplitPart:
    """One part of the split of one target."""

    target: str
    name: str
    rows: int
    leads: int
    outcomes: int
    first_day: str
    last_day: str


@dataclass(frozen=True)
class DataNotes:
    """The data behind an evaluation."""

    observed_until: str
    rows: dict[str, int]
    rejects: dict[str, int]
    parts: tuple[SplitPart, ...]
    follow_up: Mapping[str, Any]
    """As in ``labels/follow_up.json``: whether leads below the cut-off can be learned about."""
    leaks: tuple[str, ...] = ()
    """Columns of the model that look like leaks, with the reason."""

    def part(self, target: str, name: str) -> SplitPart | None:
        """Return one part, None if no row fell into it."""
        return next((part for part in self.parts if (part.target, part.name) == (target, name)), None)


def data_notes(context: StageContext) -> DataNotes:
    """Count the rows, leads and outcomes of every part, and read what ingestion said."""
    ingested = read_ingest_summary(context)
    columns = [*KEYS, "target", "y", "part"]
    labels = read_labels(context, columns)
    parts = []
    spec = context.spec()
    for target in sorted(spec.targets, key=lambda name: (name != spec.primary_target, name)):
        for name in SHOWN_PARTS:
            rows = labels[(labels["target"] == target) & (labels["part"] == name)]
            if len(rows):
                parts.append(_part(target, name, rows))
    return DataNotes(
        observed_until=ingested["observed_until"],
        rows=ingested["rows"],
        rejects=ingested["rejects"],
        parts=tuple(parts),
        follow_up=read_follow_up(context),
        leaks=tuple(read_leaks(context)),
    )


def _part(target: str, name: str, rows: pd.DataFrame) -> SplitPart:
    won = rows["y"].eq(1).fillna(False).astype(bool)
    days = rows["as_of"].dt.strftime("%Y-%m-%d")
    return SplitPart(
        target=target,
        name=name,
        rows=len(rows),
        leads=int(rows["lead_id"].nunique()),
        outcomes=int(rows.loc[won, "lead_id"].nunique()),
        first_day=str(days.min()),
        last_day=str(days.max()),
    )
