"""Stages on the ladder, whoever moved the lead there."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from features.families.measure import Categories, Measure
from features.kernel.block import Block
from features.kernel.declared import Declared
from features.kernel.looks import Looks, Marks, Values
from features.source_spec import SourceSpec
from features.time_units import DAY_US, HOUR_US

CURRENT_STAGE = "journey_current_stage"
"""With the hours to each rung, the feature that tells whether a lead has reached a target already."""


def slug(stage: str) -> str:
    """Return a stage as part of a column name: ``Offer sent`` becomes ``offer_sent``."""
    return re.sub(r"\W+", "_", stage).strip("_").lower()


def open_ladder(spec: SourceSpec) -> dict[str, str]:
    """Return the rungs below the top, keyed by their part of a column name."""
    return {slug(stage): stage for stage in spec.ladder[:-1]}


def _are_wanted(declared: Declared, stages: tuple[str, ...]) -> NDArray[np.bool_]:
    return np.array([name in stages for name in declared.stages], dtype=np.bool_)


def _entries(block: Block, stages: tuple[str, ...]) -> Marks:
    return Marks(block.declared.once(_are_wanted, stages)[block.stages.stream.codes])


def _first_entry(block: Block, stage: str) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    there, position = _entries(block, (stage,)).first(block.stages)
    return there, block.stages.time_at(there, position)


def _days_since_anchor(block: Block, stage: str) -> Values:
    there, entered = _first_entry(block, stage)
    return Looks.only(there, (block.moments - entered) / DAY_US)


def _current_stage(block: Block, _: None) -> Categories:
    return Categories(block.stages.last_code(), block.declared.stages)


def _days_in_stage(block: Block, _: None) -> Values:
    return block.stages.since_last(DAY_US)


def _stage_entries_count(block: Block, _: None) -> Values:
    return block.stages.count()


def _recycled_count(block: Block, _: None) -> Values:
    return _entries(block, block.spec.recycled).count(block.stages).astype(np.float64)


def _hours_to_stage(block: Block, stage: str) -> Values:
    there, entered = _first_entry(block, stage)
    return Looks.only(there, (entered - block.created) / HOUR_US)


def _has_anchor(spec: SourceSpec) -> bool:
    return spec.snapshots.anchor != "created"


def _has_recycled(spec: SourceSpec) -> bool:
    return bool(spec.recycled)


ANCHOR = Measure(
    "days_since_anchor", "number", "days", "Days from the first entry into {stage} to as_of", _days_since_anchor,
    "age", has=_has_anchor,
)  # fmt: skip

STAGES = (
    Measure("current_stage", "category", "", "Stage entered last; of several at one time, the highest",
            _current_stage, "stage"),
    Measure("days_in_stage", "number", "days", "Days from the last entry into any stage to as_of",
            _days_in_stage, "stage"),
    Measure("stage_entries_count", "number", "count", "Number of entries into stages up to as_of",
            _stage_entries_count, "stage"),
    Measure("recycled_count", "number", "count", "Number of entries into {recycled} up to as_of",
            _recycled_count, "stage", has=_has_recycled),
)  # fmt: skip

HOURS_TO_STAGE = Measure(
    "hours_to_stage", "number", "hours", "Hours from creation to the first entry into {stage}", _hours_to_stage, "stage"
)
