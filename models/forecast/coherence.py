"""Coherence over targets: what is harder, or has less time, is never more likely."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.source_spec import SourceSpec
from models.arrays import Floats


def limits(spec: SourceSpec) -> dict[str, tuple[str, ...]]:
    """Return for each target the other targets that it cannot be likelier than.

    Target A is limited by B when A's stage stands on B's rung or higher and A's horizon is not longer than B's: every
    lead that has A's outcome then has B's as well. Where A has more time than B there is no such law.

    Returns
    -------
    dict
        Target to targets, in the order of ``spec.targets``.
    """
    ladder = spec.ladder
    declared = ((str(name), ladder.index(target.stage), target.horizon) for name, target in spec.targets.items())
    return _limits(tuple(declared))


@lru_cache(maxsize=32)
def _limits(targets: tuple[tuple[str, int, int], ...]) -> dict[str, tuple[str, ...]]:
    """Return the limits of targets of which name, rung and horizon are given; every forecast asks for them."""
    return {
        a: tuple(b for b, low, long in targets if b != a and rung >= low and horizon <= long)
        for a, rung, horizon in targets
    }


class Bound(NamedTuple):
    """Whose log-odds hold for a target.

    Attributes
    ----------
    by : array of str
        The target itself, or the limiting target with the smallest log-odds where its own are larger than that.
    log_odds : array of float
        The log-odds that hold.
    """

    by: NDArray[np.object_]
    log_odds: Floats


def binding_targets(log_odds: Mapping[str, Floats], spec: SourceSpec) -> dict[str, Bound]:
    """Say for each target and row whose log-odds hold.

    Parameters
    ----------
    log_odds : mapping of target to array of length n
        Each target's own; +inf for a row that has reached the target.
    spec : SourceSpec
        Ladder and targets.
    """
    result: dict[str, Bound] = {}
    for name, others in limits(spec).items():
        smallest = log_odds[name]
        binding = np.full(len(smallest), name, dtype=object)
        for other in others:
            smaller = log_odds[other] < smallest
            binding[smaller] = other
            smallest = np.where(smaller, log_odds[other], smallest)
        result[name] = Bound(binding, smallest)
    return result
