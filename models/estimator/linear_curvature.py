"""How steeply the loss of the linear part bends in each direction: what leads an optimiser straight to the minimum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.arrays import Floats
from models.estimator.linear_terms import LinearDesign

MOST_TOGETHER = 2_500
"""Parameters of which all pairs are looked at; with more, codes of categories are each taken alone."""


@dataclass(frozen=True)
class Curvature:
    """The second derivatives of the log loss of one lead, on average, without a ridge.

    Attributes
    ----------
    pairs : array of shape (k, k)
        Of the first ``k`` parameters: all, or those of numbers.
    alone : array, one entry for each parameter after these
        Its own second derivative.
    """

    pairs: Floats
    alone: Floats

    @classmethod
    def of(cls, design: LinearDesign, curvature: Floats, weights: Floats) -> Curvature:
        """Take it from rows.

        Parameters
        ----------
        design : LinearDesign
        curvature : array of length n
            Second derivative of each row's weighted loss in its log-odds.
        weights : array of length n
            They sum to the number of leads.
        """
        spread, together = design.spread(curvature) / weights.sum(), design.size
        if together > MOST_TOGETHER:
            together -= sum(design.blocks[design.scale.numbers :])
        return cls(spread[:together, :together], np.diagonal(spread)[together:].copy())

    def whitening(self, ridges: Floats, *, leads: float) -> Whitening:
        """Return the parameters in which the penalised loss of so many leads bends alike in all directions."""
        together = len(self.pairs)
        root = np.linalg.cholesky(leads * self.pairs + np.diag(ridges[:together]))
        return Whitening(np.asfortranarray(root), np.sqrt(leads * self.alone + ridges[together:]))


@dataclass(frozen=True)
class Whitening:
    """From coefficients to parameters that do not hang together, and back.

    Attributes
    ----------
    root : array of shape (k, k)
        Lower triangle of the first ``k`` parameters; times its transpose it is their penalised curvature.
    scale : array, one entry for each parameter after these
    """

    root: Floats
    scale: Floats

    def coefficients(self, parameters: Floats) -> Floats:
        """Return the coefficients that parameters stand for."""
        together = len(self.root)
        solved = self._solved(parameters[:together], transposed=True)
        return np.concatenate([solved, parameters[together:] / self.scale])

    def parameters(self, coefficients: Floats) -> Floats:
        """Return the parameters that stand for coefficients."""
        together = len(self.root)
        return np.concatenate([coefficients[:together] @ self.root, coefficients[together:] * self.scale])

    def slopes(self, slope: Floats) -> Floats:
        """Return the slope in the parameters of a loss whose slope in the coefficients is known."""
        together = len(self.root)
        return np.concatenate([self._solved(slope[:together]), slope[together:] / self.scale])

    def _solved(self, values: Floats, *, transposed: bool = False) -> Floats:
        from scipy.linalg import solve_triangular  # here, since reading a saved model needs no equations

        solved = solve_triangular(self.root, values, lower=True, trans=int(transposed), check_finite=False)
        return np.asarray(solved, dtype=np.float64)
