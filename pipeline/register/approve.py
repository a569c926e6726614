"""One team's word on a run's receipt: written down, shown on the page, and carried into MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from features.answers import Answer
from features.errors import InputError
from pipeline.receipt.approvals import add_entry, write_entries
from pipeline.receipt.seal import Sealed
from pipeline.receipt.signing_state import standing_of
from pipeline.receipt.stage import write_receipt
from pipeline.receipt.verify import line, verify
from pipeline.register.receipt_in_mlflow import is_registered, open_registered, sealed_run
from pipeline.runner.job_log import say
from pipeline.runner.stages import StageContext, run_stage
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
    run = sealed_run(context)
    altered = [result for result in verify(run) if result.answer is Answer.FAILED]
    if altered:
        hint = "Run 'leadscore verify'; if outputs were made anew, make a new receipt with 'leadscore run'"
        raise InputError(expected="a receipt that holds", found=line(altered[0]), hint=hint)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    sealed = add_entry(run.sealed, role=role, name=name, refused=refused, why=why, time=now, key=run.key)
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
    with context.workspace.writing("receipt", context.stamp("receipt").inputs) as folder:
        write_receipt(sealed, folder)
