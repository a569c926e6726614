"""Two scores of a lead held against each other, column by column."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.scoring.score_columns import COMPARED_COLUMNS, JSON_COLUMNS
from pipeline.score.scores_file import SCHEMA

Row = Mapping[str, Any]
COLUMNS = tuple(name for name in SCHEMA.names if name not in COMPARED_COLUMNS)
"""All that is rebuilt from a lead's facts; what follows from the run before is another question."""
LONGEST = 60
"""Characters of a value that are shown."""


@dataclass(frozen=True)
class Difference:
    """A column in which two scores differ.

    Attributes
    ----------
    column : str
    stored, other : object
        As JSON has them.
    """

    column: str
    stored: Any
    other: Any

    def to_text(self) -> str:
        """Return it as a line."""
        return f"  {self.column}: stored {_short(self.stored)}, now {_short(self.other)}"


def differences(stored: Row, other: Row) -> tuple[Difference, ...]:
    """Return the columns in which two rows differ; numbers are equal when all their bits are.

    Parameters
    ----------
    stored : mapping
        As the score store holds it: lists as lists.
    other : mapping
        As ``scores.parquet`` has it: lists as texts.
    """
    return tuple(_different(stored, other))


def _different(stored: Row, other: Row) -> Iterator[Difference]:
    for name in COLUMNS:
        before, now = _plain(stored[name]), _plain(other[name])
        if name in JSON_COLUMNS and isinstance(now, str):
            now = json.loads(now)
        if before != now:
            yield Difference(name, before, now)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; a missing number is None."""
    if isinstance(value, float) and math.isnan(value):
        return None
    return value.isoformat() if isinstance(value, datetime) else value


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
