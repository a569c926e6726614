"""Young leads, whose outcome window is still open: how likely the outcome is, given that it has not come so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.arrays import Floats
from models.forecast.target_model import TargetModel
from models.log_odds import log_odds_to_probability

AGES = 240
"""Steps of the horizon at which the share of outcomes still to come is looked up."""
LEAST_SHARE = 1e-3
"""Share of outcomes still to come at least, so that no timing rules an outcome out."""
CERTAINTY = 10.0
"""Certainty of shift 0 and trust 1 before any lead: as much as some 60 leads give."""


@dataclass(frozen=True)
class Trust:
    """How evidence enters: log-odds given what was seen = forecast + ``shift`` + ``trust`` · evidence.

    By Bayes, were what a lead does independent of its features given outcome, stage and age, shift would be 0 and
    trust 1. It is not quite so (hot leads are quick, hopeless ones are given up early), so both are learned.
    """

    shift: float = 0.0
    trust: float = 1.0

    def probability(self, forecast: Floats, evidence: Floats) -> Floats:
        """Return the probability of the outcome given forecast (log-odds) and evidence, which may be NaN."""
        return log_odds_to_probability(forecast + self.shift + self.trust * np.nan_to_num(evidence))


def waiting_evidence(rows: pd.DataFrame, model: TargetModel) -> Floats:
    """Return the evidence of the stage plus log P(outcome later than ``seen_us`` | outcome, features).

    Parameters
    ----------
    rows : DataFrame
        Feature rows with ``seen_us`` and ``evidence`` as `features.labelling.seen_so_far.seen_so_far` gives them.
    model : TargetModel
        Its timing says how many outcomes are still to come at an age; without a timing, the stage speaks alone.

    Returns
    -------
    array of float, one entry a row
        In log-odds; NaN where nothing was seen.
    """
    evidence, age_us = rows["evidence"].to_numpy(dtype=np.float64), rows["seen_us"].to_numpy(dtype=np.float64)
    if model.timing is None:
        return evidence
    step_us = model.timing.horizon_us / AGES
    age_us = np.rint(age_us / step_us) * step_us
    later = np.full(len(rows), np.nan)
    there: NDArray[np.bool_] = ~np.isnan(age_us)
    later[there] = 1.0 - model.timing.share_by(model.estimator.encoding.matrix(rows[there]), age_us[there])
    return np.asarray(evidence + np.log(np.maximum(later, LEAST_SHARE)))


def fit_trust(forecast: Floats, evidence: Floats, y: Floats, weights: Floats) -> Trust:
    """Learn shift and trust on leads of known outcome that were looked at as if they were young.

    Penalised maximum likelihood by Newton's steps; with no leads, shift 0 and trust 1.

    Parameters
    ----------
    forecast, evidence, y, weights : array of length n
        Calibrated log-odds of rows the estimator was not trained on, evidence, outcome (0 or 1), weight.
    """
    design, start = np.column_stack([np.ones_like(evidence), evidence]), np.array([0.0, 1.0])
    at = start.copy()
    for _ in range(50):
        p = log_odds_to_probability(forecast + design @ at)
        gradient = design.T @ (weights * (p - y)) + CERTAINTY * (at - start)
        curvature = design.T @ (design * (weights * p * (1.0 - p))[:, None]) + CERTAINTY * np.eye(2)
        step = np.clip(np.linalg.solve(curvature, gradient), -1.0, 1.0)
        at = at - step
        if np.abs(step).max() < 1e-9:
            break
    return Trust(float(at[0]), float(at[1]))
