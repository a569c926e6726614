"""When the lead was created and is looked at: age, weekday, hour."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from features.families.measure import Measure
from features.kernel.block import Block
from features.kernel.looks import Values
from features.source_spec import SourceSpec
from features.time_units import DAY_US, HOUR_US


def calendar_moment(spec: SourceSpec) -> Literal["created", "as_of"]:
    """Return the moment whose weekday and hour are features: creation where a nightly job looks, else the look itself.

    With ``snapshots.every`` past looks keep the hour of creation (or of the anchor) while tonight's all have the
    job's hour: a model would learn from the clock of its own rows.
    """
    return "as_of" if spec.snapshots.every is None else "created"


def _days_since_created(block: Block, _: None) -> Values:
    return (block.moments - block.created) / DAY_US


def _weekday(times: NDArray[np.int64]) -> Values:
    return ((times // DAY_US + 3) % 7).astype(np.float64)  # 1970-01-01 was a Thursday


def _hour(times: NDArray[np.int64]) -> Values:
    return (times // HOUR_US % 24).astype(np.float64)


def _created_weekday(block: Block, _: None) -> Values:
    return _weekday(block.created)


def _created_hour(block: Block, _: None) -> Values:
    return _hour(block.created)


def _as_of_weekday(block: Block, _: None) -> Values:
    return _weekday(block.moments)


def _as_of_hour(block: Block, _: None) -> Values:
    return _hour(block.moments)


def _has_clock(spec: SourceSpec) -> bool:
    return spec.unknown_times != "all"


def _in_created(spec: SourceSpec) -> bool:
    return _has_clock(spec) and calendar_moment(spec) == "created"


def _in_as_of(spec: SourceSpec) -> bool:
    return _has_clock(spec) and calendar_moment(spec) == "as_of"


CALENDAR = (
    Measure("days_since_created", "number", "days", "Days from creation to as_of", _days_since_created, "age"),
    Measure("created_weekday", "number", "", "UTC weekday of creation, Monday is 0", _created_weekday, "calendar",
            has=_in_created),
    Measure("created_hour", "number", "hours", "UTC hour of creation, 0 to 23", _created_hour, "calendar",
            has=_in_created),
    Measure("as_of_weekday", "number", "", "UTC weekday of as_of, Monday is 0", _as_of_weekday, "calendar",
            has=_in_as_of),
    Measure("as_of_hour", "number", "hours", "UTC hour of as_of, 0 to 23", _as_of_hour, "calendar", has=_in_as_of),
)  # fmt: skip
