"""Whether the leads of today look like those that the model learned from: PSI of each feature, with an interval."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import ndtri

from features.feature import Feature
from models.bootstrap import drawn_weights
from models.log_odds import Floats

BINS: Final = 10
MOST_VALUES: Final = 20
FEWEST_LEADS: Final = 100
"""Of fewer leads on one side nothing is told."""
LARGE: Final = 0.25
"""The customary bound of PSI for a change that matters."""
FALSE_ALARM: Final = 0.05
DRAWS: Final = 200
RULE: Final = (
    "A feature has drifted when even the lower bound of its PSI is above 0.25, and has not when the upper bound is "
    "below 0.25; in between nobody can tell. The bounds hold for all features together: where nothing drifts, one "
    "report in twenty says of any of them that it did."
)


def feature_drift(
    reference: pd.DataFrame, current: pd.DataFrame, features: Sequence[Feature], *, seed: int
) -> pd.DataFrame:
    """Hold the newest rows against those that were learned from.

    Parameters
    ----------
    reference, current : DataFrame
        ``lead_id`` and the columns of ``features``; every lead weighs 1 on its side.
    features : sequence of Feature
    seed : int
        Of the bootstrap by lead.

    Returns
    -------
    DataFrame
        One row a feature, the largest drift first: ``feature``, ``family``, ``subject``, ``psi`` (the excess that
        chance adds taken off, at least 0), ``low`` and ``high`` (together 95 % over all features), ``moved`` (the bin
        whose share changed most) with ``share_before`` and ``share``, ``answer`` by ``RULE``.

    Notes
    -----
    PSI = Σ (q − p) log(q / p) over bins; p and q have half a lead added to each bin, so no bin is empty. Numbers are
    cut at the deciles of the reference, missing values have a bin of their own. The standard error is the bootstrap's,
    leads drawn with replacement on both sides.
    """
    columns = [feature for feature in features if feature.name in reference and feature.name in current]
    sides = (reference, current)
    leads = [side["lead_id"].nunique() for side in sides]
    if not columns:
        return pd.DataFrame(columns=["feature", "family", "subject", "psi", "low", "high", "answer"])
    coded = [_codes(reference[f.name], current[f.name], f.dtype) for f in columns]
    bounds = np.cumsum([0, *(len(names) for _, _, names in coded)])
    codes = ([before for before, _, _ in coded], [now for _, now, _ in coded])
    matrices = [_counts(side, own, bounds) for side, own in zip(sides, codes, strict=True)]
    value = _psi(*(matrix.sum(axis=0)[None, :] for matrix in matrices), bounds=bounds)[0]
    drawn = [
        np.concatenate([block @ matrix for block in drawn_weights(np.arange(len(matrix)), draws=DRAWS, seed=seed + at)])
        for at, matrix in enumerate(matrices)
    ]
    draws = _psi(*drawn, bounds=bounds)
    excess = draws.mean(axis=0) - value
    centre, reach = np.maximum(value - excess, 0.0), draws.std(axis=0, ddof=1)
    reach = reach * float(ndtri(1 - FALSE_ALARM / (2 * len(columns))))
    low, high = np.maximum(centre - reach, 0.0), centre + reach
    answers = np.where(low > LARGE, "alarm", np.where(high < LARGE, "fine", "cannot tell"))
    if min(leads) < FEWEST_LEADS:
        answers = np.full(len(columns), "cannot tell")
    table = pd.DataFrame(
        {
            "feature": [f.name for f in columns],
            "family": [f.family for f in columns],
            "subject": [f.subject for f in columns],
            "psi": centre,
            "low": low,
            "high": high,
            "answer": answers,
        }
    )
    moved = pd.DataFrame([_most_moved(matrices, bounds, place, coded[place][2]) for place in range(len(columns))])
    return pd.concat([table, moved], axis=1).sort_values(["psi", "feature"], ascending=[False, True], ignore_index=True)


def _codes(reference: pd.Series, current: pd.Series, dtype: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return the bin of every row on both sides, and what the bins are called; the last is for missing values."""
    if dtype in ("category", "boolean"):
        held = [side.astype("string") for side in (reference, current)]
        counts = pd.concat(held).value_counts().sort_index().sort_values(ascending=False, kind="stable")
        names = [str(name) for name in counts.index[:MOST_VALUES]]
        place = {name: at for at, name in enumerate(names)}
        other = len(names)
        codes = [
            np.where(side.isna(), other + 1, side.map(place).astype("float64").fillna(other)).astype(np.int64)
            for side in held
        ]
        return codes[0], codes[1], [*names, "others", "missing"]
    numbers = [side.astype("float64").to_numpy() for side in (reference, current)]
    known = numbers[0][np.isfinite(numbers[0])]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else np.array([])
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


def _psi(before: Floats, now: Floats, *, bounds: np.ndarray) -> Floats:
    """Return PSI of every draw (row) and feature (the bins between two bounds)."""
    parts = []
    for start, end in pairwise(bounds):
        p, q = (side[:, start:end] + 0.5 for side in (before, now))
        p, q = p / p.sum(axis=1, keepdims=True), q / q.sum(axis=1, keepdims=True)
        parts.append(((q - p) * np.log(q / p)).sum(axis=1))
    return np.stack(parts, axis=1)


def _most_moved(matrices: Sequence[Floats], bounds: np.ndarray, place: int, names: Sequence[str]) -> dict[str, object]:
    start, end = bounds[place], bounds[place + 1]
    sums = [matrix[:, start:end].sum(axis=0) for matrix in matrices]
    before, now = (side / max(side.sum(), 1e-9) for side in sums)
    at = int(np.argmax(np.abs(now - before)))
    return {"moved": names[at], "share_before": float(before[at]), "share": float(now[at])}
