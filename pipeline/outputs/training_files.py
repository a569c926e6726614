"""What stage ``train`` left beside the models: forecasts of the later periods, a summary, and suspected leaks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipeline.runner.stages import StageContext

if TYPE_CHECKING:
    import pandas as pd

PREDICTIONS_FILE, TRAIN_SUMMARY_FILE, LEAKS_FILE = "predictions.parquet", "train.json", "leaks.json"


def read_predictions(context: StageContext) -> pd.DataFrame:
    """Read the forecasts of calibration (by the forward model) and test (by the final one).

    Returns
    -------
    DataFrame
        One row a lead, as-of time and target: ``lead_id``, ``as_of``, ``target``, ``part``, ``y``, ``p``, and
        ``weight`` where the labels have it.
    """
    import pandas as pd

    return pd.read_parquet(context.folder("train") / PREDICTIONS_FILE)


def read_training_summary(context: StageContext) -> dict[str, Any]:
    """Return what `pipeline.train.stage.describe` says: per target its level, parts, training and calibration."""
    summary: dict[str, Any] = json.loads((context.folder("train") / TRAIN_SUMMARY_FILE).read_text(encoding="utf-8"))
    return summary


def read_leaks(context: StageContext) -> list[str]:
    """Return the columns that look like leaks, each with the reason; none where an older run wrote none down."""
    file = context.folder("train") / LEAKS_FILE
    leaks: list[dict[str, str]] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    return [f"{leak['column']}: {leak['why']}" for leak in leaks]
