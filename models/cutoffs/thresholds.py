"""The thresholds on one score that promote a number of leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from models.arrays import Bools
from models.bands import PerBand, ordered

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_SHARES = PerBand(mql=0.25, sal=0.10)
"""Share of the leads promoted where there are neither rules nor a number a week to go by."""


@dataclass(frozen=True)
class Thresholds:
    """A pair of thresholds on one score, and how many distinct leads each promotes."""

    at: PerBand[float]
    leads: PerBand[int]


def choose_thresholds(
    lead_ids: pd.Series,
    score: npt.ArrayLike,
    *,
    may: PerBand[Bools],
    leads: PerBand[float],
    counted: npt.ArrayLike | None = None,
) -> Thresholds:
    """Return the thresholds whose number of distinct promoted leads comes closest to what was asked.

    Parameters
    ----------
    lead_ids : Series
        Lead of each row; a lead is promoted when any of its rows passes, and counts once.
    score : array of float
        Higher is better.
    may : PerBand of array of bool
        Which rows may be promoted (:func:`models.bands.may_enter`).
    leads : PerBand of float
        Distinct leads asked for over all rows that count.
    counted : array of bool, optional
        Rows of the time that is counted; the others come before it, and a lead that passes there is promoted already
        and does not count again. All count if it is not given.

    Returns
    -------
    Thresholds
        That for SAL is never below that for MQL, even if fewer leads than asked are then promoted to SAL. Leads with
        equal scores pass together or not at all: whichever comes closer, and the fewer of the two where both are as
        far.
    """
    import pandas as pd

    frame = pd.DataFrame({"lead": np.asarray(lead_ids), "score": np.asarray(score, dtype="float64")})
    counts = np.ones(len(frame), dtype=bool) if counted is None else np.asarray(counted, dtype=bool)
    entries = may.map(lambda rows: _entries(frame, rows, counts))
    nobody = above_all(frame["score"])
    at = ordered(PerBand.by(lambda band: threshold_near(entries.of(band), leads.of(band), nobody)))
    return Thresholds(at, PerBand.by(lambda band: _promoted(entries.of(band), at.of(band))))


def above_all(score: npt.ArrayLike) -> float:
    """Return the cut-off that promotes nobody: just above the highest score; 1 where there are none.

    Examples
    --------
    >>> above_all([0.2, 0.5]) > 0.5
    True
    """
    values = np.asarray(score, dtype="float64")
    return float(np.nextafter(np.fmax.reduce(values), np.inf)) if len(values) else 1.0


def _entries(frame: pd.DataFrame, may: Bools, counted: Bools) -> npt.NDArray[np.float64]:
    """Return for each lead the thresholds at which it is promoted in the counted time: above the first, to the second.

    A lead whose best score came before the counted time is promoted in it at no threshold, and is left out.
    """
    best = frame[may & counted].groupby("lead")["score"].max()
    before = frame[may & ~counted].groupby("lead")["score"].max().reindex(best.index).fillna(-np.inf)
    pairs = np.column_stack([before.to_numpy(dtype="float64"), best.to_numpy(dtype="float64")])
    return pairs[pairs[:, 0] < pairs[:, 1]]


def _promoted(entries: npt.NDArray[np.float64], threshold: float) -> int:
    return int(((entries[:, 0] < threshold) & (threshold <= entries[:, 1])).sum())


def threshold_near(entries: npt.NDArray[np.float64], leads: float, nobody: float) -> float:
    """Return the cut-off whose number of promoted leads comes closest to what was asked.

    It lies midway between two neighbouring scores, so that the last digit of a float decides nothing.

    Parameters
    ----------
    entries : array of float, shape (n, 2)
        A lead is promoted at cut-offs above the first, up to the second.
    leads : float
        Number of leads.
    nobody : float
        Returned where there is no entry.
    """
    if len(entries) == 0:
        return nobody
    before, best = np.sort(entries[:, 0]), np.sort(entries[:, 1])
    values = np.unique(entries[np.isfinite(entries)])[::-1]
    # Those whose best reaches a value, less those that reached it before.
    promoted = np.searchsorted(before, values, side="left") - np.searchsorted(best, values, side="left")
    distance = np.abs(np.concatenate(([0], promoted)) - leads)
    cut = int(np.argmin(distance))
    if cut == 0:
        return above_all(values)
    if cut == len(values):
        return float(values[-1])
    middle = (values[cut - 1] + values[cut]) / 2
    return float(middle if values[cut] < middle <= values[cut - 1] else values[cut - 1])
