"""A workspace on trial: what a night makes stands in a folder of its own until the brakes have looked at it."""

from __future__ import annotations

import shutil
from pathlib import Path

from models.stage_stamps import STAMP
from pipeline.runner.workspace import Workspace


class TrialWorkspace(Workspace):
    """A workspace that reads what lies in another one where it has made nothing itself.

    Parameters
    ----------
    root : Path
        Its own folder.
    under : Workspace
        The one in force.
    """

    def __init__(self, root: Path, under: Workspace) -> None:
        super().__init__(root)
        self._under = under

    @property
    def home(self) -> Path:
        """OUT: what is in force there is in force in the trial."""
        return self._under.home

    def folder(self, stage: str) -> Path:
        """Return the folder of a stage: that of the trial, else the one in force."""
        own = super().folder(stage)
        return own if (own / STAMP).is_file() else self._under.folder(stage)

    def identity(self) -> str:
        """Return the name of OUT: a night on trial is a run of the same folder."""
        return self._under.identity()

    def has_made(self, stage: str) -> bool:
        """Whether the trial made a stage itself."""
        return (super().folder(stage) / STAMP).is_file()

    def adopt(self, stage: str) -> None:
        """Put a stage of the trial in force; nothing where it made none."""
        if self.has_made(stage):
            self._under.take(stage, super().folder(stage))

    def discard(self) -> None:
        """Remove all that the trial made."""
        shutil.rmtree(self.root, ignore_errors=True)
