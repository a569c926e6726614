"""The bands MQL and SAL: who may be promoted to one, and who passes its cut-off. This rule stands here alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from models.arrays import Bools

if TYPE_CHECKING:
    import pandas as pd

Band = Literal["MQL", "SAL"]
BANDS: tuple[Band, ...] = ("MQL", "SAL")
"""Bands that a lead is promoted to, the wider first: every SAL is an MQL."""
BandOrNone = Literal["none", "MQL", "SAL"]

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class PerBand(Generic[T]):
    """One value for MQL and one for SAL.

    Examples
    --------
    >>> cutoffs = PerBand(mql=0.2, sal=0.4)
    >>> cutoffs.of("SAL"), cutoffs.map(lambda cutoff: 100 * cutoff)
    (0.4, PerBand(mql=20.0, sal=40.0))
    """

    mql: T
    sal: T

    @classmethod
    def by(cls, value: Callable[[Band], T]) -> PerBand[T]:
        """Return what a function says of each band."""
        return cls(value("MQL"), value("SAL"))

    def of(self, band: Band) -> T:
        """Return the value of one band."""
        return self.mql if band == "MQL" else self.sal

    def map(self, change: Callable[[T], U]) -> PerBand[U]:
        """Return what a function makes of each value."""
        return PerBand(change(self.mql), change(self.sal))

    def items(self) -> Iterator[tuple[Band, T]]:
        """Go through band and value, MQL first."""
        return iter((band, self.of(band)) for band in BANDS)


def may_enter(excluded: npt.ArrayLike, gates_open: npt.ArrayLike) -> PerBand[Bools]:
    """Return which rows may be promoted to each band, whatever their score.

    Parameters
    ----------
    excluded : array of bool
        By rule, or vetoed by sales: promoted to nothing.
    gates_open : array of bool
        Whether what a SAL needs is known to hold.

    Examples
    --------
    >>> may = may_enter([False, False, True], [True, False, True])
    >>> may.mql.tolist(), may.sal.tolist()
    ([True, True, False], [True, False, False])
    """
    may = ~np.asarray(excluded, dtype=bool)
    return PerBand(may, may & np.asarray(gates_open, dtype=bool))


def rows_that_may_enter(rows: pd.DataFrame) -> PerBand[Bools]:
    """Return the same of rows with the columns ``excluded`` and ``gates_open``."""
    return may_enter(rows["excluded"].to_numpy(dtype=bool), rows["gates_open"].to_numpy(dtype=bool))


def passes(score: npt.ArrayLike, may: PerBand[Bools], cutoffs: PerBand[float]) -> PerBand[Bools]:
    """Return which rows pass the cut-off of each band; a score equal to a cut-off passes it.

    Parameters
    ----------
    score : array of float
        Probability or points; higher is better.
    may : PerBand of array of bool
        As `may_enter` returns it.
    cutoffs : PerBand of float
        On the scale of ``score``. Whoever passes the one for SAL has to pass the one for MQL too.

    Examples
    --------
    >>> may = may_enter([False, False, True], [True, False, True])
    >>> both = passes([0.5, 0.5, 0.9], may, PerBand(0.2, 0.5))
    >>> both.mql.tolist(), both.sal.tolist()
    ([True, True, False], [True, False, False])
    """
    scores = np.asarray(score, dtype="float64")
    mql: Bools = may.mql & (scores >= cutoffs.mql)
    return PerBand(mql, mql & may.sal & (scores >= cutoffs.sal))


def ordered(cutoffs: PerBand[float]) -> PerBand[float]:
    """Return the cut-offs with that for SAL raised to that for MQL where it lies below: every SAL is an MQL.

    Examples
    --------
    >>> ordered(PerBand(0.3, 0.2)), ordered(PerBand(0.3, 0.4))
    (PerBand(mql=0.3, sal=0.3), PerBand(mql=0.3, sal=0.4))
    """
    return PerBand(cutoffs.mql, max(cutoffs.mql, cutoffs.sal))


def band_of(passing: PerBand[Bools]) -> npt.NDArray[np.str_]:
    """Return the highest band that each row passes: ``SAL``, ``MQL`` or ``none``."""
    return np.where(passing.sal, "SAL", np.where(passing.mql, "MQL", "none"))
