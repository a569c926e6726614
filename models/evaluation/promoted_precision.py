"""How many leads a cut-off promotes, and how many of those reach the target."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.cutoffs.counting import Counting
from models.cutoffs.first_promotions import FirstPassages, first_promotions
from models.measures.bootstrap import Interval, drawn_weights, interval
from models.measures.observed_outcomes import WEIGHT
from models.measures.weighted_share import weighted_share


def promoted_outcomes(rows: pd.DataFrame, passes: npt.ArrayLike) -> pd.DataFrame:
    """Return the outcome (``y``, 0 or 1) and ``weight`` of each promoted lead at its first passing row, by lead.

    Parameters
    ----------
    rows : DataFrame
        ``lead_id``, ``as_of_us``, ``y``; one row a snapshot. Where not every outcome says the same, ``weight`` too
        (:func:`features.tables.handovers.promotion_weights`); otherwise each weighs 1.
    passes : array of bool
        Which rows a rule promotes.
    """
    return _promotions(rows, passes).set_index("lead_id")[["y", "weight"]]


def _promotions(rows: pd.DataFrame, passes: npt.ArrayLike) -> pd.DataFrame:
    """Return each promoted lead at its first passing row, with outcome and weight."""
    promoted = first_promotions(rows["lead_id"], rows["as_of_us"], passes)
    return promoted.merge(_outcomes(rows), on=["lead_id", "as_of_us"], how="left")


def _outcomes(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[["lead_id", "as_of_us", "y"]].assign(weight=rows.get(WEIGHT, 1.0))


def precision_difference(
    rows: pd.DataFrame, passes: npt.ArrayLike, other: npt.ArrayLike, *, draws: int, seed: int
) -> Interval:
    """Return the precision of one rule less that of another, paired: both on the same drawn leads.

    Parameters
    ----------
    rows : DataFrame
        As for :func:`promoted_outcomes`.
    passes, other : array of bool
        Which rows each rule promotes; a lead counts once for each, at its first passing row.
    draws, seed : int
        Of the bootstrap by lead.
    """
    leads = np.unique(rows["lead_id"].to_numpy(dtype=str))
    won, promoted = np.zeros((len(leads), 2)), np.zeros((len(leads), 2))
    for column, rule in enumerate((passes, other)):
        outcome = promoted_outcomes(rows, rule)
        at = np.searchsorted(leads, outcome.index.to_numpy(dtype=str))
        promoted[at, column] = outcome["weight"]
        won[at, column] = outcome["weight"] * outcome["y"]
    blocks = [drawn @ np.hstack([won, promoted]) for drawn in drawn_weights(leads, draws=draws, seed=seed)]
    sums = np.vstack([np.hstack([won, promoted]).sum(axis=0)[np.newaxis], *blocks])
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = sums[:, :2] / sums[:, 2:]
    gaps = precision[:, 0] - precision[:, 1]
    return interval(float(gaps[0]), gaps[1:])


def promoted_precision(
    rows: pd.DataFrame, passes: npt.ArrayLike, *, counting: Counting | None = None
) -> dict[str, float]:
    """Return how many leads a rule promotes and how many of them reach the target.

    Parameters
    ----------
    rows : DataFrame
        As for :func:`promoted_outcomes`.
    passes : array of bool
        Which rows the rule promotes. A lead counts once, at its first passing row, with that row's outcome.
    counting : Counting, optional
        Which promotions make the number a week; all, over the period of the rows, if it is not given.

    Returns
    -------
    dict
        ``leads`` (all of them), ``per_week``, ``precision`` and its 95 % bounds ``low`` and ``high`` (nan without any
        lead); ``worked``, the leads whose outcome says something, and ``effective_leads``, what they are worth.
    """
    outcome = _promotions(rows, passes)
    return _precision(outcome, counting or Counting.of_all(rows["as_of_us"]))


def _precision(promotions: pd.DataFrame, counting: Counting) -> dict[str, float]:
    """Return what `promoted_precision` says of promotions: ``as_of_us``, ``y``, ``weight``; one row a lead."""
    precision = weighted_share(promotions["y"], promotions["weight"])
    return {
        "leads": float(len(promotions)),
        "per_week": counting.per_week(counting.leads(promotions)),
        "precision": precision.share.value,
        "low": precision.share.low,
        "high": precision.share.high,
        "worked": float(precision.worked),
        "effective_leads": precision.effective_leads,
    }


def precision_against_volume(
    rows: pd.DataFrame,
    score: npt.ArrayLike,
    *,
    may: npt.ArrayLike,
    steps: int = 40,
    counting: Counting | None = None,
) -> pd.DataFrame:
    """Return precision at growing volumes, as the threshold on a score is lowered.

    Parameters
    ----------
    rows : DataFrame
        As for :func:`promoted_outcomes`.
    score : array of float
        More is better.
    may : array of bool
        Rows that may be promoted at all.
    steps : int
        Number of thresholds, at equal steps of promoted leads.
    counting : Counting, optional
        As for :func:`promoted_precision`.

    Returns
    -------
    DataFrame
        ``threshold`` and the columns of :func:`promoted_precision`, one row a distinct threshold, volume rising.
    """
    values = np.asarray(score, dtype="float64")
    entering = np.asarray(may, dtype=bool)
    best = np.sort(pd.Series(values[entering]).groupby(np.asarray(rows["lead_id"])[entering]).max().to_numpy())[::-1]
    if len(best) == 0:
        columns = ["leads", "per_week", "precision", "low", "high", "worked", "effective_leads"]
        return pd.DataFrame(columns=["threshold", *columns], dtype="float64")
    at = np.unique(np.linspace(0, len(best) - 1, steps + 1).round().astype(int))[1:] if len(best) > 1 else np.array([0])
    thresholds = np.unique(best[at])[::-1]
    passages = FirstPassages.of(rows["lead_id"], rows["as_of_us"], values, entering)
    promotions = _outcomes(rows).iloc[passages.row]
    counted = counting or Counting.of_all(rows["as_of_us"])
    return pd.DataFrame([{"threshold": t, **_precision(promotions[passages.at(t)], counted)} for t in thresholds])
