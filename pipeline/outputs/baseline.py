"""The baseline of a run: points rules as ingested, or naive Bayes where there are none."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from models.measures.observed_outcomes import TRAINING_POWER, WEIGHT, observed_rows
from models.rules.baseline import Baseline
from models.rules.naive_bayes import NaiveBayes, fit_naive_bayes
from models.rules.sales_veto import Veto
from pipeline.outputs.cutoffs_file import read_cutoffs
from pipeline.outputs.feature_rows import KEYS, source_features
from pipeline.outputs.labels_file import read_labels
from pipeline.outputs.rules_file import read_rules
from pipeline.runner.stages import StageContext


def fit_baseline(context: StageContext, history: pd.DataFrame) -> Baseline:
    """Return the rules, if there are any, and a naive Bayes for each target, counted with the weights of training."""
    spec, features = source_features(context)
    rules = read_rules(context, features)
    labels = read_labels(context)
    label_columns = ["y", *labels.columns.intersection([WEIGHT])]
    fitted: dict[str, NaiveBayes] = {}
    for target in sorted(spec.targets):
        chosen = labels[(labels["target"] == target) & (labels["part"] == "train")]
        rows = history.merge(chosen[[*KEYS, *label_columns]], on=KEYS).sort_values(KEYS, ignore_index=True)
        rows, weights = observed_rows(rows, power=TRAINING_POWER)
        fitted[target] = fit_naive_bayes(rows, rows["y"].astype("float64"), features, weights=weights)
    return Baseline(rules, fitted, spec.exclusions, Veto.of(spec, context.settings.cutoffs.veto))


def read_baseline(context: StageContext) -> Baseline:
    """Return the baseline as stage ``cutoffs`` left it."""
    spec, features = source_features(context)
    folder = context.folder("cutoffs")
    fitted: dict[str, NaiveBayes] = {
        target: NaiveBayes.from_json(file.read_text(encoding="utf-8"))
        for target in sorted(spec.targets)
        if (file := _naive_bayes_file(folder, str(target))).is_file()
    }
    return Baseline(read_rules(context, features), fitted, spec.exclusions, read_cutoffs(context).veto)


def write_naive_bayes(baseline: Baseline, folder: Path) -> None:
    """Write the naive Bayes of every target into the folder of stage ``cutoffs``."""
    for target, fitted in baseline.naive_bayes.items():
        _naive_bayes_file(folder, target).write_text(fitted.to_json(), encoding="utf-8")


def _naive_bayes_file(folder: Path, target: str) -> Path:
    return folder / f"naive_bayes_{target}.json"
