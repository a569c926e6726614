"""How the forecast would do with fewer leads: the learning curve of a run."""

from __future__ import annotations

import pandas as pd

from models.evaluation.learning_curve import LearningCurve, learning_curve
from models.forecast.fit_forecast import labelled_rows
from models.forecast.forecast import Forecast
from pipeline.outputs.labels_file import read_labels
from pipeline.runner.stages import StageContext


def curve_of(context: StageContext, history: pd.DataFrame, forecast: Forecast, target: str) -> LearningCurve | None:
    """Train on parts of the training rows and judge on the calibration rows; the test plays no part."""
    training = forecast.targets[target].estimator.training
    if training.level == "rate":
        return None
    labels = read_labels(context)
    train, later = (labelled_rows(history, labels, target, (part,)) for part in ("train", "calibration"))
    return learning_curve(
        train,
        later,
        features=forecast.features,
        options=context.settings.model,
        outcomes=training.outcomes,
        draws=context.settings.evaluate.bootstrap,
        seed=context.settings.seed,
    )
