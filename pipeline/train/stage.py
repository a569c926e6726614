"""Stage ``train``: a forecast of every target, saved, with its predictions on the later periods."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from features.families.feature_list import feature_list
from models.estimator.fitting import Fitting
from models.forecast.fit_forecast import fit_forecasts, fit_steps, predict_fitted
from models.forecast.forecast import Forecast
from pipeline.outputs.feature_rows import read_features
from pipeline.outputs.labels_file import read_follow_up, read_labels
from pipeline.outputs.model_files import FINAL_FOLDER, FORWARD_FOLDER, write_forecast
from pipeline.outputs.training_files import PREDICTIONS_FILE, TRAIN_SUMMARY_FILE
from pipeline.runner.progress import progress, say
from pipeline.runner.stages import StageContext
from pipeline.train.leak_warning import warn_of_leaks


def run(context: StageContext, out: Path) -> None:
    """Write ``model/`` and ``forward/`` (saved forms), ``train.json``, ``leaks.json`` and ``predictions.parquet``.

    ``forward/`` has not learned from the calibration period; the predictions of that period are its.
    """
    spec, settings = context.spec(), context.settings
    history = read_features(context, "history")
    labels = read_labels(context)
    warn_of_leaks(context, labels, out)
    with progress("train", total=fit_steps(spec, settings.model)) as steps:
        fitted = fit_forecasts(
            history,
            labels,
            Fitting(feature_list(spec, settings.features), settings.model, settings.seed, steps.advance),
            spec=spec,
            feature_options=settings.features,
        )
    forecast = fitted.final
    for line in shortfalls(forecast):
        say(line)
    follow_up = read_follow_up(context)
    if follow_up["warning"] is not None:
        say(f"train: {follow_up['warning']}")
    write_forecast(forecast, out / FINAL_FOLDER)
    write_forecast(fitted.forward, out / FORWARD_FOLDER)
    summary = json.dumps(describe(forecast, labels) | {"follow_up": follow_up}, indent=1, allow_nan=False) + "\n"
    (out / TRAIN_SUMMARY_FILE).write_text(summary, encoding="utf-8")
    predict_fitted(fitted, history, labels).to_parquet(out / PREDICTIONS_FILE, index=False)


def shortfalls(forecast: Forecast) -> list[str]:
    """Return one line a target that has too few outcomes for a model."""
    lines = []
    for name, model in forecast.targets.items():
        training = model.estimator.training
        if training.level == "rate":
            lines.append(
                f"train: target {name} has {training.outcomes} outcomes among {training.leads} leads; "
                f"{training.missing_outcomes} are missing for a model, so every lead gets the base rate"
            )
    return lines


def describe(forecast: Forecast, labels: pd.DataFrame) -> dict[str, Any]:
    """Return what ``train.json`` says: per target its level, parts, training, calibration; and the grades' edges."""
    targets = {}
    for name, model in forecast.targets.items():
        rows = labels[labels["target"] == name]
        targets[name] = {
            "level": model.estimator.level,
            "parts": {str(part): _size(part_rows) for part, part_rows in rows.groupby("part", sort=True)},
            "training": asdict(model.estimator.training),
            "calibration": asdict(model.calibration),
        }
    grades = None if forecast.grades is None else asdict(forecast.grades)
    return {"features": len(forecast.features), "targets": targets, "grades": grades}


def _size(rows: pd.DataFrame) -> dict[str, int]:
    """Return rows, leads, and leads with the outcome."""
    converted = rows.loc[rows["y"].eq(1).fillna(False).astype(bool), "lead_id"]
    return {"rows": len(rows), "leads": rows["lead_id"].nunique(), "outcomes": converted.nunique()}
