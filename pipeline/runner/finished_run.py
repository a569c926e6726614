"""A finished run as a context to work on: its tables, its spec, and the settings it was made with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from features.errors import InputError
from pipeline.runner.stages import STAGES, StageContext
from pipeline.runner.workspace import Workspace
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
    workspace, settings = Workspace(out), dict[str, Any]()
    for stage in STAGES:
        stamp = workspace.stamp(stage.name)
        if stamp is not None:
            settings |= {"seed": stamp.inputs["seed"], **stamp.inputs["settings"]}
    if not settings:
        raise InputError(
            expected=f"the outputs of a run in {out}",
            found="none",
            hint="Run 'make demo', or 'leadscore run' on your data",
        )
    return StageContext(workspace, Settings.model_validate(settings), None, None, {})
