"""How leads from the same campaign or channel have turned out, as far as their time was up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from features.as_of import Positions, is_known
from features.catalog.wording import plain_words
from features.errors import InputError
from features.families.measure import Column, Measure, column
from features.kernel.block import Block
from features.kernel.looks import Looks, Values
from features.kernel.other_leads import MaturedLeads, SourceFacts
from features.language.languages import Words
from features.source_spec import FeatureOptions, SourceSpec
from features.time_units import format_duration

SHRINKAGE = 20.0
"""A value's own rate weighs as much as the rate of all leads once it has this many matured leads."""


def rated_columns(spec: SourceSpec) -> tuple[str, ...]:
    """Return the fit columns whose values have a rate."""
    return tuple(name for name, declared in spec.fit.items() if declared.source_rate)


def _lift(block: Block, name: str) -> Values:
    """Draw the rate of the value to that of all leads, (converted + k * rate of all) / (matured + k), and divide by it.

    A lead is matured once its creation lies the target's horizon back; only then is it counted, converted or not. So
    young leads do not pull the rate down and no outcome is used before it could be known. The lead's own outcome is
    taken out. The rate of all moves with time, and a column that tells the date teaches yesterday's level.
    """
    sources = _sources(block)
    is_counted = block.once(_is_counted)
    everybody, all_converted = block.once(_everybody)
    value = sources.value[name][block.lead]
    is_counted = is_counted & (value >= 0) & (sources.own_value[name][block.lead] == value)
    matured, converted = _known(block, sources.outcomes.by_column[name], value, is_counted)
    with np.errstate(invalid="ignore", divide="ignore"):
        overall = all_converted / everybody
        lift = (converted + SHRINKAGE * overall) / (matured + SHRINKAGE) / overall
    return Looks.only((value >= 0) & (everybody > 0) & (all_converted > 0), np.round(lift, 9))


def _sources(block: Block) -> SourceFacts:
    if block.others.sources is None:
        raise InputError(expected="the outcomes of all leads by source", found="none")
    return block.others.sources


def _is_counted(block: Block) -> NDArray[np.bool_]:
    """Return where the lead itself is among those that have matured."""
    is_counted: NDArray[np.bool_] = is_known(_sources(block).own_matured[block.lead], block.moments)
    return is_counted


def _everybody(block: Block) -> tuple[Values, Values]:
    return _known(block, _sources(block).outcomes.everyone, np.zeros(len(block), np.int64), block.once(_is_counted))


def _known(block: Block, leads: MaturedLeads, part: Positions, is_counted: NDArray[np.bool_]) -> tuple[Values, Values]:
    """Return how many other leads of a part have matured, and how many of these converted."""
    looks = Looks(leads.stream, part[None, :], block.moments)
    counted, converted = ((before[looks.known] - before[looks.first])[0] for before in (leads.counted, leads.converted))
    own_converted = is_counted & _sources(block).own_converted[block.lead]
    return (counted - is_counted).astype(np.float64), (converted - own_converted).astype(np.float64)


LIFT = Measure(
    "source_lift", "number", "times",
    "Share of leads with the same {name_of} that reached {stage} within {horizon} of creation, over leads whose time "
    "was up by as_of, without this lead, drawn to the share of all such leads, and divided by it; missing while none "
    "has reached it",
    _lift,
)  # fmt: skip


def columns(spec: SourceSpec, options: FeatureOptions) -> Iterator[Column]:
    """Yield the columns of the sources."""
    target = spec.targets[spec.primary_target]
    for name in rated_columns(spec):
        yield column(
            LIFT, "source", name=f"{name}_{spec.primary_target}_lift", subject=name, parameter=name,
            thing=spec.fit[name].words or plain_words(name), window=target.words or Words.same(target.stage),
            name_of=name, stage=target.stage, horizon=format_duration(target.horizon),
        )  # fmt: skip
