"""Whether the leads of today look like those that the model learned from: PSI of each feature, with an interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import ndtri

from features.answers import Answer, answers_of
from features.catalog.feature import Feature
from models.arrays import Floats

BINS: Final = 10
MOST_VALUES: Final = 20
FEWEST_LEADS: Final = 100
"""Of fewer leads on one side nothing is told."""
LARGE: Final = 0.25
"""The customary bound of PSI for a change that matters."""
FALSE_ALARM: Final = 0.05
FEWEST_STRETCHES: Final = 3


def feature_drift(
    reference: pd.DataFrame, current: pd.DataFrame, features: Sequence[Feature], *, stretch: np.ndarray
) -> pd.DataFrame:
    """Hold the newest rows against those that were learned from.

    Parameters
    ----------
    reference, current : DataFrame
        ``lead_id`` and the columns of ``features``; every lead weighs 1 on its side.
    features : sequence of Feature
    stretch : array of int
        Which stretch of time a row of the reference lies in, each as long as that of ``current``; below 0 for rows that
        lie in none.

    Returns
    -------
    DataFrame
        One row a feature, alarms and the largest drift first: ``feature``, ``family``, ``subject``, ``psi`` (the excess
        that chance adds taken off, at least 0), ``low`` and ``high`` (together 95 % over all features), ``usual`` (the
        largest PSI of a stretch of the reference against the rest of it; missing below ``FEWEST_STRETCHES``), ``moved``
        (the bin whose share changed most) with ``share_before`` and ``share``, ``answer``, an `Answer`.

    Notes
    -----
    A feature has drifted (failed) when even the lower bound of its PSI is above 0.25 and above ``usual``, so that a
    trade fair or a season is no drift; it has not (passed) when the upper bound is below the larger of the two; in
    between nobody can tell. The bounds hold for all features together.

    PSI = Σ (q − p) log(q / p) over bins; p and q have half a lead added to each bin, so no bin is empty. Numbers are
    cut at the deciles of the reference, missing values have a bin of their own. The standard error is that of the
    delta method over leads (Serfling, Approximation Theorems, 1980, ch. 3), the excess its second-order term.
    """
    columns = [feature for feature in features if feature.name in reference and feature.name in current]
    sides = (reference, current)
    leads = [side["lead_id"].nunique() for side in sides]
    if not columns:
        return pd.DataFrame(columns=["feature", "family", "subject", "psi", "low", "high", "usual", "answer"])
    coded = [_codes(reference[f.name], current[f.name], f.dtype) for f in columns]
    bounds = np.cumsum([0, *(len(names) for _, _, names in coded)])
    codes = ([before for before, _, _ in coded], [now for _, now, _ in coded])
    matrices = [_counts(side, side_codes, bounds) for side, side_codes in zip(sides, codes, strict=True)]
    value, error, excess = _psi_with_error(*matrices, bounds=bounds)
    usual = _largest_of_stretches(reference, codes[0], stretch, bounds)
    centre, reach = np.maximum(value - excess, 0.0), error * float(ndtri(1 - FALSE_ALARM / (2 * len(columns))))
    low, high = np.maximum(centre - reach, 0.0), centre + reach
    large = np.fmax(LARGE, usual)
    enough = min(leads) >= FEWEST_LEADS
    answers = answers_of(failed=enough & (low > large), passed=enough & (high < large))
    table = pd.DataFrame(
        {
            "feature": [f.name for f in columns],
            "family": [f.family for f in columns],
            "subject": [f.subject for f in columns],
            "psi": centre,
            "low": low,
            "high": high,
            "usual": usual,
            "answer": answers,
        }
    )
    moved = pd.DataFrame([_most_moved(matrices, bounds, place, coded[place][2]) for place in range(len(columns))])
    table = pd.concat([table, moved], axis=1).assign(calm=answers != Answer.FAILED)
    ordered = table.sort_values(["calm", "psi", "feature"], ascending=[True, False, True], ignore_index=True)
    return ordered.drop(columns="calm")


def _codes(reference: pd.Series, current: pd.Series, dtype: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return the bin of every row on both sides, and what the bins are called; the last is for missing values."""
    if dtype in ("category", "boolean"):
        sides = [side.astype("string") for side in (reference, current)]
        counts = pd.concat(sides).value_counts().sort_index().sort_values(ascending=False, kind="stable")
        names = [str(name) for name in counts.index[:MOST_VALUES]]
        place = {name: at for at, name in enumerate(names)}
        other = len(names)
        codes = [
            np.where(side.isna(), other + 1, side.map(place).astype("float64").fillna(other)).astype(np.int64)
            for side in sides
        ]
        return codes[0], codes[1], [*names, "others", "missing"]
    numbers = [side.astype("float64").to_numpy() for side in (reference, current)]
    values = numbers[0][np.isfinite(numbers[0])]
    edges = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1])) if len(values) else np.array([])
    codes = [np.where(np.isnan(side), len(edges) + 1, np.searchsorted(edges, side)) for side in numbers]
    texts = [f"{edge:.4g}" for edge in edges]
    names = [f"up to {text}" for text in texts] + ([f"above {texts[-1]}"] if texts else ["any"])
    return codes[0], codes[1], [*names, "missing"]


def _counts(rows: pd.DataFrame, codes: Sequence[np.ndarray], bounds: np.ndarray) -> Floats:
    """Return leads × bins of all features: which part of its weight a lead has in each bin."""
    names, lead = np.unique(rows["lead_id"].astype(str).to_numpy(), return_inverse=True)
    weight = 1.0 / np.bincount(lead)[lead]
    matrix = np.zeros((len(names), int(bounds[-1])))
    for start, code in zip(bounds[:-1], codes, strict=True):
        np.add.at(matrix, (lead, start + code), weight)
    return matrix


def _psi_with_error(before: Floats, now: Floats, *, bounds: np.ndarray) -> tuple[Floats, Floats, Floats]:
    """Return PSI of every feature (the bins between two bounds), its standard error, and what chance adds to it."""
    p, q = (_shares(matrix.sum(axis=0), bounds) for matrix in (before, now))
    starts, ratio = bounds[:-1], np.log(q / p)
    slopes = (1 - q / p - ratio, 1 - p / q + ratio)
    bends = (1 / p + q / p**2, 1 / q + p / q**2)
    square, excess = np.zeros(len(starts)), np.zeros(len(starts))
    for matrix, slope, bend in zip((before, now), slopes, bends, strict=True):
        pull = np.add.reduceat(matrix * slope, starts, axis=1)
        square += pull.var(axis=0) / len(matrix)
        excess += np.add.reduceat(bend * matrix.var(axis=0), starts) / (2 * len(matrix))
    return np.add.reduceat((q - p) * ratio, starts), np.sqrt(square), excess


def _shares(counts: Floats, bounds: np.ndarray) -> Floats:
    """Return counts as shares of their feature, half a lead added to each bin."""
    fuller, starts = counts + 0.5, bounds[:-1]
    shares: Floats = fuller / np.repeat(np.add.reduceat(fuller, starts), np.diff(bounds))
    return shares


def _largest_of_stretches(
    reference: pd.DataFrame, codes: Sequence[np.ndarray], stretch: np.ndarray, bounds: np.ndarray
) -> Floats:
    """Return, a feature, the largest PSI of a stretch of the reference against the rest; NaN where there are too few.

    What chance adds is left in: it is small beside ``LARGE`` and errs towards quiet.
    """
    lead = pd.factorize(reference["lead_id"])[0]
    largest, counted = np.zeros(len(codes)), 0
    for at in np.unique(stretch[stretch >= 0]):
        inside = stretch == at
        sides = (~inside, inside)
        sizes = [np.unique(lead[side]).size for side in sides]
        if min(sizes) < FEWEST_LEADS:
            continue
        p, q = (_shares(_sums(lead[side], [code[side] for code in codes], bounds), bounds) for side in sides)
        largest = np.maximum(largest, np.add.reduceat((q - p) * np.log(q / p), bounds[:-1]))
        counted += 1
    return largest if counted >= FEWEST_STRETCHES else np.full(len(codes), np.nan)


def _sums(lead: np.ndarray, codes: Sequence[np.ndarray], bounds: np.ndarray) -> Floats:
    """Return leads in each bin of all features, each lead spread evenly over its rows."""
    weight = 1.0 / np.bincount(lead)[lead]
    sizes = np.diff(bounds)
    return np.concatenate([np.bincount(code, weight, size) for code, size in zip(codes, sizes, strict=True)])


def _most_moved(matrices: Sequence[Floats], bounds: np.ndarray, place: int, names: Sequence[str]) -> dict[str, object]:
    start, end = bounds[place], bounds[place + 1]
    sums = [matrix[:, start:end].sum(axis=0) for matrix in matrices]
    before, now = (side / max(side.sum(), 1e-9) for side in sums)
    at = int(np.argmax(np.abs(now - before)))
    return {"moved": names[at], "share_before": float(before[at]), "share": float(now[at])}
