"""Model and baseline judged on the test rows of one target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.calibration.points_to_probability import CurveKind, fit_score_calibration
from models.evaluation.beats_baseline import beats_baseline
from models.measures.bootstrap import Comparison, compare
from models.measures.curves import gain, reliability
from models.measures.metrics import Scored
from models.measures.observed_outcomes import observed_rows

MODEL, BASELINE = "model", "baseline"
SCORERS = (MODEL, BASELINE)


@dataclass(frozen=True)
class TargetEvaluation:
    """What came out for one target.

    Attributes
    ----------
    target : str
        ``sql`` or ``close``.
    rows, leads, outcomes : int
        Test rows, their leads, and how many of those had the outcome.
    rate : float
        Share of rows with the outcome, every lead weighing 1.
    comparison : Comparison
        Measures of ``model`` and ``baseline`` with the draws behind their intervals.
    baseline_calibration : {"logistic", "isotonic"}
        How the baseline's score was turned into a probability on the calibration period.
    beats_baseline : bool
        By :data:`models.evaluation.beats_baseline.RULE`.
    reliability, gain : mapping of scorer to DataFrame
        See :mod:`models.measures.curves`.
    """

    target: str
    rows: int
    leads: int
    outcomes: int
    rate: float
    comparison: Comparison
    baseline_calibration: CurveKind
    beats_baseline: bool
    reliability: Mapping[str, pd.DataFrame]
    gain: Mapping[str, pd.DataFrame]


def evaluate_target(
    target: str, test: pd.DataFrame, calibration: pd.DataFrame, *, draws: int, seed: int
) -> TargetEvaluation:
    """Judge model and baseline on the same test rows.

    Parameters
    ----------
    target : str
        Its name.
    test, calibration : DataFrame
        ``lead_id``, ``y`` (0 or 1), ``p`` (the model's calibrated probability) and ``points`` (the baseline's score).
        The calibration rows serve only to turn the baseline's score into a probability. Where not every outcome says
        the same, ``weight`` too (:mod:`models.measures.observed_outcomes`).
    draws, seed : int
        Of the bootstrap by lead.

    Returns
    -------
    TargetEvaluation
        All measures weigh every lead 1, times the ``weight`` of its rows.
    """
    calibration, calibration_weights = observed_rows(calibration)
    to_probability = fit_score_calibration(
        calibration["points"], calibration["y"], lead_ids=calibration["lead_id"], seed=seed, weights=calibration_weights
    )
    test, weights = observed_rows(test)
    points = test["points"].to_numpy(dtype="float64")
    scored = {
        MODEL: Scored.from_probability(test["p"]),
        BASELINE: Scored(points, to_probability.probability(points)),
    }
    leads, y = test["lead_id"], test["y"].to_numpy(dtype="float64")
    comparison = compare(y, scored, lead_ids=leads, draws=draws, seed=seed, weights=weights)
    return TargetEvaluation(
        target=target,
        rows=len(test),
        leads=int(leads.nunique()),
        outcomes=int(leads[y == 1].nunique()),
        rate=float(np.average(y, weights=weights)),
        comparison=comparison,
        baseline_calibration=to_probability.kind,
        beats_baseline=beats_baseline(comparison, model=MODEL, baseline=BASELINE),
        reliability={
            name: reliability(y, s.probability, lead_ids=leads, weights=weights) for name, s in scored.items()
        },
        gain={name: gain(y, s.rank, lead_ids=leads, weights=weights) for name, s in scored.items()},
    )
