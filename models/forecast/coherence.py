"""Coherence over targets: what is harder, or has less time, is never more likely."""

from __future__ import annotations

from collections.abc import Mapping

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
    rung = {name: spec.ladder.index(target.stage) for name, target in spec.targets.items()}
    horizon = {name: target.horizon for name, target in spec.targets.items()}
    return {
        a: tuple(b for b in spec.targets if b != a and rung[a] >= rung[b] and horizon[a] <= horizon[b])
        for a in spec.targets
    }


def binding_targets(log_odds: Mapping[str, Floats], spec: SourceSpec) -> dict[str, NDArray[np.object_]]:
    """Say for each target and row whose log-odds hold.

    Parameters
    ----------
    log_odds : mapping of target to array of length n
        Each target's own; +inf for a row that has reached the target.
    spec : SourceSpec
        Ladder and targets.

    Returns
    -------
    dict of target to array of length n
        The target itself, or the limiting target with the smallest log-odds where its own are larger than that.
    """
    result: dict[str, NDArray[np.object_]] = {}
    for name, others in limits(spec).items():
        smallest = log_odds[name]
        binding = np.full(len(smallest), name, dtype=object)
        for other in others:
            smaller = log_odds[other] < smallest
            binding[smaller] = other
            smallest = np.where(smaller, log_odds[other], smallest)
        result[name] = binding
    return result
