"""The command ``leadscore undo``: the state before a run again, wherever its scores went."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.outputs.score_file import score_files_of
from pipeline.score.sinks.registry import make_sinks
from pipeline.score.sinks.sink import Undone, UndoNote
from pipeline.settings.settings import read_settings

_PEOPLE = "What people and other programs did with these scores meanwhile stays done."


def undo(
    out: Path, run_id: str, *, who: str | None, why: str | None, params_file: Path | None, overrides: Mapping[str, Any]
) -> str:
    """Take a run back from every place that the settings name, the score store last, and say what came of it.

    Parameters
    ----------
    out : Path
        The folder of outputs; where the store is that no setting names.
    run_id : str
    who : str or None
        Who takes it back; None is the user of this machine.
    why : str or None
    params_file : Path or None
    overrides : mapping
        From ``--set``.

    Returns
    -------
    str
        Lines: what is in force now, and what is not as it was.

    Raises
    ------
    InputError
        If there is no such run, or a place cannot be used. Then the score store has not changed, and the same command
        can be repeated.
    """
    settings = read_settings(params_file, overrides=overrides)
    note = UndoNote(datetime.now(UTC), who or getpass.getuser(), why)
    lines = []
    for name, sink in reversed(make_sinks(settings.score, out).items()):
        undone = sink.undo(run_id, note)
        lines.append(f"{name}: {_said(run_id, undone)}")
        lines += [f"{name}: not restored: {sentence}" for sentence in undone.not_restored]
    lines += [f"not restored: {sentence}" for sentence in (*_files_of(out, run_id), _PEOPLE)]
    return "\n".join(lines)


def _said(run_id: str, undone: Undone) -> str:
    now = "no run is in force" if undone.in_force is None else f"run {undone.in_force} is in force"
    if undone.was_in_force:
        return f"run {run_id} is taken back; {now}. Its scores are kept and marked"
    return f"run {run_id} was not in force and is marked as taken back; nothing else changed, and {now}"


def _files_of(out: Path, run_id: str) -> tuple[str, ...]:
    """Return what still shows the run in the folder of outputs; the next run of ``score`` replaces it."""
    folder = score_files_of(out, run_id)
    return () if folder is None else (f"{folder} holds the files of run {run_id} until 'leadscore score' scores anew.",)
