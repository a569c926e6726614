"""A finished run as a context to work on: its tables, its spec, and the settings it was made with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from features.errors import InputError
from pipeline.runner.stages import STAGES, StageContext
from pipeline.runner.workspace import STAMP, Workspace
from pipeline.settings.settings import Settings


def open_run(out: Path) -> StageContext:
    """Open the outputs of ``leadscore run`` or ``make demo``.

    Parameters
    ----------
    out : Path
        The folder that holds one folder a stage.

    Returns
    -------
    StageContext
        Settings are those that the stages were run with; what no stage of the run used is at its default. Stages that
        read a company's export cannot be run with it.

    Raises
    ------
    InputError
        If no stage has been run there.
    """
    found: dict[str, Any] = {}
    for stage in STAGES:
        stamp_file = out / stage.name / STAMP
        if stamp_file.is_file():
            inputs = json.loads(stamp_file.read_text(encoding="utf-8"))["inputs"]
            found |= {"seed": inputs["seed"], **inputs["settings"]}
    if not found:
        raise InputError(
            expected=f"the outputs of a run in {out}",
            found="none",
            hint="Run 'make demo', or 'leadscore run' on your data",
        )
    return StageContext(Workspace(out), Settings.model_validate(found), None, None, {})
