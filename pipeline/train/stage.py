"""Stage ``train``: a forecast of every target, saved, with its predictions on the later periods."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.families.feature_list import feature_list
from models.estimator.fitting import Fitting
from models.forecast.fit_forecast import (
    KEYS,
    PREDICTED_PARTS,
    FittedForecast,
    fit_forecasts,
    fit_steps,
    predict_fitted,
    require_features,
)
from models.forecast.fit_target import FIT_PARTS
from models.forecast.forecast import Forecast
from models.forecast.training_sample import labels_to_learn_from
from pipeline.outputs.feature_rows import (
    ROWS_AT_ONCE,
    read_feature_chunks,
    read_features_of_leads,
    read_looks_at_leads,
)
from pipeline.outputs.labels_file import read_follow_up, read_labels
from pipeline.outputs.model_files import FINAL_FOLDER, FORWARD_FOLDER, write_forecast
from pipeline.outputs.training_files import PREDICTIONS_FILE, TRAIN_SUMMARY_FILE
from pipeline.runner.job_log import say
from pipeline.runner.progress import progress
from pipeline.runner.stages import StageContext
from pipeline.train.leak_warning import warn_of_leaks


def run(context: StageContext, out: Path) -> None:
    """Write ``model/`` and ``forward/`` (saved forms), ``train.json``, ``leaks.json`` and ``predictions.parquet``.

    ``forward/`` has not learned from the calibration period; the predictions of that period are its.
    """
    spec, settings = context.spec(), context.settings
    labels = read_labels(context)
    warn_of_leaks(context, labels, out)
    learned = labels_to_learn_from(labels, most_rows=settings.model.most_rows, seed=settings.seed)
    say(sample_said(learned, labels))
    with progress("train", total=fit_steps(spec, settings.model)) as steps:
        fitted = fit_forecasts(
            read_features_of_leads(context, learned["lead_id"].unique()),
            learned,
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
    predictions(context, fitted, labels).to_parquet(out / PREDICTIONS_FILE, index=False)


def sample_said(learned: pd.DataFrame, labels: pd.DataFrame) -> str:
    """Return how many rows training learns from, and out of how many if not from all."""
    rows, known = len(learned), int(labels["part"].isin(FIT_PARTS).sum())
    if rows == known:
        return f"train: learns from all {rows:,} rows"
    leads = learned["lead_id"].nunique()
    return f"train: learns from {rows:,} of {known:,} rows, those of {leads:,} leads that were drawn (model.most_rows)"


def predictions(context: StageContext, fitted: FittedForecast, labels: pd.DataFrame) -> pd.DataFrame:
    """Return what `predict_fitted` says of all leads, working on a chunk of features at a time."""
    judged = labels[labels["part"].isin(PREDICTED_PARTS)]
    keys = read_looks_at_leads(context)[KEYS].sort_values(KEYS, ignore_index=True)
    keys["row"] = np.arange(len(keys))
    placed = judged.merge(keys, on=KEYS, how="inner").sort_values("row", ignore_index=True)
    require_features(placed, judged)
    tables, start = [], 0
    for chunk in read_feature_chunks(context, "history", ROWS_AT_ONCE):
        first, last = placed["row"].searchsorted([start, start + len(chunk)])
        if first < last:
            tables.append(predict_fitted(fitted, chunk, placed.iloc[first:last]))
        start += len(chunk)
    return pd.concat(tables, ignore_index=True).sort_values(["target", *KEYS], ignore_index=True)


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
