"""Guessing which file holds the leads, and which of its columns are id, time of creation and account."""

from __future__ import annotations

import re
from collections.abc import Sequence

from features.errors import InputError
from features.leaks.column_names import name_sign
from pipeline.init.look_at_files import ColumnLook, FileLook

_CREATED = ("created", "registered", "first", "erstellt", "angelegt", "eingang", "submitted", "signup")
_OUTCOME = {
    *("won", "lost", "converted", "conversion", "close", "closed", "closing", "deal", "outcome", "signed", "churned"),
    *("gewonnen", "verloren", "abgeschlossen", "abschluss", "unterschrieben", "entscheidung"),
}
_FEWEST_FILLED = 0.95
_ACCOUNT = re.compile(
    r"(company|firma|firmen|account|unternehmen|organi[sz]ation)([_ -]?(id|key|nr|no|nummer|number|name))?"
    r"|(kunden?|customer)[_ -]?(id|key|nr|no|nummer|number)"
)
_LEAD_REFERENCE = re.compile(r"(.*[^a-z])?lead[_ -]?(id|nr|key|number|nummer)")


def find_leads(files: Sequence[FileLook]) -> tuple[FileLook, ColumnLook, ColumnLook]:
    """Find the leads, their id and their time of creation.

    Better is an id that other files have, and a file with many columns.

    Raises
    ------
    InputError
        If no file has one row a lead, or none of those says when its leads were created.
    """
    candidates = [(look, column) for look in files if _repeated_lead(look, files) is None for column in look.unique()]
    dated = [pair for pair in candidates if _creation_times(pair[0])]
    if not dated:
        raise _no_creation(candidates[0][0]) if candidates and _dates(candidates[0][0]) else _no_leads(files)
    look, lead_id = max(dated, key=lambda pair: _fitness(pair, files))  # of equals the first
    times = _creation_times(look)
    current = [column for column in times if name_sign(column.name) is None] or times
    return look, lead_id, next((column for column in current if column.named(*_CREATED)), current[0])


def _fitness(pair: tuple[FileLook, ColumnLook], files: Sequence[FileLook]) -> tuple[int, int, int, int]:
    look, column = pair
    shared = sum(other.column(column.name) is not None for other in files if other is not look)
    is_id = bool(re.search(r"(^|[_ ])(id|key|nr|nummer|number)$", column.name.lower()))
    called = "lead" in look.file.name.lower()
    return (shared, called, is_id, look.rows if shared else len(look.columns))


def _creation_times(look: FileLook) -> list[ColumnLook]:
    """Return the times that every lead has and that do not tell of its outcome; the fullest first."""
    times = [
        column
        for column in look.times()
        if column.filled >= _FEWEST_FILLED * look.rows and not _OUTCOME.intersection(column.words)
    ]
    return [column for column in times if column.filled == look.rows] or times


def _repeated_lead(look: FileLook, files: Sequence[FileLook]) -> ColumnLook | None:
    """Return the column that holds the same lead in several rows: such a file tells what leads did."""
    names = {column.name for other in files if other is not look for column in other.columns}
    return next(
        (
            column
            for column in look.columns
            if _LEAD_REFERENCE.fullmatch(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column.name).lower())
            and not {"parent", "master", "duplicate", "original"}.intersection(column.words)
            and column.filled >= _FEWEST_FILLED * look.rows
            and column.values < column.filled
            and (column.name in names or len(files) == 1 or column.values < _FEWEST_FILLED * column.filled)
        ),
        None,
    )


def _no_leads(files: Sequence[FileLook]) -> InputError:
    for look in files:
        repeated = _repeated_lead(look, files)
        if repeated is not None:
            return InputError(
                expected="a file with one row a lead",
                found=f"{repeated.filled:,} rows with {repeated.values:,} different values of {repeated.name!r}: "
                "this tells what leads did",
                table=look.file.name,
                hint="Give the file of the leads too: --from leads.csv --from activities.csv",
            )
    return InputError(
        expected="a file with one row a lead: an id that is different in every row, and a time",
        found="; ".join(f"{look.file.name}: {', '.join(c.name for c in look.columns)}" for look in files),
        hint="Add such a file; numbers in order of arrival can stand in for a time, as in sources/x_education",
    )


def _dates(look: FileLook) -> list[ColumnLook]:
    return [column for column in look.columns if column.kind == "time" or column.is_unread_date]


def _no_creation(look: FileLook) -> InputError:
    candidates = [
        f"{column.name!r} ({column.filled / look.rows:.0%} filled, e.g. {column.common[0]!r})"
        if column.kind == "time"
        else f"{column.name!r} (cannot be read, e.g. {column.common[0]!r})"
        for column in _dates(look)
    ]
    return InputError(
        expected="a time of creation: in at least 95 % of the rows, and not the time of an outcome",
        found=", ".join(candidates),
        table=look.file.name,
        hint="Add such a column, or write times as 2025-01-31 09:30",
    )


def find_account(leads: FileLook, used: set[str]) -> ColumnLook | None:
    """Return the column that several leads of one company share, an id before a name; or None."""
    named = [
        column
        for column in leads.columns
        if column.name not in used
        and column.kind in ("text", "number")
        and _ACCOUNT.fullmatch(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column.name).strip().lower())
        and 1 < column.values < column.filled
    ]
    return min(
        named, key=lambda column: not re.search(r"(id|key|nr|no|nummer|number)$", column.name.lower()), default=None
    )
