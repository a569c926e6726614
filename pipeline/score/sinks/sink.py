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
    """

    about: RunAbout
    wording: ScoreWording | None = None

    def summary(self) -> dict[str, Any]:
        """Return the run as it stands in ``score.json``."""
        ids = {"run_id": self.run_id, "model_version": self.model_version, "cutoff_version": self.cutoff_version}
        return ids | self.about.model_dump(mode="json")

    @classmethod
    def of_summary(cls, summary: Mapping[str, Any]) -> Self:
        """Return the run of which a ``score.json`` speaks."""
        ids = {name: summary[name] for name in ("run_id", "model_version", "cutoff_version")}
        return cls(**ids, about=RunAbout.model_validate(summary))


class Sink(Protocol):
    """A place that scores go to.

    Making a sink opens nothing: only `write` may create or change anything. A sink that can take back what a run wrote
    may be asked for ``undo(run)`` one day; nothing asks for it yet.
    """

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
        """Write one run's scores. The same scores a second time change nothing; a broken-off run can be repeated.

        Who reads there sees all of a run or nothing of it.

        Parameters
        ----------
        scores : iterable of RecordBatch
            One row a lead and as-of time, with the columns of ``scores.parquet``
            (`pipeline.score.scores_file.SCHEMA`); JSON columns hold text. They are too many to be held at once.
        run : ScoreRun
        now : datetime
            When the writing begins, with a zone.
        on_rows : callable, optional
            Told how many rows were written since it was told last.

        Returns
        -------
        int
            Rows that are new or differ from what was there.

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
