"""Finished stages whose outputs were rewritten on purpose: they stay finished, and all stages still fit together."""

from __future__ import annotations

from models.stage_stamps import STAMP, Stamp
from pipeline.runner.stages import STAGES
from pipeline.runner.workspace import Workspace, write_durably


def renew_stamps(workspace: Workspace) -> None:
    """Make each stamp say what lies there now, and in those of later stages what they were made from.

    For who took a person out of all outputs alike: what was made from the rest is as it would be.
    """
    renamed: dict[object, str] = {}
    for stage in STAGES:
        stamp = workspace.stamp(stage.name)
        if stamp is None:
            continue
        outputs = workspace.outputs_digest(stage.name)
        inputs = {
            key: renamed.get(value, value) if isinstance(value, str) else value for key, value in stamp.inputs.items()
        }
        if outputs != stamp.outputs or inputs != stamp.inputs:
            renamed[stamp.outputs] = outputs
            write_durably(workspace.folder(stage.name) / STAMP, Stamp(stage.name, inputs, outputs).to_json())
