"""Who of the company's own people acted: how many, and how often the lead changed hands."""

from __future__ import annotations

import numpy as np

from features.families.measure import Measure
from features.kernel.block import Block
from features.kernel.looks import Marks, Values
from features.source_spec import SourceSpec


def _staff_count(block: Block, _: None) -> Values:
    """Count the acts of people who had not acted for the lead before."""
    stream = block.staff.stream
    lead = np.repeat(np.arange(stream.parts), np.diff(stream.start))
    order = np.lexsort((np.arange(len(lead)), stream.codes, lead))
    is_new = np.ones(len(lead), dtype=np.bool_)
    is_new[order[1:]] = (np.diff(stream.codes[order]) != 0) | (np.diff(lead[order]) != 0)
    return Marks(is_new).count(block.staff).astype(np.float64)


def _handovers_count(block: Block, _: None) -> Values:
    stream = block.staff.stream
    other = np.zeros(len(stream.codes), dtype=np.bool_)
    other[1:] = np.diff(stream.codes) != 0
    return Marks(other & ~stream.begins()).count(block.staff).astype(np.float64)


def _says_who_acted(spec: SourceSpec) -> bool:
    return spec.who_acted is not None


STAFF = (
    Measure("staff_count", "number", "count", "Number of people of the staff who acted up to as_of",
            _staff_count, "staff", has=_says_who_acted),
    Measure("handovers_count", "number", "count",
            "Number of times that somebody else of the staff acted than the time before",
            _handovers_count, "staff", has=_says_who_acted),
)  # fmt: skip
