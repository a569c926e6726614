"""Whether the model wins at the depth the team works today: won, not proven, or lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from models.bands import Band
from models.evaluation.working_depth import FOUND, HANDED_OVER
from models.measures.bootstrap import Comparison, Interval

Outcome = Literal["won", "not_proven", "lost"]
DECIDING: Final = "MQL"
"""The longer list: every lead that is handed on and worked. SAL, its top, guards."""

RULE = (
    "The model wins at the working depth when, handing over as many leads in the same weeks as the baseline's MQL "
    "cut-off does, it finds more of the outcomes with the whole 95 % interval of the paired difference above 0, and "
    "when no such interval lies wholly below 0: not against naive Bayes, and not at SAL. It loses when one does. "
    "Anything else is not proven."
)


@dataclass(frozen=True)
class DepthVerdict:
    """The answer, and where it comes from.

    Attributes
    ----------
    outcome : {"won", "not_proven", "lost"}
    gained : Interval
        Outcomes found by the model less those of the baseline, at the deciding depth.
    behind : tuple of (band, str)
        Cut-off and scorer where the model was shown to find fewer.
    enough : bool
        Whether the test period holds enough outcomes and hand-overs to judge at all.
    """

    outcome: Outcome
    gained: Interval
    behind: tuple[tuple[Band, str], ...]
    enough: bool


def judge_depth(
    depths: Mapping[Band, Comparison], *, model: str, baseline: str, reached: float, min_outcomes: int, learned: bool
) -> DepthVerdict:
    """Judge by ``RULE``.

    Parameters
    ----------
    depths : mapping of cut-off to Comparison
        ``MQL`` and ``SAL``, from :func:`models.evaluation.working_depth.compare_at_depth`.
    model, baseline : str
        Whose difference decides; every other scorer in the comparisons guards.
    reached : float
        Test leads that reached the target.
    min_outcomes : int
        With fewer, or with fewer leads handed over, nothing is proven either way: a share of a handful has no interval
        worth the name. A guarding cut-off with fewer hand-overs does not weigh.
    learned : bool
        Whether the forecast tells leads apart at all; a base rate wins nothing.
    """
    gained = depths[DECIDING].difference(model, baseline, FOUND)
    weighing = {band: c for band, c in depths.items() if c.values[baseline][HANDED_OVER] >= min_outcomes}
    enough = reached >= min_outcomes and DECIDING in weighing
    if not enough or not learned:
        return DepthVerdict("not_proven", gained, (), enough)
    behind = tuple(
        (band, other)
        for band, comparison in weighing.items()
        for other in comparison.values
        if other != model and comparison.difference(model, other, FOUND).high < 0
    )
    outcome: Outcome = "lost" if behind else "won" if gained.low > 0 else "not_proven"
    return DepthVerdict(outcome, gained, behind, enough)
