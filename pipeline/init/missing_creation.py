"""Leads without a time of creation in a table that has one: which column it is, and what becomes of such rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from features.leaks.column_names import name_sign
from pipeline.init.loaded_files import LoadedFiles
from pipeline.init.look_at_files import ColumnLook, FileLook
from pipeline.init.questions import Question, Reading
from pipeline.init.stages.outcome_columns import outcome_column
from pipeline.init.time_columns import is_later_time, is_outcome_time, says_created

_FEWEST, _WHOLE = 0.5, 0.95
_TOLERATED = 0.01
"""Share of rows without the time that are rejects and no question: as many as a run lets pass."""
_FIRST = 0.98
"""Share of rows in which the creation comes before every other time."""
_UNLIKE, _UNLIKE_BY = 4.0, 0.05


def named_times(look: FileLook, known: Sequence[str] = ()) -> list[ColumnLook]:
    """Return the times that a part of the rows lacks, and whose heading says that they are the creation."""
    return [one for one in _partly_filled(look) if says_created(one.name) or one.name in known]


def earliest_times(files: LoadedFiles, look: FileLook) -> list[ColumnLook]:
    """Return the times that a part of the rows lacks, that come before all others, and that decided rows have.

    A deal that nobody has begun has no date of its beginning yet; the date of a demo is missing where there was none.
    """
    outcome = outcome_column(look)
    found = []
    for column in _partly_filled(look):
        others = [other for other in look.times() if other is not column and not is_later_time(other.name)]
        moment = _moment(column)
        first = " AND ".join(f"coalesce({moment} <= {_moment(other)}, true)" for other in others) or "false"
        decided = f"({outcome.won}) OR ({outcome.lost})" if outcome else "true"
        early, having = files.row(
            f"SELECT avg(({first})::INT) FILTER ({moment} IS NOT NULL), avg(({moment} IS NOT NULL)::INT) "
            f"FILTER ({decided}) FROM {files.table(look)}"
        )
        if (early or 0) >= _FIRST and (having or 0) >= (_WHOLE if outcome else _FEWEST):
            found.append(column)
    return found


def rows_with_creation(
    files: LoadedFiles, look: FileLook, created: ColumnLook, ask: Callable[[Question], int]
) -> tuple[bool, str | None]:
    """Ask what the rows without a time of creation are.

    Returns
    -------
    dated : bool
        Whether the column is the creation; otherwise the order of the rows stands for it.
    kept : str or None
        SQL that is true for the rows to be read, None for all of them.
    """
    outcome = outcome_column(look)
    there = f"nullif(trim(({created.sql})::VARCHAR), '') IS NOT NULL"
    won, lost = (outcome.won, outcome.lost) if outcome else ("false", "false")
    missing, missing_won, missing_lost, all_won, all_lost = files.row(
        f"SELECT count(*) FILTER (m), count(*) FILTER (m AND w), count(*) FILTER (m AND l), count(*) FILTER (w), "
        f"count(*) FILTER (l) FROM (SELECT NOT ({there}) AS m, coalesce({won}, false) AS w, "
        f"coalesce({lost}, false) AS l FROM {files.table(look)})"
    )
    if missing <= _TOLERATED * look.rows:
        return True, None
    of_them = f", of them {missing_won:,} won and {missing_lost:,} lost" if outcome else ""
    unlike = _are_unlike(missing_won, all_won, missing_lost, all_lost)
    left = "those with an outcome are rejected, the others left out" if unlike else "they are left out"
    order = Reading("the order of the rows stands for the time", "no horizon, no events, no trend over time")
    dated = Reading(
        f"created is {created.name!r}, and rows without it came at no known time: {left}",
        f"{look.rows - missing:,} rows have it, {missing:,} do not{of_them}",
    )
    text = f"{created.name!r} is empty in {missing:,} of {look.rows:,} rows of {look.file.name}:"
    if ask(Question(text, (dated, order))):
        return False, None
    return True, f"{there} OR coalesce(({won}) OR ({lost}), false)" if unlike else there


def _partly_filled(look: FileLook) -> list[ColumnLook]:
    return [
        column
        for column in look.times()
        if _FEWEST * look.rows <= column.filled < _WHOLE * look.rows
        and not is_outcome_time(column.name)
        and not is_later_time(column.name)
        and (says_created(column.name) or name_sign(column.name) is None)
    ]


def _moment(column: ColumnLook) -> str:
    return f"try_cast(({column.sql})::VARCHAR AS TIMESTAMPTZ)"


def _are_unlike(missing_won: int, won: int, missing_lost: int, lost: int) -> bool:
    """Whether the time is missing for one outcome more than for the other: to leave such rows out would be a choice."""
    if not won or not lost:
        return False
    one, other, both = missing_won / won, missing_lost / lost, (missing_won + missing_lost) / (won + lost)
    spread = math.sqrt(max(both * (1 - both), 1e-9) * (1 / won + 1 / lost))
    return abs(one - other) > max(_UNLIKE_BY, _UNLIKE * spread)
