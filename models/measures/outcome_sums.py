"""How the outcomes of many leads add up by chance, when each comes true with the probability that was forecast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammainc, gammaincc, gammaincinv, ndtr, ndtri

SMALLEST_SKEWNESS = 1e-3
"""Below, a gamma distribution and the normal one are the same to six digits."""


@dataclass(frozen=True)
class LeadSum:
    """A weighted sum of independent outcomes, as a gamma distribution with its mean, variance and skewness.

    Attributes
    ----------
    mass : float
        Sum of the weights: the sum lies between 0 and ``mass``.
    mean, spread, skewness : float
        Of the sum; ``spread`` is its standard deviation.
    jump : float
        What one lead adds: the sum moves in such steps.
    """

    mass: float
    mean: float
    spread: float
    skewness: float
    jump: float

    @classmethod
    def of(cls, lead_ids: npt.ArrayLike, weights: npt.ArrayLike, p: npt.ArrayLike) -> LeadSum:
        """Take the rows of a lead together: they count as one outcome, which errs on the side of wide intervals.

        Examples
        --------
        >>> leads = LeadSum.of(["a", "b", "c", "d"], [1, 1, 1, 1], [0.5, 0.5, 0.5, 0.5])
        >>> leads.mean, leads.spread, leads.skewness, leads.jump
        (2.0, 1.0, 0.0, 1.0)
        """
        lead, _ = pd.factorize(np.asarray(lead_ids))
        weight = np.asarray(weights, dtype="float64")
        mass, due = np.bincount(lead, weight), np.bincount(lead, weight * np.asarray(p, dtype="float64"))
        rate = np.clip(due / mass, 1e-9, 1 - 1e-9)
        variance = mass**2 * rate * (1 - rate)
        spread = float(np.sqrt(variance.sum()))
        skewness = float((variance * mass * (1 - 2 * rate)).sum()) / spread**3
        return cls(float(mass.sum()), float(due.sum()), spread, skewness, float((variance * mass).sum()) / spread**2)

    def two_sided(self, value: float) -> float:
        """Return how often chance alone leads at least as far from the mean as ``value``, on its side twice."""
        half = self.jump / 2
        above = self._above(value - half)
        below = 1 - self._above(value + half)
        return min(1.0, 2 * min(above, below))

    def bounds(self, level: float = 0.95) -> tuple[float, float]:
        """Return between which values the sum lies so often."""
        low, high = (self._quantile(q) for q in ((1 - level) / 2, (1 + level) / 2))
        return max(low - self.jump / 2, 0.0), min(high + self.jump / 2, self.mass)

    def _above(self, value: float) -> float:
        z = (value - self.mean) / self.spread
        if abs(self.skewness) < SMALLEST_SKEWNESS:
            return float(ndtr(-z))
        shape = 4 / self.skewness**2
        at = max(shape + np.sign(self.skewness) * np.sqrt(shape) * z, 0.0)
        return float(gammaincc(shape, at) if self.skewness > 0 else gammainc(shape, at))

    def _quantile(self, share: float) -> float:
        if abs(self.skewness) < SMALLEST_SKEWNESS:
            return self.mean + self.spread * float(ndtri(share))
        shape, side = 4 / self.skewness**2, float(np.sign(self.skewness))
        at = float(gammaincinv(shape, share if side > 0 else 1 - share))
        return self.mean + self.spread * side * (at - shape) / float(np.sqrt(shape))
