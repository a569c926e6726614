"""What stages ``cutoffs`` and ``evaluate`` left for questions about cut-offs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from features.errors import InputError
from models.stage_stamps import made_from_others
from models.what_if.stored_evidence import Past
from models.what_if.stored_evidence_files import FILES, STAGES, past_of
from pipeline.runner.workspace import Workspace


def read_past(out: Path) -> Past:
    """Read what the stages of a run left for questions about cut-offs.

    Raises
    ------
    InputError
        If there is no finished run in ``out``, one of another version, or one whose stages do not belong together.
    """
    workspace = Workspace(out)
    stamps = [stamp for stamp in map(workspace.stamp, STAGES) if stamp is not None]
    missing = next((name for name in FILES if not (out / name).is_file()), None)
    if missing is not None or len(stamps) < len(STAGES):
        raise InputError(
            expected=f"a finished run in {out}",
            found=f"no {missing or 'stage.json'}",
            hint="Run 'make demo' or 'leadscore run' first, or say where it is with --out",
        )
    mixed = made_from_others(stamps)
    if mixed is not None:
        stage, other = mixed
        raise InputError(
            expected=f"outputs of one run in {out}",
            found=f"those of stage {stage} were made before those of stage {other}",
            hint=f"Run 'leadscore {stage}', or wait until the run that is at work has come to it",
        )
    return past_of(
        text=lambda name: (out / name).read_text(encoding="utf-8"), table=lambda name: pd.read_parquet(out / name)
    )
