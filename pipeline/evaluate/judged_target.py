"""One target judged: the model and the baseline on the test rows, percentages fitted on the calibration rows."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from models.evaluation.target_evaluation import TargetEvaluation, evaluate_target
from models.rules.baseline import Baseline
from pipeline.runner.stages import StageContext


def judge_target(
    context: StageContext, rows_of: Callable[[str], pd.DataFrame], baseline: Baseline, target: str
) -> tuple[pd.DataFrame, TargetEvaluation]:
    """Judge the forecast of a target against the baseline.

    Parameters
    ----------
    context : StageContext
        Number of draws and seed of its settings steer the intervals.
    rows_of : callable
        Returns the rows of a part of the split, ``calibration`` or ``test``: ``lead_id``, the features, ``y`` (0 or
        1) and ``p``, the forecast.
    baseline : Baseline
    target : str

    Returns
    -------
    rows : DataFrame
        Those of the test, with ``points``, the baseline's score.
    evaluation : TargetEvaluation
    """
    calibration, test = (
        rows.assign(points=baseline.score(rows, target)) for rows in map(rows_of, ("calibration", "test"))
    )
    draws, seed = context.settings.evaluate.bootstrap, context.settings.seed
    return test, evaluate_target(target, test, calibration, draws=draws, seed=seed)
