"""When outcomes are due: each target's curve P(reached within t), coherent over the funnel, and the time expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from features.source_spec import SourceSpec
from features.time_units import DAY_US
from models.arrays import Floats
from models.log_odds import log_odds_to_probability

STEPS_OF_A_CURVE = 60
"""Steps by which a curve is summed to an expected time."""
CALENDAR_DAYS = (1, 3, 7, 14, 21, 30, 45, 60, 75, 90, 120, 150, 180, 270, 365, 545, 730)
"""Days at which people think of a curve."""


@dataclass(frozen=True)
class Outlook:
    """When rows are due to reach a target.

    Attributes
    ----------
    curve : array of shape (rows, times)
        P(reached within t), rising in t; NaN beyond the target's horizon, and where no timing was learned.
    expected_days : array of length rows
        Mean days to the target, given that it is reached within the horizon. 0 for a row that has reached it; NaN
        where no timing was learned.
    """

    curve: Floats
    expected_days: Floats


def curve_days(spec: SourceSpec) -> tuple[float, ...]:
    """Return the days after the as-of time that a curve is told at: calendar days below a horizon, and each horizon.

    Examples
    --------
    >>> from features.source_spec import SourceSpec
    >>> targets = {"sql": {"stage": "SQL", "horizon": "36h"}, "close": {"stage": "WON", "horizon": "10d"}}
    >>> words = {"de": "Klein", "en": "Small"}
    >>> curve_days(SourceSpec.model_validate({"name": "small", "title": words, "targets": targets}))
    (1.0, 1.5, 3.0, 7.0, 10.0)
    """
    return _curve_days(tuple(target.horizon / DAY_US for target in spec.targets.values()))


@lru_cache(maxsize=32)
def _curve_days(horizons: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(sorted({*horizons, *(float(day) for day in CALENDAR_DAYS if day < max(horizons))}))


def sampled_times(times_us: ArrayLike, spec: SourceSpec) -> tuple[Floats, dict[str, slice]]:
    """Return the times asked for, then for each target the steps its curve is summed by, with where those stand."""
    times = np.atleast_1d(np.asarray(times_us, dtype=np.float64))
    return _sampled(tuple(times.tolist()), tuple((str(name), one.horizon) for name, one in spec.targets.items()))


@lru_cache(maxsize=32)
def _sampled(times: tuple[float, ...], horizons: tuple[tuple[str, int], ...]) -> tuple[Floats, dict[str, slice]]:
    parts, start = [np.array(times)], len(times)
    place: dict[str, slice] = {}
    for name, horizon in horizons:
        parts.append(_even(float(horizon), STEPS_OF_A_CURVE + 1))
        place[name] = slice(start, start + STEPS_OF_A_CURVE + 1)
        start = place[name].stop
    return np.concatenate(parts), place


@lru_cache(maxsize=32)
def _even(until: float, count: int) -> Floats:
    """Return so many numbers from 0 on at even steps; nobody changes them."""
    return np.linspace(0.0, until, count)


def bounded_curves(
    times_us: Floats, log_odds: Mapping[str, Floats], shares: Mapping[str, Floats], spec: SourceSpec
) -> dict[str, Floats]:
    """Return P(target reached within t) of each target: at no time above that of a target on its rung or a lower one.

    Parameters
    ----------
    times_us : array of length k
        After the as-of time, in microseconds.
    log_odds : mapping of target to array of length n
        Each target's log-odds as if it were alone; +inf for a row that has reached it.
    shares : mapping of target to array of shape (n, k)
        P(reached within t | reached within the horizon).
    spec : SourceSpec
        Ladder and targets. What another target says ends with its horizon: beyond it, it bounds nothing.
    """
    ladder = spec.ladder
    rung = {str(name): ladder.index(declared.stage) for name, declared in spec.targets.items()}
    within = {str(name): times_us[None, :] <= declared.horizon for name, declared in spec.targets.items()}
    alone = {name: _alone(log_odds[name], shares[name]) for name in rung}
    curves: dict[str, Floats] = {}
    for target, curve in alone.items():
        for other in rung:
            if other != target and rung[other] <= rung[target]:
                curve = np.where(within[other], np.minimum(curve, alone[other]), curve)
        curves[target] = np.where(within[target], curve, np.nan)
    return curves


def mean_days(curve: Floats, horizon_us: int) -> Floats:
    """Return the mean days to the target, given that it is reached, from a curve at even steps up to the horizon."""
    still_to_come = 1.0 - curve / np.maximum(curve[:, -1:], 1e-12)
    return np.asarray(np.trapezoid(still_to_come, _even(horizon_us / DAY_US, curve.shape[1]), axis=1))


def told(curves: Mapping[str, Floats], days: Sequence[float]) -> list[list[dict[str, float | None]]]:
    """Return each row's curves as JSON has them: a list of ``days`` and ``p_TARGET``, null where nothing is known.

    Rounded to a millionth, which keeps curves rising and in their order.
    """
    columns = {f"p_{name}": np.round(curve, 6) for name, curve in curves.items()}
    known = [_null_where_unknown(values) for values in columns.values()]
    count, names = len(days), ("days", *columns)
    rows = len(next(iter(curves.values())))
    points = [dict(zip(names, point, strict=True)) for point in zip(list(days) * rows, *known, strict=True)]
    return [points[start : start + count] for start in range(0, rows * count, count)]


def _null_where_unknown(values: Floats) -> list[float | None]:
    """Return the values of a matrix, row by row, as JSON has them."""
    result = values.astype(object)
    result[np.isnan(values)] = None
    return list(result.ravel())


def _alone(log_odds: Floats, shares: Floats) -> Floats:
    p = log_odds_to_probability(log_odds)[:, None] * shares
    return np.where(np.isposinf(log_odds)[:, None], 1.0, p)
