"""What stage ``evaluate`` left: its figures for machines, the report, and the pictures in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from models.scoring.run_about import VerdictAbout
from pipeline.runner.stages import StageContext

EVALUATION_FILE, REPORT_FILE, PLOTS_FOLDER = "evaluation.json", "report.html", "plots"
OPEN_FILE, OPEN_ABOUT_FILE = "open.parquet", "open.json"
"""The open leads as both policies see them, and how they are called; `pipeline.outputs.what_if_evidence` reads them."""


def read_evaluation(context: StageContext) -> dict[str, Any]:
    """Return ``evaluation.json``; `pipeline.evaluate.evaluation` says what stands in it."""
    text = (context.folder("evaluate") / EVALUATION_FILE).read_text(encoding="utf-8")
    evaluation: dict[str, Any] = json.loads(text)
    return evaluation


def read_curve(context: StageContext, name: str) -> list[dict[str, Any]]:
    """Return the points that a picture of the report was drawn from."""
    text = (context.folder("evaluate") / PLOTS_FOLDER / f"{name}.json").read_text(encoding="utf-8")
    points: list[dict[str, Any]] = json.loads(text)
    return points


def report_file(context: StageContext) -> Path:
    """Return the report for people."""
    return context.folder("evaluate") / REPORT_FILE


def evaluation_files(context: StageContext) -> tuple[Path, ...]:
    """Return figures, report and the folder of pictures, as far as they are there, for who stores them elsewhere."""
    folder = context.folder("evaluate")
    files = (folder / name for name in (EVALUATION_FILE, REPORT_FILE, PLOTS_FOLDER))
    return tuple(file for file in files if file.exists())


def verdict_of(evaluation: dict[str, Any]) -> VerdictAbout:
    """Return what ``evaluation.json`` says about whether the model may take the baseline's place."""
    primary = evaluation["targets"][evaluation["target"]]
    return VerdictAbout(
        beats_baseline=evaluation["beats_baseline"],
        baseline=evaluation["baseline"],
        leads=primary["leads"],
        outcomes=primary["outcomes"],
    )
