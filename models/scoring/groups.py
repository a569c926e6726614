"""What an open lead is counted as, once, and which leads sales gets next. Both rules stand here alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from features.source_spec import SourceSpec
from models.arrays import Bools
from models.bands import BANDS

Group = Literal["SAL", "MQL", "none", "excluded", "with_sales", "reached"]
GROUPS: tuple[Group, ...] = get_args(Group)
"""All groups, highest priority first: the order of lists."""


def is_with_sales(stage: Iterable[object], spec: SourceSpec) -> Bools:
    """Return which leads sales has already, by the stage they stand at.

    Parameters
    ----------
    stage : sequence of str
        Where a lead stands now; missing before its first stage. A lost or recycled lead is not with sales.
    spec : SourceSpec
        Its ladder says from which rung on sales has a lead.
    """
    return np.array([name in spec.stages_with_sales for name in stage], dtype=bool)


def counted_as(
    band: npt.ArrayLike, *, reached: npt.ArrayLike, with_sales: npt.ArrayLike, excluded: npt.ArrayLike
) -> npt.NDArray[np.str_]:
    """Return the one group of each lead, so that groups add up to the open leads.

    The first that applies: ``reached`` (the target of the cut-offs lies behind the lead), ``with_sales`` (sales has it
    already), ``excluded`` (by rule, or vetoed by sales), else its band.

    Parameters
    ----------
    band : array of str
        ``none``, ``MQL`` or ``SAL``.
    reached, with_sales, excluded : array of bool

    Examples
    --------
    >>> flags = {"reached": [True, False, False], "with_sales": [True, True, False], "excluded": [True, True, True]}
    >>> counted_as(["SAL", "SAL", "none"], **flags).tolist()
    ['reached', 'with_sales', 'excluded']
    """
    rules: dict[Group, npt.ArrayLike] = {"reached": reached, "with_sales": with_sales, "excluded": excluded}
    applies = [np.asarray(rule, dtype=bool) for rule in rules.values()]
    return np.select(applies, [np.array(name) for name in rules], default=np.asarray(band, dtype=str))


def to_hand_over(groups: npt.ArrayLike) -> Bools:
    """Return which leads sales gets next: those that are counted as MQL or SAL.

    Examples
    --------
    >>> to_hand_over(["SAL", "with_sales", "none", "MQL"]).tolist()
    [True, False, False, True]
    """
    return np.isin(np.asarray(groups, dtype=str), BANDS)


Joined = Literal["list", "band"]
"""What is new about a lead since the run before: it was not on the list at all, or it has risen into its band."""
_RANK: dict[str, int] = {band: place for place, band in enumerate(BANDS, start=1)}


def joined(group: Iterable[str], before: Iterable[str | None]) -> npt.NDArray[np.object_]:
    """Return what is new about leads since the run before: this rule of "new" stands here alone.

    Parameters
    ----------
    group, before : sequence of str
        What each lead is counted as, now and in the run before; None there is a lead that it did not score.

    Returns
    -------
    array of str or None
        ``list``: no score before. ``band``: counted as MQL or SAL now, and as less before. None: not new.

    Examples
    --------
    >>> joined(["SAL", "SAL", "MQL", "none", "with_sales"], ["MQL", "SAL", "SAL", None, "SAL"]).tolist()
    ['band', None, None, 'list', None]
    """

    def of_lead(now: str, then: str | None) -> Joined | None:
        if then is None:
            return "list"
        return "band" if _RANK.get(now, 0) > _RANK.get(then, 0) else None

    pairs = [of_lead(now, then) for now, then in zip(group, before, strict=True)]
    return np.fromiter(pairs, dtype=object, count=len(pairs))
