"""How good a score is: ranking (AUC, average precision, lift) and probability (log loss, Brier, calibration error).

Every measure takes row weights, even ones unless outcomes say unequally much (`models.measures.observed_outcomes`);
and it takes many weightings at once, because the bootstrap in :mod:`models.measures.bootstrap`, which draws leads
with all their rows, is nothing but other weightings of the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.arrays import Floats
from models.measures.tied_ranks import Accumulated, TieGroups

CALIBRATION_BINS = 10
LIFT_SHARE = 0.1
SMALLEST_PROBABILITY = 1e-6
"""Log loss of a probability of exactly 0 or 1 would be infinite where it is wrong."""


@dataclass(frozen=True)
class Metric:
    """One measure: its key, its name for people, and whether more is better."""

    key: str
    name: str
    more_is_better: bool
    needs_probability: bool


METRICS: tuple[Metric, ...] = (
    Metric("auc", "AUC", True, False),
    Metric("ap", "Average precision", True, False),
    Metric("lift10", "Lift in the top tenth", True, False),
    Metric("log_loss", "Log loss", False, True),
    Metric("brier", "Brier score", False, True),
    Metric("ece", "Calibration error", False, True),
)


@dataclass(frozen=True)
class Scored:
    """What one scorer says about each row.

    Attributes
    ----------
    rank : array of float
        Any score; more is better. Ranking measures use it.
    probability : array of float
        In [0, 1]. The other measures use it.
    """

    rank: Floats
    probability: Floats

    @classmethod
    def from_probability(cls, probability: npt.ArrayLike) -> Scored:
        """Rank by the probability itself."""
        p = np.asarray(probability, dtype="float64")
        return cls(p, p)


def metric_values(y: npt.ArrayLike, scored: Scored, weights: npt.ArrayLike | None = None) -> dict[str, float]:
    """Return every measure of one scorer.

    Parameters
    ----------
    y : array of 0 and 1
        Outcomes.
    scored : Scored
        Scores of the same rows.
    weights : array of float, optional
        Weight of each row; 1 by default.

    Returns
    -------
    dict of str to float
        By the keys of ``METRICS``. AUC and calibration error are in [0, 1]; lift is the rate of outcomes in the top
        tenth over the overall rate; a measure that needs both outcomes is nan where only one occurs.

    Notes
    -----
    Calibration error is the mean distance of forecast and outcome over ten bins of equal weight. Rows with equal
    scores are never told apart: where a bin's (or the top tenth's) edge falls among them, each goes in by the share.

    Examples
    --------
    >>> values = metric_values([0, 1, 0, 1], Scored.from_probability([0.1, 0.4, 0.6, 0.9]))
    >>> values["auc"], round(values["brier"], 4)
    (0.75, 0.185)
    """
    outcome = np.asarray(y, dtype="float64")
    weight = np.ones(len(outcome)) if weights is None else np.asarray(weights, dtype="float64")
    draws = MetricDraws(outcome, scored).values(weight[np.newaxis, :])
    return {key: float(values[0]) for key, values in draws.items()}


class MetricDraws:
    """Measures of one scorer under many weightings of its rows; sorts once.

    Parameters
    ----------
    y : array of 0 and 1
        Outcomes.
    scored : Scored
        Scores of the same rows.
    """

    def __init__(self, y: Floats, scored: Scored) -> None:
        self._by_rank = TieGroups(scored.rank)
        self._same_order = scored.probability is scored.rank
        self._by_probability = self._by_rank if self._same_order else TieGroups(scored.probability)
        self._y, self._probability = y, scored.probability
        p = np.clip(scored.probability, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
        self._log_losses = -(y * np.log(p) + (1 - y) * np.log1p(-p))
        self._squares = (scored.probability - y) ** 2

    def values(self, weights: Floats) -> dict[str, Floats]:
        """Return each measure as an array, one value a row of ``weights`` (weightings × rows)."""
        total = weights.sum(axis=1)
        won_weights = weights * self._y
        by_rank = Accumulated(self._by_rank.sums(weights), self._by_rank.sums(won_weights))
        by_probability = by_rank
        if not self._same_order:
            groups = self._by_probability
            by_probability = Accumulated(groups.sums(weights), groups.sums(won_weights))
        with np.errstate(invalid="ignore", divide="ignore"):
            return {
                "auc": _auc(by_rank),
                "ap": _average_precision(by_rank),
                "lift10": by_rank.held_by([LIFT_SHARE])[:, 0] / LIFT_SHARE / by_rank.all_won,
                "log_loss": weights @ self._log_losses / total,
                "brier": weights @ self._squares / total,
                "ece": self._calibration_error(by_probability),
            }

    def _calibration_error(self, runs: Accumulated) -> Floats:
        groups = self._by_probability
        forecast = self._probability[groups.order[groups.starts]]
        gap = Accumulated(runs.mass, runs.won - runs.mass * forecast)
        gap_so_far = gap.held_by(np.linspace(0, 1, CALIBRATION_BINS + 1))
        result: Floats = np.abs(np.diff(gap_so_far, axis=1)).sum(axis=1) / runs.all_mass
        return result


def _auc(runs: Accumulated) -> Floats:
    """Chance that a won row scores above a lost one, ties counting half."""
    lost = runs.mass - runs.won
    lost_so_far = runs.mass_so_far - runs.won_so_far
    all_lost = (runs.all_mass - runs.all_won)[:, np.newaxis]
    wins = (runs.won * (all_lost - lost_so_far + lost / 2)).sum(axis=1)
    result: Floats = np.clip(wins / (runs.all_won * all_lost[:, 0]), 0.0, 1.0)
    return result


def _average_precision(runs: Accumulated) -> Floats:
    """Precision at each threshold, weighted by the recall it adds."""
    reached = runs.mass_so_far
    precision = np.divide(runs.won_so_far, reached, out=np.zeros_like(reached), where=reached > 0)
    result: Floats = (precision * runs.won).sum(axis=1) / runs.all_won
    return result
