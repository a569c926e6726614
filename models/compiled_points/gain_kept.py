"""How much of what a model gains over today's points a compiled table keeps."""

from __future__ import annotations

import numpy as np

from models.measures.bootstrap import Comparison, Interval, interval

MODEL, TODAY, COMPILED = "model", "today", "compiled"
RANKED_BY = "ap"


def gain_kept(comparison: Comparison) -> Interval | None:
    """Return the share of the model's gain in average precision that the compiled points keep.

    Parameters
    ----------
    comparison : Comparison
        Of the scorers ``model``, ``today`` and ``compiled`` on the same rows.

    Returns
    -------
    Interval or None
        (compiled − today) / (model − today), with the bounds of the same ratio over paired draws of leads; 1 keeps all,
        below 0 is worse than today's points. None where the model gains nothing: there is no gain to keep.

    Notes
    -----
    Draws on which the model gains nothing have no ratio. They are spread evenly over both ends, so that a gain that is
    not sure gets a wide interval, or a bound that cannot be told (nan), instead of a flattering one.
    """
    values = {scorer: comparison.values[scorer][RANKED_BY] for scorer in (MODEL, TODAY, COMPILED)}
    gained = values[MODEL] - values[TODAY]
    if not gained > 0:
        return None
    draws = {scorer: comparison.draws[scorer][RANKED_BY] for scorer in (MODEL, TODAY, COMPILED)}
    gains, compiled_gains = draws[MODEL] - draws[TODAY], draws[COMPILED] - draws[TODAY]
    unbounded = np.where(np.arange(len(gains)) % 2 == 0, -1e9, 1e9)
    ratios = np.where(gains > 0, compiled_gains / np.where(gains > 0, gains, 1.0), unbounded)
    share = interval((values[COMPILED] - values[TODAY]) / gained, ratios)
    return Interval(share.value, _bound(share.low), _bound(share.high))


def _bound(value: float) -> float:
    return value if abs(value) < 1e6 else float("nan")
