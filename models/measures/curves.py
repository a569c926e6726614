"""What the pictures of an evaluation show of a score: reliability, gain and lift."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.measures.lead_weights import row_weights
from models.measures.metrics import CALIBRATION_BINS
from models.measures.outcome_sums import LeadSum
from models.measures.tied_ranks import Accumulated, TieGroups
from models.measures.wilson import wilson

SLIVER = 0.25
"""A bin with less than this part of its due mass, left between two runs of equal scores, would only show noise."""


def reliability(
    y: npt.ArrayLike,
    p: npt.ArrayLike,
    *,
    lead_ids: npt.ArrayLike,
    bins: int = CALIBRATION_BINS,
    weights: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """Compare forecast and outcome in bins of equal weight.

    Parameters
    ----------
    y, p : array
        Outcomes and probabilities.
    lead_ids : array of str
        Lead of each row; rows weigh alike, unless ``weights`` say otherwise.
    bins : int
        Number of bins; runs of equal probabilities are kept in one bin.

    Returns
    -------
    DataFrame
        One row a bin that holds rows, by rising probability: ``forecast`` and ``outcome`` (weighted means), ``low``
        and ``high`` (95 %, by the effective number of leads), ``due_low`` and ``due_high`` (where ``outcome`` lies in
        95 of 100 such samples if the forecast is right), ``leads``.
    """
    frame = pd.DataFrame({"lead": np.asarray(lead_ids, dtype=str), "weight": row_weights(lead_ids, weights)})
    frame["y"], frame["p"] = np.asarray(y, dtype="float64"), np.asarray(p, dtype="float64")
    frame = frame.sort_values(["p", "lead"], ignore_index=True)
    frame["bin"] = _bins(frame.groupby("p", sort=True)["weight"].sum(), bins).loc[frame["p"]].to_numpy()
    rows = []
    for _, inside in frame.groupby("bin", sort=True):
        mass = inside["weight"].sum()
        outcome = float((inside["weight"] * inside["y"]).sum() / mass)
        by_lead = inside.groupby("lead")["weight"].sum()
        effective = float(mass**2 / (by_lead**2).sum())
        low, high = wilson(outcome * effective, effective)
        forecast = float((inside["weight"] * inside["p"]).sum() / mass)
        due = (bound / mass for bound in LeadSum.of(inside["lead"], inside["weight"], inside["p"]).bounds())
        rows.append((forecast, outcome, float(low), float(high), *due, len(by_lead)))
    columns = ["forecast", "outcome", "low", "high", "due_low", "due_high", "leads"]
    return pd.DataFrame(rows, columns=columns)


def _bins(mass: pd.Series, bins: int) -> pd.Series:
    """Give each distinct probability (rising) the bin in which its mass begins; slivers join the bin below."""
    begins = (mass.cumsum() - mass) / mass.sum()
    numbers = np.minimum((begins * bins + 1e-9).astype(int), bins - 1)
    filled = mass.groupby(numbers).sum() / mass.sum()
    large = filled.index[(filled >= SLIVER / bins) | (filled.index == 0)]
    joined = large[np.searchsorted(large, numbers, side="right") - 1]
    return pd.Series(joined, index=mass.index)


def gain(
    y: npt.ArrayLike,
    score: npt.ArrayLike,
    *,
    lead_ids: npt.ArrayLike,
    steps: int = 50,
    weights: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """Return how many of the outcomes the best-scored share of the leads holds.

    Returns
    -------
    DataFrame
        ``share`` of the leads looked at (0 to 1), ``gain``: share of the outcomes found there, ``lift``: rate there
        over the overall rate (nan at share 0). Where there is no outcome at all, gain and lift are nan.
    """
    weight = row_weights(lead_ids, weights)[np.newaxis, :]
    groups = TieGroups(np.asarray(score, dtype="float64"))
    runs = Accumulated(groups.sums(weight), groups.sums(weight * np.asarray(y, dtype="float64")))
    share = np.linspace(0, 1, steps + 1)
    outcome_share = runs.held_by(share)[0] / runs.all_won[0] if runs.all_won[0] > 0 else np.full_like(share, np.nan)
    lift = np.divide(outcome_share, share, out=np.full_like(share, np.nan), where=share > 0)
    return pd.DataFrame({"share": share, "gain": outcome_share, "lift": lift})
