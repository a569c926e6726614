"""Which of several times is the creation of a lead, and which the moment of an event."""

from __future__ import annotations

import re
from collections.abc import Sequence

from features.leaks.column_names import name_sign
from pipeline.init.id_links import plain_name
from pipeline.init.look_at_files import ColumnLook, FileLook

_CREATED = re.compile(
    r".*(creat|erstell|angelegt|anlage|erfass|register|registr|eingang|eingegangen|submitted|submission|sign(ed)?_?up|subscribed_?(at|on)|joined|angemeldet|beigetreten|"
    r"inquir|added|hinzugef|entstand|application_date|antragsdatum|anfragedatum).*"
)
_FIRST = re.compile(r".*(first|erst(e|kontakt)|seen|visit|besuch).*")
_OUTCOME = re.compile(
    r"(.*[^a-zäöü])?(won|lost|convert(ed)?|conversion|konvertier(t|ung)|konversion|clos(e|ed|ing)(date)?|deal|outcome|signed|churned|gewonnen|verloren|"
    r"abgeschlossen|abschluss(datum)?|unterschrieben|entscheidung|became|wurde)([^a-zäöü].*)?"
)
_LATER = re.compile(
    r".*(modif|updat|geändert|geaendert|änderung|aenderung|zuletzt|letzte|last|birth|geburt|due|fällig|faellig|plan|next|"
    r"nächst|follow|expect|voraussicht|expir|ablauf|renew|end_?date|until|deadline|reminder|synced|deleted).*"
)
_HAPPENED = re.compile(r".*(occur|happen|timestamp|zeitpunkt|event|activity|aktivit|start|sent|begin|call|visit).*")
_LEFT = re.compile(r"(.*[^a-z])?(left|exit(ed)?|end|ended|until|verlassen|bis|ende)([^a-z].*)?")


def is_outcome_time(name: str) -> bool:
    """Whether a heading is that of an outcome's time; a heading that says *created* is not."""
    plain = plain_name(name)
    return bool(_OUTCOME.fullmatch(plain)) and not _CREATED.fullmatch(plain)


def creation_times(look: FileLook, known: Sequence[str] = ()) -> list[ColumnLook]:
    """Return the times that every lead has and that tell of no outcome, the likeliest creation first.

    Parameters
    ----------
    look : FileLook
        The file.
    known : sequence of str
        Headings that are known to be the creation in exports of this system.
    """
    times = [
        column for column in look.times() if column.filled >= 0.95 * look.rows and not is_outcome_time(column.name)
    ]
    ranked = sorted(times, key=lambda column: _creation_rank(column, look, known))
    fitting = [column for column in ranked if not is_later_time(column.name)]
    current = [column for column in fitting if name_sign(column.name) is None or says_created(column.name)]
    return current or fitting or ranked


def says_created(name: str) -> bool:
    """Whether a heading is that of a creation."""
    return bool(_CREATED.fullmatch(plain_name(name)))


def is_later_time(name: str) -> bool:
    """Whether a heading is that of something later or planned: modified, last, due, next."""
    return bool(_LATER.fullmatch(plain_name(name)))


def _creation_rank(column: ColumnLook, look: FileLook, known: Sequence[str]) -> tuple[bool, bool, bool, bool]:
    plain = plain_name(column.name)
    created = says_created(column.name) and not _LATER.fullmatch(plain)
    return (column.name not in known, not created, column.filled < look.rows, not _FIRST.fullmatch(plain))


def event_times(look: FileLook, known: Sequence[str] = ()) -> list[ColumnLook]:
    """Return the times of a file of events or stages, the likeliest moment first; planned times come last."""
    times = [column for column in look.times() if column.filled >= 0.5 * look.rows]
    return sorted(times, key=lambda column: _event_rank(column, known))


def _event_rank(column: ColumnLook, known: Sequence[str]) -> tuple[bool, bool, bool, int]:
    plain = plain_name(column.name)
    rank = 0 if _HAPPENED.fullmatch(plain) else 1 if _CREATED.fullmatch(plain) else 2
    return (column.name not in known, bool(_LATER.fullmatch(plain)) or bool(_LEFT.fullmatch(plain)), False, rank)
