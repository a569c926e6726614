"""Guessing what a company's files mean: the leads, their events, their stages, and the fit columns."""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from features.leaks.column_names import name_sign
from features.leaks.persons import person_sign
from pipeline.init.guess_leads import find_account, find_leads
from pipeline.init.guess_stages import StagesGuess, guess_stages
from pipeline.init.look_at_files import ColumnLook, FileLook, overlap
from pipeline.source.sql import literal

Events = tuple[FileLook, ColumnLook, ColumnLook, ColumnLook]
MOST_FAMILIES = 40
_SOURCES = ("source", "campaign", "channel", "origin", "quelle", "kanal", "kampagne", "medium")
_TITLES = ("job", "title", "position", "funktion", "jobtitel")
_TYPES = ("event_type", "event", "activity", "action", "type", "aktion", "aktivität", "ereignis")


@dataclass(frozen=True)
class FitGuess:
    """A column of the leads: how it is called in ``source.yaml``, its type, or why it is left out."""

    column: ColumnLook
    name: str
    type: str
    source_rate: bool = False
    left_out: str | None = None


@dataclass(frozen=True)
class Guess:
    """What the files seem to mean.

    Parameters
    ----------
    leads, lead_id, created : FileLook, ColumnLook, ColumnLook
        The file of leads, its id and its time of creation.
    fit : tuple of FitGuess
        The other columns of that file.
    events : tuple, optional
        File, id column, time column, type column.
    stages : str, optional
        The SQL that gives the stages.
    ladder, lost, recycled : tuple of str
        The stages by part; the last rung is the win.
    horizon : str
        Long enough for most wins.
    said : tuple of str
        What was guessed, in words.
    account : ColumnLook, optional
        The company of each lead.
    win_times_known : bool
        Whether the stages say when a lead was won; if not, they hold a stand-in.
    """

    leads: FileLook
    lead_id: ColumnLook
    created: ColumnLook
    fit: tuple[FitGuess, ...]
    events: Events | None
    stages: str | None
    ladder: tuple[str, ...]
    lost: tuple[str, ...]
    recycled: tuple[str, ...]
    horizon: str
    said: tuple[str, ...]
    account: ColumnLook | None = None
    win_times_known: bool = True


def slug(text: str) -> str:
    """Return a name of lower case letters, digits and underscores.

    Examples
    --------
    >>> slug("Total Time Spent on Website")
    'total_time_spent_on_website'
    """
    plain = text.lower()
    for letter, spelt in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        plain = plain.replace(letter, spelt)
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    return name if name[:1].isalpha() else f"c_{name}".rstrip("_")


def guess(con: duckdb.DuckDBPyConnection, files: list[FileLook]) -> Guess:
    """Guess what the files mean.

    Raises
    ------
    InputError
        If no file looks like leads: one row a lead with an id and a time.
    """
    leads, lead_id, created = find_leads(files)
    others = [(look, key) for look in files if look is not leads and (key := _key(con, leads, lead_id, look))]
    stages = guess_stages(con, leads, lead_id, created, others)
    events = _events(others, stages)
    used = {lead_id.name, created.name, *([stages.used.name] if stages and stages.used else [])}
    account = find_account(leads, used)
    nothing = StagesGuess("", None, ("MQL", "SAL", "SQL", "WON"), ("LOST",), ("RECYCLED",), "90d", "")
    stages_or_default = stages or nothing
    fit = _fit(leads, used | ({account.name} if account else set()), rates=stages_or_default.times_known)
    return Guess(
        leads=leads,
        lead_id=lead_id,
        created=created,
        fit=fit,
        events=events,
        stages=stages.sql if stages else None,
        ladder=stages_or_default.ladder,
        lost=stages_or_default.lost,
        recycled=stages_or_default.recycled,
        horizon=stages_or_default.horizon,
        said=tuple(_said(leads, lead_id, created, account, events, stages, fit)),
        account=account,
        win_times_known=stages_or_default.times_known,
    )


def _said(
    leads: FileLook,
    lead_id: ColumnLook,
    created: ColumnLook,
    account: ColumnLook | None,
    events: Events | None,
    stages: StagesGuess | None,
    fit: tuple[FitGuess, ...],
) -> list[str]:
    read = [created, *(item.column for item in fit if item.left_out is None), *([events[2]] if events else [])]
    return [
        f"leads: {leads.file.name}, id {lead_id.name!r}, created {created.name!r}",
        *([f"account: {account.name!r}, shared by several leads"] if account else []),
        f"events: {events[0].file.name}, type {events[3].name!r}" if events else "events: none found",
        f"stages: {stages.said}" if stages else "stages: none found, so there are no outcomes yet: write stages.sql",
        *(f"left out {item.column.name!r}: {item.left_out}" for item in fit if item.left_out),
        *(f"{column.name!r}: {column.note}" for column in read if column.note),
    ]


def _key(con: duckdb.DuckDBPyConnection, leads: FileLook, lead_id: ColumnLook, look: FileLook) -> ColumnLook | None:
    """Find the column of another file that holds lead ids: by name, else by its values."""
    same = look.column(lead_id.name)
    if same is not None:
        return same
    texts = [column for column in look.columns if column.kind in ("text", "number")]
    return next((column for column in texts if overlap(con, leads, lead_id, look, column) >= 0.8), None)


def _events(others: list[tuple[FileLook, ColumnLook]], stages: StagesGuess | None) -> Events | None:
    for look, key in sorted(others, key=lambda pair: -pair[0].rows):
        if stages is not None and literal(look.file.name) in stages.sql:
            continue
        types = [c for c in look.columns if c.kind == "text" and c is not key and 1 <= c.values <= 200]
        types.sort(key=lambda column: next((i for i, word in enumerate(_TYPES) if column.named(word)), len(_TYPES)))
        if look.times() and types:
            return look, key, look.times()[0], types[0]
    return None


def _fit(leads: FileLook, used: set[str], *, rates: bool) -> tuple[FitGuess, ...]:
    items = []
    taken = {"lead_id", "created_at", "account_id"}
    for column in leads.columns:
        if column.name in used:
            continue
        name = slug(column.name)
        while name in taken:
            name += "_"
        taken.add(name)
        type_ = _fit_type(column)
        rate = rates and type_ == "category" and column.named(*_SOURCES) and column.values <= 1000
        items.append(FitGuess(column, name, type_, rate, _why_left_out(leads, column, type_)))
    return tuple(items)


def _fit_type(column: ColumnLook) -> str:
    if column.kind in ("number", "boolean", "email"):
        return column.kind
    if column.named(*_TITLES):
        return "job_title"
    return "category" if column.values <= 1000 else "text"


def _why_left_out(leads: FileLook, column: ColumnLook, type_: str) -> str | None:
    sign = name_sign(column.name)
    if column.filled == 0:
        return "it is empty"
    if column.is_unread_date:
        return f"cannot read the dates of {column.name}, e.g. {column.common[0]!r}"
    if column.kind == "time":
        return "a time: as a stage or a change it can be used"
    person = None if type_ == "email" else person_sign(column.name, column.common)
    if person is not None:
        return f"{person.why}: named under show: in source.yaml it is shown to people, and no model reads it"
    if sign is not None:
        return f"{sign}: if it was known when the lead came, take it in"
    if type_ in ("text", "category") and column.values > 0.9 * leads.rows and leads.rows > 20:
        return "a different value in nearly every row"
    return None
