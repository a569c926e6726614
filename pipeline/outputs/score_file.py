"""What stage ``score`` says of the run that scored last."""

from __future__ import annotations

import json
from typing import Any

from pipeline.runner.stages import StageContext

SCORE_SUMMARY_FILE = "score.json"


def read_score_summary(context: StageContext) -> dict[str, Any]:
    """Return the run's id, the versions it scored with, what pages word it by, and ``store``: where the scores are."""
    text = (context.folder("score") / SCORE_SUMMARY_FILE).read_text(encoding="utf-8")
    summary: dict[str, Any] = json.loads(text)
    return summary
