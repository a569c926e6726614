"""The cut-offs that stage ``cutoffs`` left."""

from __future__ import annotations

from models.cutoffs.cutoffs import Cutoffs
from pipeline.runner.stages import StageContext


def read_cutoffs(context: StageContext) -> Cutoffs:
    """Read the cut-offs as stage ``cutoffs`` left them."""
    text = (context.folder("cutoffs") / "cutoffs.json").read_text(encoding="utf-8")
    return Cutoffs.model_validate_json(text)
