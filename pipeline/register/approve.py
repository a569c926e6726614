"""One team's word on a run's receipt: written down, shown on the page, and carried into MLflow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from features.errors import InputError
from pipeline.receipt.approvals import add_entry, write_entries
from pipeline.receipt.seal import Sealed, key_from_environment
from pipeline.receipt.signing_state import standing_of
from pipeline.receipt.stage import read_receipt, write_receipt
from pipeline.receipt.verify import verify
from pipeline.register.receipt_in_mlflow import find_in_mlflow, is_registered, open_registered
from pipeline.runner.progress import say
from pipeline.runner.stages import StageContext, run_stage
from pipeline.runner.workspace import STAMP
from pipeline.settings.settings import Team


def approve(
    out: Path,
    *,
    role: Team,
    name: str,
    refused: bool,
    why: str | None,
    params_file: Path | None,
    overrides: Mapping[str, Any],
) -> Sealed:
    """Add an approval or a refusal to the receipt of a run; promote its model if nothing is missing any more.

    Parameters
    ----------
    out : Path
        The run's folder.
    role, name, refused, why
        As for :func:`pipeline.receipt.approvals.add_entry`.
    params_file : Path or None
        Settings; where MLflow is, if not beside the outputs.
    overrides : mapping
        From ``--set``.

    Raises
    ------
    InputError
        If the receipt does not hold, or the entry is not allowed.
    """
    context = open_registered(out, params_file, overrides)
    with context.workspace.locked():  # two words at one moment: the second is told to come again
        return _approve(context, role=role, name=name, refused=refused, why=why)


def _approve(context: StageContext, *, role: Team, name: str, refused: bool, why: str | None) -> Sealed:
    registered = is_registered(context)
    key = key_from_environment()
    altered = [finding for finding in (*verify(context, key), find_in_mlflow(context)) if finding.answer == "altered"]
    if altered:
        hint = "Run 'leadscore verify'; if outputs were made anew, make a new receipt with 'leadscore run'"
        raise InputError(expected="a receipt that holds", found=altered[0].line(), hint=hint)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    sealed = read_receipt(context.folder("receipt"))
    sealed = add_entry(sealed, role=role, name=name, refused=refused, why=why, time=now, key=key)
    write_entries(context.workspace.root, sealed)
    _show(context, sealed)
    say(f"receipt {sealed.sha256[:12]}: {standing_of(sealed).sentence}")
    if registered:
        run_stage("register", context, force=True)
    else:
        say("The model is not registered yet: 'leadscore register' will take this up")
    return sealed


def _show(context: StageContext, sealed: Sealed) -> None:
    """Write the receipt with its new entry in the place of the one without; it was made from the same inputs."""
    stamp = json.loads((context.folder("receipt") / STAMP).read_text(encoding="utf-8"))
    with context.workspace.writing("receipt", stamp["inputs"]) as folder:
        write_receipt(sealed, folder)
