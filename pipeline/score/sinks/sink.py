"""What a place for scores has to be able to do, and what a run says of itself to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, Self

import pyarrow as pa

from models.scoring.run_about import RunAbout
from models.scoring.wording import ScoreWording


@dataclass(frozen=True)
class RunIdentity:
    """What a run of the stage ``score`` is known by, and what its rows say of it.

    Attributes
    ----------
    run_id : str
        Derived from the contents that went in: equal inputs give an equal id.
    model_version, cutoff_version : str
    """

    run_id: str
    model_version: str
    cutoff_version: str


@dataclass(frozen=True)
class ScoreRun(RunIdentity):
    """One run of the stage ``score``, and what it says of its scores.

    Attributes
    ----------
    run_id, model_version, cutoff_version : str
    about : RunAbout
        What a page needs to know of the scores: source, targets, cut-offs, how many leads.
    wording : ScoreWording or None
        What reasons, exclusions, gates and points are worded by; None where a run is only asked for.
    out : str or None
        Which output folder the run belongs to (`Workspace.identity`); None where nobody says.
    """

    about: RunAbout
    wording: ScoreWording | None = None
    out: str | None = None

    def summary(self) -> dict[str, Any]:
        """Return the run as it stands in ``score.json``."""
        ids = {"run_id": self.run_id, "model_version": self.model_version, "cutoff_version": self.cutoff_version}
        return ids | self.about.model_dump(mode="json")

    @classmethod
    def of_summary(cls, summary: Mapping[str, Any]) -> Self:
        """Return the run of which a ``score.json`` speaks."""
        ids = {name: summary[name] for name in ("run_id", "model_version", "cutoff_version")}
        return cls(**ids, about=RunAbout.model_validate(summary))


@dataclass(frozen=True)
class UndoNote:
    """Who takes a run back, when and why.

    Attributes
    ----------
    at : datetime
        With a zone.
    who : str
    why : str or None
    """

    at: datetime
    who: str
    why: str | None = None


@dataclass(frozen=True)
class Undone:
    """What taking a run back came to.

    Attributes
    ----------
    in_force : str or None
        The run that is in force now; None where there is none before.
    was_in_force : bool
        Whether the run that was taken back was in force until now.
    not_restored : tuple of str
        What is not as it was before the run, each as a sentence.
    """

    in_force: str | None
    was_in_force: bool
    not_restored: tuple[str, ...] = ()


class Sink(Protocol):
    """A place that scores go to. Making a sink opens nothing: only `write` and `undo` may create or change anything."""

    @classmethod
    def from_settings(cls, given: Mapping[str, Any], outputs: Path) -> Self:
        """Return the sink that the settings ask for.

        Parameters
        ----------
        given : mapping
            The sink's own settings: ``score.sinks.NAME``; for the score store, ``score.store``.
        outputs : Path
            The run's output folder.

        Raises
        ------
        InputError, pydantic.ValidationError
            If the settings cannot be used.
        """

    def place(self, outputs: Path) -> Mapping[str, Any]:
        """Return where the scores go, as JSON for ``score.json``, without user or password.

        Parameters
        ----------
        outputs : Path
            The run's output folder. A file in it is named from there, so that the folder can be moved.
        """

    def write(
        self,
        scores: Iterable[pa.RecordBatch],
        run: ScoreRun,
        *,
        now: datetime,
        on_rows: Callable[[int], None] | None = None,
    ) -> int:
        """Write one run's scores; a finished run again changes nothing, a broken-off one goes on where it stopped.

        Who reads there sees all of a run or nothing of it, also if the writing ends at any moment.

        Parameters
        ----------
        scores : iterable of RecordBatch
            One row a lead and as-of time, with the columns of ``scores.parquet``
            (`pipeline.score.scores_file.SCHEMA`); JSON columns hold text. They are too many to be held at once.
        run : ScoreRun
        now : datetime
            When the writing begins, with a zone.
        on_rows : callable, optional
            Told how many rows are there that were not, since it was told last.

        Returns
        -------
        int
            Rows that were sent: those that were not there.

        Raises
        ------
        InputError
            If the place cannot be used, or a row cannot be kept there.
        """

    def holds(self, run: ScoreRun) -> bool:
        """Whether a finished run is here with all its scores. Asking creates nothing and changes nothing.

        Raises
        ------
        InputError
            If the place cannot be asked.
        """

    def undo(self, run_id: str, note: UndoNote) -> Undone:
        """Restore the state before a run, as far as the place can; the run's scores stay and are marked.

        Parameters
        ----------
        run_id : str
        note : UndoNote
            Kept with the run.

        Raises
        ------
        InputError
            If no finished run of that name is here, or the place cannot be used.
        """
