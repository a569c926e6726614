"""What an evaluation finds, as the report gets it."""

from __future__ import annotations

import pytest

from pipeline.evaluate.evaluation import Evaluation
from pipeline.evaluate.stage import evaluate_run
from pipeline.runner.stages import StageContext


@pytest.fixture(scope="session")
def evaluation(judged_by_points: StageContext) -> Evaluation:
    """All that was found for the small company with rules."""
    return evaluate_run(judged_by_points)
