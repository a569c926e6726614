"""Stories that ended at a close date without a win, where no word of the status says a loss, as in Odoo."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.init.loaded_files import LoadedFiles
from pipeline.init.look_at_files import ColumnLook, FileLook
from pipeline.init.questions import Question, Reading
from pipeline.init.stages.outcome_columns import words_of_sense
from pipeline.source.sql import identifier, literal

_FEWEST = 5
_PLANNED_FOR_ALL = 0.95
"""A date that nearly every row without a win has is that of a plan, not of an end."""


def are_other_ends_lost(
    files: LoadedFiles, look: FileLook, closed: ColumnLook, status: ColumnLook, ask: Callable[[Question], int]
) -> bool:
    """Whether rows with a close date and no win are lost: asked where some have that date and others lack it."""
    won = words_of_sense(status, "won")
    if not won or words_of_sense(status, "lost"):
        return False
    is_won = f"coalesce({identifier(status.name)} IN ({', '.join(map(literal, won))}), false)"
    ended, others = files.row(
        f"SELECT count(*) FILTER (nullif(trim(({closed.sql})::VARCHAR), '') IS NOT NULL), count(*) "
        f"FROM {files.table(look)} WHERE NOT {is_won}"
    )
    if not _FEWEST <= ended <= _PLANNED_FOR_ALL * others:
        return False
    question = Question(
        f"{closed.name!r} of {look.file.name} stands beside {ended:,} rows whose {status.name!r} is no win:",
        (
            Reading("they are lost at that date", f"the other {others - ended:,} rows without a win have no such date"),
            Reading("they are open, and the date is planned", "it is left aside"),
        ),
    )
    return ask(question) == 0
