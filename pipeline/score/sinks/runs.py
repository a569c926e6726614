"""Which runs a store has, which of them is in force, and how that changes: by numbers, never by a clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from features.errors import InputError
from pipeline.score.sinks.sink import ScoreRun, UndoNote
from pipeline.score.sinks.store_tables import SCORE_LOG, SCORE_RUNS, SCORES

_SHOWN_RUNS = 5


def in_force(connection: sa.Connection) -> sa.Row[Any] | None:
    """Return the run that everybody reads: the highest sequence that was not undone."""
    visible = sa.select(SCORE_RUNS).where(SCORE_RUNS.c.sequence.is_not(None), SCORE_RUNS.c.undone_at.is_(None))
    return connection.execute(visible.order_by(SCORE_RUNS.c.sequence.desc()).limit(1)).first()


def run_row(connection: sa.Connection, run_id: str) -> sa.Row[Any] | None:
    """Return what the store says of a run, or None."""
    return connection.execute(sa.select(SCORE_RUNS).where(SCORE_RUNS.c.run_id == run_id)).first()


def count_rows(connection: sa.Connection, run_id: str) -> int:
    """Return how many scores of a run are there."""
    counted = sa.select(sa.func.count()).select_from(SCORES).where(SCORES.c.run_id == run_id)
    return int(connection.execute(counted).scalar_one())


def refuse_other_owner(connection: sa.Connection, run: ScoreRun, *, place: str) -> None:
    """Refuse to hide the list of another source or another output folder.

    Raises
    ------
    InputError
        If the run in force is of another source or another folder than this one.
    """
    current = in_force(connection)
    if current is None:
        return
    hint = (
        "A store has one list: give score.store another database for this one, or let it take over with "
        "'--set score.takes_over=true'"
    )
    if current.source not in (None, run.about.source):
        raise InputError(
            expected=f"a store of the source {run.about.source}", found=f"the list of the source {current.source}",
            table=place, hint=hint,
        )  # fmt: skip
    if None not in (current.out, run.out) and current.out != run.out:
        raise InputError(
            expected="a store that this OUT writes to", found=f"run {current.run_id} of another OUT in force",
            table=place, hint=hint,
        )  # fmt: skip


def begin(connection: sa.Connection, run: ScoreRun, *, started_at: datetime) -> None:
    """Note that a run is at work."""
    if run_row(connection, run.run_id) is None:
        connection.execute(
            sa.insert(SCORE_RUNS).values(_of_run(run) | {"run_id": run.run_id, "started_at": started_at})
        )


def discard(connection: sa.Connection, run_id: str) -> None:
    """Take away a run, unless it ever became visible."""
    known = run_row(connection, run_id)
    if known is None or known.sequence is not None:
        return
    connection.execute(sa.delete(SCORES).where(SCORES.c.run_id == run_id))
    connection.execute(sa.delete(SCORE_RUNS).where(SCORE_RUNS.c.run_id == run_id))


def discard_broken_off(connection: sa.Connection) -> None:
    """Take away what runs have left that were broken off and are not repeated: another one is complete."""
    for (left,) in connection.execute(sa.select(SCORE_RUNS.c.run_id).where(SCORE_RUNS.c.sequence.is_(None))).all():
        discard(connection, left)


def make_visible(connection: sa.Connection, run: ScoreRun, *, at: datetime, took_s: float) -> None:
    """Put a run in force: from the end of this transaction on, everybody reads it.

    A run that was in force before, or was undone, comes back under a new number; what it says of itself stays.
    """
    known = run_row(connection, run.run_id)
    values: dict[str, Any] = {"sequence": _log(connection, run.run_id, "visible", at), "undone_at": None}
    if known is None or known.sequence is None:
        values |= _of_run(run) | {"finished_at": at + timedelta(seconds=took_s)}
    connection.execute(sa.update(SCORE_RUNS).where(SCORE_RUNS.c.run_id == run.run_id).values(values))


def mark_undone(connection: sa.Connection, run_id: str, note: UndoNote) -> None:
    """Mark a finished run as taken back.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    known = run_row(connection, run_id)
    if known is None or known.sequence is None:
        raise InputError(
            expected="a finished run of the store", found=f"run {run_id!r}", table="score_runs",
            hint=f"The newest are {_newest(connection)}",
        )  # fmt: skip
    if known.undone_at is None:
        _log(connection, run_id, "undone", note.at, who=note.who, why=note.why)
        connection.execute(sa.update(SCORE_RUNS).where(SCORE_RUNS.c.run_id == run_id).values(undone_at=note.at))


def _newest(connection: sa.Connection) -> str:
    finished = sa.select(SCORE_RUNS).where(SCORE_RUNS.c.sequence.is_not(None)).order_by(SCORE_RUNS.c.sequence.desc())
    runs = connection.execute(finished.limit(_SHOWN_RUNS)).all()
    named = [f"{run.run_id} ({'undone' if run.undone_at else f'{run.finished_at:%Y-%m-%d %H:%M} UTC'})" for run in runs]
    return ", ".join(named) or "none: no run was ever finished"


def _log(
    connection: sa.Connection, run_id: str, what: str, at: datetime, *, who: str | None = None, why: str | None = None
) -> int:
    """Add an entry to the log and return its number, which no other has ever had."""
    last = connection.execute(sa.select(sa.func.max(SCORE_LOG.c.entry))).scalar_one()
    entry = int(last or 0) + 1
    values = {"entry": entry, "run_id": run_id, "what": what, "at": at, "who": who, "why": why}
    connection.execute(sa.insert(SCORE_LOG).values(values))
    return entry


def _of_run(run: ScoreRun) -> dict[str, Any]:
    return {
        "model_version": run.model_version, "cutoff_version": run.cutoff_version, "leads": run.about.leads,
        "about": run.about.model_dump(mode="json"), "source": run.about.source, "out": run.out,
        "wording": None if run.wording is None else run.wording.model_dump(mode="json"),
    }  # fmt: skip
