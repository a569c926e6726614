"""The cut-offs that stage ``cutoffs`` left."""

from __future__ import annotations

from pathlib import Path

from models.cutoffs.cutoffs import Cutoffs
from pipeline.runner.stages import StageContext

CUTOFFS_FILE = "cutoffs.json"


def write_cutoffs(cutoffs: Cutoffs, folder: Path) -> None:
    """Write cut-offs into the folder of stage ``cutoffs``."""
    (folder / CUTOFFS_FILE).write_text(cutoffs.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_cutoffs(context: StageContext) -> Cutoffs:
    """Read the cut-offs as stage ``cutoffs`` left them; values that were changed since are an InputError."""
    return Cutoffs.read(cutoffs_file(context).read_text(encoding="utf-8"))


def cutoffs_file(context: StageContext) -> Path:
    """Return the file, for who stores it elsewhere as it is."""
    return context.folder("cutoffs") / CUTOFFS_FILE
