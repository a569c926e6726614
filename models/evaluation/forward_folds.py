"""How good a way of training is on later leads, judged several times before the test begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import pandas as pd

from features.errors import InputError
from models.log_odds import log_odds_to_probability
from models.measures.bootstrap import Interval, compare
from models.measures.metrics import METRICS, Scored, metric_values
from models.measures.observed_outcomes import WEIGHT

FIRST_SHARE = 0.5
"""Share of the leads, the oldest, that every fold learns from."""
FOLDS = 3


def fold_starts(first_us: pd.Series, *, folds: int, before_us: int) -> list[int]:
    """Return when each fold's judged leads begin to come; those of a fold end where the next one's begin.

    Parameters
    ----------
    first_us : Series of int
        One entry a lead: its first snapshot, in microseconds since 1970.
    folds : int
        So many, 1 or more; each judges about as many leads.
    before_us : int
        When the test begins: leads from there on are not looked at.

    Raises
    ------
    InputError
        If there are too few leads before the test to make the folds apart.

    Examples
    --------
    >>> fold_starts(pd.Series(range(100)), folds=2, before_us=80)
    [40, 60]
    """
    old = np.sort(first_us[first_us < before_us].to_numpy(dtype=np.int64))
    shares = FIRST_SHARE + (1 - FIRST_SHARE) * np.arange(folds) / folds
    starts = [int(old[int(share * len(old))]) for share in shares] if len(old) else []
    if len(set(starts)) < folds:
        raise InputError(
            expected=f"leads before the test that can be cut into {folds} folds by time",
            found=f"{len(old)} leads",
            hint="Take fewer folds, or a longer history",
        )
    return starts


@dataclass(frozen=True)
class TargetFolds:
    """One target over the folds.

    Attributes
    ----------
    leads, outcomes : int
        Judged in all folds together; outcomes are leads with the outcome.
    by_fold : sequence of dict
        Each measure of `models.measures.metrics.METRICS` in each fold.
    pooled : dict of str to Interval
        The same of all judged rows together, with an interval by lead.
    """

    leads: int
    outcomes: int
    by_fold: Sequence[dict[str, float]]
    pooled: dict[str, Interval]

    def mean(self, measure: str) -> float:
        """Return a measure's mean over the folds: what to compare options by.

        Raises
        ------
        InputError
            If there is no such measure.
        """
        if measure not in self.by_fold[0]:
            raise InputError(expected=f"one of {', '.join(self.by_fold[0])}", found=repr(measure))
        return fmean(fold[measure] for fold in self.by_fold)


def judged_folds(predictions: Sequence[pd.DataFrame], target: str, *, draws: int, seed: int) -> TargetFolds:
    """Judge one target's forecasts of later leads.

    Parameters
    ----------
    predictions : sequence of DataFrame
        One a fold, as `models.forecast.fit_forecast.predict_labelled` gives them.
    target : str
    draws, seed : int
        Of the intervals.

    Raises
    ------
    InputError
        If a fold has no row with the outcome, or none without it.
    """
    rows = [table[table["target"] == target] for table in predictions]
    for number, table in enumerate(rows, start=1):
        if table["y"].nunique() < 2:
            raise InputError(
                expected=f"rows with and without {target} in fold {number}",
                found=f"{len(table)} rows of one kind",
                hint="Take fewer folds, or a longer history",
            )
    together = pd.concat(rows, ignore_index=True)
    scored, weights = _scored(together), together.get(WEIGHT)
    comparison = compare(
        together["y"].to_numpy(dtype=np.float64), {"model": scored}, lead_ids=together["lead_id"],
        draws=draws, seed=seed, weights=weights,
    )  # fmt: skip
    return TargetFolds(
        leads=together["lead_id"].nunique(),
        outcomes=together.loc[together["y"] == 1, "lead_id"].nunique(),
        by_fold=[
            metric_values(table["y"].to_numpy(dtype=np.float64), _scored(table), table.get(WEIGHT)) for table in rows
        ],
        pooled={metric.key: comparison.interval("model", metric.key) for metric in METRICS},
    )


def _scored(rows: pd.DataFrame) -> Scored:
    log_odds = rows["log_odds"].to_numpy(dtype=np.float64)
    return Scored(log_odds, log_odds_to_probability(log_odds))
