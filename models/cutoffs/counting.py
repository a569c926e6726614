"""Which first promotions make the number of leads a week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from features.time_units import WEEK_US

if TYPE_CHECKING:
    import pandas as pd


def period_weeks(as_of_us: npt.ArrayLike) -> float:
    """Return the length in weeks of the period that as-of times span; at least one week."""
    times = np.asarray(as_of_us, dtype="int64")
    return max(1.0, float(times.max() - times.min()) / WEEK_US) if len(times) else 1.0


@dataclass(frozen=True)
class Counting:
    """Which first promotions make the number a week.

    Attributes
    ----------
    from_us : int
        Those at or after it count; looks before it only say who was promoted already.
    weeks : float
        Length of the time that counts.
    share : float
        Share of the leads that the looks are a sample of; numbers a week are divided by it.
    """

    from_us: int
    weeks: float
    share: float = 1.0

    @classmethod
    def of_all(cls, as_of_us: npt.ArrayLike) -> Counting:
        """Count all looks, over the period they span."""
        times = np.asarray(as_of_us, dtype="int64")
        return cls(int(times.min()) if len(times) else 0, period_weeks(times))

    def leads(self, promotions: pd.DataFrame) -> int:
        """Return how many of the first promotions count."""
        return int((promotions["as_of_us"] >= self.from_us).sum())

    def per_week(self, leads: float) -> float:
        """Return a number of counted leads as a number a week."""
        return leads / self.weeks / self.share
