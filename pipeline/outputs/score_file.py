"""What stage ``score`` says of the run that scored last."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import Workspace

SCORE_SUMMARY_FILE = "score.json"


def read_score_summary(context: StageContext) -> dict[str, Any]:
    """Return the run's id, the versions it scored with, what pages word it by, and ``store``: where the scores are."""
    text = (context.folder("score") / SCORE_SUMMARY_FILE).read_text(encoding="utf-8")
    summary: dict[str, Any] = json.loads(text)
    return summary


def score_files_of(out: Path, run_id: str) -> Path | None:
    """Return the folder with the files of a run where it is the one that scored last; None where it is not."""
    folder = Workspace(out).folder("score")
    try:
        summary: dict[str, Any] = json.loads((folder / SCORE_SUMMARY_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return folder if summary["run_id"] == run_id else None
