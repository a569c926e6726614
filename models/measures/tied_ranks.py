"""Rows in falling order of a score, equal scores kept together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.arrays import Floats


class TieGroups:
    """Rows sorted by falling score and cut into runs of equal scores.

    Parameters
    ----------
    score : array of float
        One a row.
    """

    def __init__(self, score: Floats) -> None:
        self.order = np.argsort(-score, kind="stable")
        ordered = score[self.order]
        self.starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))

    def sums(self, weights: Floats) -> Floats:
        """Return the sum of each weighting (weightings × rows) within each run (weightings × runs)."""
        ordered: Floats = np.take(weights, self.order, axis=1)
        if len(self.starts) == ordered.shape[1]:
            return ordered
        result: Floats = np.add.reduceat(ordered, self.starts, axis=1)
        return result


class Accumulated:
    """Mass and won mass of runs of equal scores, and both summed from the top.

    Parameters
    ----------
    mass, won : array of float, weightings × runs
        In falling order of the score.
    """

    def __init__(self, mass: Floats, won: Floats) -> None:
        self.mass, self.won = mass, won
        self.mass_so_far, self.won_so_far = np.cumsum(mass, axis=1), np.cumsum(won, axis=1)
        self.all_mass, self.all_won = self.mass_so_far[:, -1], self.won_so_far[:, -1]

    def held_by(self, share: npt.ArrayLike) -> Floats:
        """Return how much won mass the first ``share`` of the mass holds (weightings × shares).

        Where a share ends inside a run, the run counts by the part of it: equal scores are never told apart.

        Examples
        --------
        >>> runs = Accumulated(np.array([[1.0, 2.0, 1.0]]), np.array([[1.0, 1.0, 0.0]]))
        >>> runs.held_by([0.25, 0.5]).tolist()
        [[1.0, 1.5]]
        """
        shares = np.asarray(share, dtype="float64")
        weightings = zip(self.mass_so_far, self.won_so_far, self.all_mass, strict=True)
        won_mass = [
            np.interp(shares * total, np.concatenate(([0.0], mass)), np.concatenate(([0.0], won)))
            for mass, won, total in weightings
        ]
        return np.array(won_mass)
