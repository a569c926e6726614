"""The score of one lead as the score store holds it, read without writing anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from features.errors import InputError
from models.bands import PerBand
from models.scoring.run_about import RunAbout
from models.scoring.wording import ScoreWording
from pipeline.score.sinks.store_tables import SCORE_RUNS, SCORES
from pipeline.score.sinks.store_url import for_reading, shown, store_url


@dataclass(frozen=True)
class StoredScore:
    """One score and what the run that made it says of itself.

    Attributes
    ----------
    row : mapping
        The columns of `models.scoring.score_columns`, with words in each list.
    about : RunAbout
    wording : ScoreWording
    """

    row: Mapping[str, Any]
    about: RunAbout
    wording: ScoreWording

    @property
    def probability(self) -> float | None:
        """Of the target that the cut-offs work on."""
        value = self.row[self.about.probability]
        return None if value is None else float(value)

    @property
    def cutoffs(self) -> PerBand[float]:
        """As they were when the lead was scored."""
        return PerBand(self.about.cutoffs.mql, self.about.cutoffs.sal)


def read_score(given: str | None, outputs: Path, lead_id: str, *, at: datetime | None = None) -> StoredScore:
    """Read the newest score of a lead, or that which was the newest at some time.

    Parameters
    ----------
    given : str or None
        ``score.store`` of the settings.
    outputs : Path
        The run's output folder.
    lead_id : str
    at : datetime, optional
        With a zone: scores that were complete later are left out, and so are those of runs that were taken back since.

    Raises
    ------
    InputError
        If there is no score of this lead, or no store that can be read.
    """
    row = read_plain_score(given, outputs, lead_id, at=at)
    about, wording = RunAbout.model_validate(row.pop("about")), ScoreWording.model_validate(row.pop("wording"))
    return StoredScore(wording.sentences.worded(row), about, wording)


def read_plain_score(given: str | None, outputs: Path, lead_id: str, *, at: datetime | None = None) -> dict[str, Any]:
    """Read the same without words: the columns of the table; ``about``, ``wording`` and ``finished_at`` of its run."""
    row = find_plain_score(given, outputs, lead_id, at=at)
    if row is None:
        raise InputError(
            expected="a lead that has a score", found=f"none of {lead_id!r} in {shown(store_url(given, outputs))}",
            hint="The list on the page 'leads' shows the ids; closed leads keep the scores that they had",
        )  # fmt: skip
    return row


def find_plain_score(
    given: str | None, outputs: Path, lead_id: str, *, at: datetime | None = None
) -> dict[str, Any] | None:
    """Return the same, or None where the lead has no such score; a store that cannot be read is an InputError."""
    newest = (SCORE_RUNS.c.sequence.desc(), SCORES.c.as_of.desc())
    where = [SCORES.c.lead_id == lead_id, SCORE_RUNS.c.sequence.is_not(None), SCORE_RUNS.c.undone_at.is_(None)]
    if at is not None:
        where.append(SCORE_RUNS.c.finished_at <= at)

    def asked(there: set[str]) -> sa.Select[Any]:
        columns = (column if column.name in there else sa.null().label(column.name) for column in SCORES.columns)
        of_run = (SCORE_RUNS.c.about, SCORE_RUNS.c.wording, SCORE_RUNS.c.finished_at)
        completed = sa.select(*columns, *of_run).select_from(SCORES)
        completed = completed.join(SCORE_RUNS, SCORE_RUNS.c.run_id == SCORES.c.run_id)
        return completed.where(*where).order_by(*newest).limit(1)

    return _first(store_url(given, outputs), asked)


def _first(url: sa.URL, asked: Callable[[set[str]], sa.Select[Any]]) -> dict[str, Any] | None:
    """Return the first row of what is asked of the columns that are there: a store may be of an earlier version."""
    engine = sa.create_engine(for_reading(url))
    try:
        with engine.connect() as connection:
            there = {column["name"] for column in sa.inspect(connection).get_columns(SCORES.name)}
            row = connection.execute(asked(there)).mappings().first()
    except (sa.exc.DatabaseError, sa.exc.NoSuchTableError):
        raise InputError(
            expected="a score store of this version with scores in it", found=f"none that can be read in {shown(url)}",
            hint="Run 'leadscore score' first, or set score.store to where the scores are",
        ) from None  # fmt: skip
    finally:
        engine.dispose()
    return None if row is None else dict(row)
