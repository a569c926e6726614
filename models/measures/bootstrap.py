"""Intervals by lead: leads are drawn with replacement, and all rows of a lead come and go together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from models.arrays import Floats
from models.measures.lead_weights import row_weights
from models.measures.metrics import METRICS, MetricDraws, Scored, metric_values

LEVEL = 0.95
BIASED = frozenset({"ece"})
"""Measures that are larger on a resample than on all rows, on average."""
_DRAWS_AT_ONCE = 4
"""Weightings held together: 4 × 30,000 rows is 1 MB, which stays in a cache; 25 at once take twice as long."""


@dataclass(frozen=True)
class Interval:
    """An estimate with the bounds of its 95 % interval."""

    value: float
    low: float
    high: float


def drawn_weights(
    lead_ids: npt.ArrayLike, *, draws: int, seed: int, weights: npt.ArrayLike | None = None
) -> Iterator[Floats]:
    """Yield blocks of weightings (draws × rows): how often each row's lead was drawn, times its base weight.

    Leads are numbered by id, so the draws do not depend on the order of rows.
    """
    leads, lead = np.unique(np.asarray(lead_ids, dtype=str), return_inverse=True)
    base = row_weights(lead_ids, weights)
    generator = np.random.default_rng(seed)
    for start in range(0, draws, _DRAWS_AT_ONCE):
        block = min(_DRAWS_AT_ONCE, draws - start)
        drawn = generator.integers(0, len(leads), size=(block, len(leads)))
        counts = np.stack([np.bincount(row, minlength=len(leads)) for row in drawn])
        yield counts[:, lead] * base


def interval(value: float, draws: npt.ArrayLike, *, level: float = LEVEL, biased: bool = False) -> Interval:
    """Return the percentile interval of bootstrap draws around an estimate; draws that are nan are left out.

    Parameters
    ----------
    value : float
        The estimate on all rows.
    draws : array of float
        The estimate on each resample.
    level : float
        Share of the draws between the bounds.
    biased : bool
        Whether resamples err to one side; then the draws are moved by their mean distance from the estimate first,
        so that the interval lies around it (percentile interval with the bootstrap's estimate of bias taken off).

    Examples
    --------
    >>> interval(1.0, [2.0, 2.5, 3.0], level=0.5), interval(1.0, [2.0, 2.5, 3.0], level=0.5, biased=True)
    (Interval(value=1.0, low=2.25, high=2.75), Interval(value=1.0, low=0.75, high=1.25))
    """
    numbers = np.asarray(draws, dtype="float64")
    numbers = numbers[np.isfinite(numbers)]
    if len(numbers) == 0:
        return Interval(value, float("nan"), float("nan"))
    moved = numbers - (numbers.mean() - value) if biased else numbers
    low, high = np.quantile(moved, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(value), float(low), float(high))


@dataclass(frozen=True)
class Comparison:
    """Measures of several scorers on the same rows, from the same draws of leads.

    Attributes
    ----------
    values : dict
        Scorer → measure → value on all rows.
    draws : dict
        Scorer → measure → one value a draw.
    """

    values: dict[str, dict[str, float]]
    draws: dict[str, dict[str, Floats]]

    def interval(self, scorer: str, metric: str) -> Interval:
        """Return a measure of a scorer with its interval; no measure is below 0."""
        bounds = interval(self.values[scorer][metric], self.draws[scorer][metric], biased=metric in BIASED)
        return replace(bounds, low=max(bounds.low, 0.0)) if metric in BIASED and np.isfinite(bounds.low) else bounds

    def difference(self, scorer: str, other: str, metric: str) -> Interval:
        """Return a measure of ``scorer`` less that of ``other``, paired: both on the same drawn leads."""
        value = self.values[scorer][metric] - self.values[other][metric]
        return interval(value, self.draws[scorer][metric] - self.draws[other][metric], biased=metric in BIASED)


def compare(
    y: npt.ArrayLike,
    scorers: Mapping[str, Scored],
    *,
    lead_ids: npt.ArrayLike,
    draws: int,
    seed: int,
    weights: npt.ArrayLike | None = None,
) -> Comparison:
    """Measure scorers on the same rows and the same resamples of leads.

    Parameters
    ----------
    y : array of 0 and 1
        Outcomes.
    scorers : mapping of str to Scored
        What each says about the rows.
    lead_ids : array of str
        Lead of each row; draws take all rows of a lead together, and all rows weigh alike.
    draws : int
        Number of resamples.
    seed : int
        Same seed, same intervals.
    weights : array of float, optional
        Weight of each row, where rows do not weigh alike (:mod:`models.measures.observed_outcomes`).

    Returns
    -------
    Comparison
        Values and draws. The calibration error of a resample is on average a little above that of all rows (noise
        adds to a mean of distances): its draws are kept as they are, its intervals have that excess taken off.
    """
    outcome = np.asarray(y, dtype="float64")
    weights = row_weights(lead_ids, weights)
    values = {name: metric_values(outcome, scored, weights) for name, scored in scorers.items()}
    prepared = {name: MetricDraws(outcome, scored) for name, scored in scorers.items()}
    blocks: dict[str, dict[str, list[Floats]]] = {name: {m.key: [] for m in METRICS} for name in scorers}
    for drawn in drawn_weights(lead_ids, draws=draws, seed=seed, weights=weights):
        for name, measure in prepared.items():
            for key, block in measure.values(drawn).items():
                blocks[name][key].append(block)
    joined = {name: {key: np.concatenate(parts) for key, parts in by_key.items()} for name, by_key in blocks.items()}
    return Comparison(values, joined)
