"""Latent intent: a lead's interest in buying, day by day since its creation. It rises, stays for a while, and fades."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class IntentShape:
    """Each lead's path in five numbers; days count from the lead's creation."""

    peak: np.ndarray
    """Highest intent, in [0, 1]; 0 for who will never buy."""
    onset_day: np.ndarray
    """Day on which intent begins to rise; may lie before creation."""
    rise_days: np.ndarray
    stay_days: np.ndarray
    fade_days: np.ndarray
    """Time constant of the decay after the plateau."""

    def rows(self, part: slice | np.ndarray) -> IntentShape:
        """Return the shapes of some leads."""
        return IntentShape(
            self.peak[part], self.onset_day[part], self.rise_days[part], self.stay_days[part], self.fade_days[part]
        )


def draw_shapes(rng: np.random.Generator, *, interested: np.ndarray, onset_day: np.ndarray) -> IntentShape:
    """Draw a path for every lead; those who are not interested keep a trace of curiosity that leads nowhere."""
    size = len(interested)
    serious = rng.beta(5, 2, size)
    trace = 0.12 * rng.beta(1, 4, size)
    return IntentShape(
        peak=np.where(interested, serious, trace),
        onset_day=onset_day,
        rise_days=rng.uniform(8, 40, size),
        stay_days=rng.uniform(10, 60, size),
        fade_days=rng.uniform(12, 60, size),
    )


def intent_paths(shape: IntentShape, *, days: int) -> np.ndarray:
    """Return intent on each day.

    Returns
    -------
    ndarray of float64, shape (days, leads)
        In [0, 1]: ``peak · logistic rise · exponential fade``.

    Examples
    --------
    >>> one = IntentShape(*(np.array([x]) for x in (1.0, 0.0, 10.0, 5.0, 20.0)))
    >>> intent_paths(one, days=60)[[0, 5, 13, 59], 0].round(2).tolist()
    [0.05, 0.5, 0.99, 0.11]
    """
    day = np.arange(days, dtype=np.float64)[:, None]
    since_onset = day - shape.onset_day
    rise = 1 / (1 + np.exp(-np.clip(6 * (since_onset / shape.rise_days - 0.5), -40, 40)))
    fading = np.maximum(since_onset - shape.rise_days - shape.stay_days, 0)
    paths: np.ndarray = shape.peak * rise * np.exp(-fading / shape.fade_days)
    return paths
