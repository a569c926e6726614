"""Work with a life cycle that the company's own people do: put on the list, begun, ended."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.families.measure import Measure
from features.kernel.block import Block
from features.kernel.events import STEPS
from features.kernel.looks import Marks, Values
from features.time_units import HOUR_US


def _steps(block: Block) -> NDArray[np.int64]:
    return block.kinds.step[block.work.stream.codes]


def _open(block: Block, _: None) -> Values:
    """Compare the last time that work was put on the list or begun with the last time that it ended."""
    looks, is_end = block.work, _steps(block) == STEPS.index("ends")
    has_opened, opened = Marks(~is_end).last(looks)
    has_ended, ended = Marks(is_end).last(looks)
    times = looks.stream.times if len(looks.stream.times) else np.zeros(1, np.int64)
    is_open = has_opened & (~has_ended | (times[opened] > times[ended]))
    return looks.only(has_opened | has_ended, is_open)


def _hours(block: Block, _: None) -> Values:
    """Add up the time from the latest beginning to each end; an end after an end without a beginning adds nothing."""
    looks, stream, step = block.work, block.work.stream, _steps(block)
    ends = Marks(step == STEPS.index("ends"))
    begun = Marks(step == STEPS.index("types")).last_at_or_before(ends.positions)
    part = np.searchsorted(stream.start, ends.positions, side="right") - 1
    ended = np.concatenate([[-1], ends.positions[:-1]]) if len(ends.positions) else ends.positions
    has_begun, has_ended = begun >= stream.start[part], ended >= stream.start[part]
    counts = has_begun & (~has_ended | (stream.times[begun] > stream.times[ended]))
    worked = np.zeros(len(stream.times) + 1, dtype=np.int64)
    worked[ends.positions + 1] = np.where(counts, stream.times[ends.positions] - stream.times[begun], 0)
    worked = np.cumsum(worked)
    return (worked[looks.known] - worked[looks.first]) / HOUR_US


WORK = (
    Measure(
        "open", "boolean", "",
        "Whether work on {family} was put on the list or begun after its last end, as known at as_of", _open,
    ),
    Measure(
        "hours", "number", "hours",
        "Hours between beginnings and ends of {family} up to as_of; work that has not ended counts nothing", _hours,
    ),
)  # fmt: skip
"""Of families that say what ends them."""
