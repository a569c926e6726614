"""Guessing what a company's files mean: the leads, their events, their stages, and the fit columns."""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from features.errors import InputError
from features.leak_signs import name_sign
from pipeline.file_look import ColumnLook, FileLook, overlap
from pipeline.source_query import literal
from pipeline.stage_guess import StagesGuess, guess_stages

MOST_FAMILIES = 40
_SOURCES = ("source", "campaign", "channel", "origin", "quelle", "kanal", "kampagne", "medium")
_TITLES = ("job", "title", "position", "funktion", "jobtitel")
_CREATED = ("created", "registered", "first", "erstellt", "angelegt", "eingang", "submitted", "signup")
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
    """

    leads: FileLook
    lead_id: ColumnLook
    created: ColumnLook
    fit: tuple[FitGuess, ...]
    events: tuple[FileLook, ColumnLook, ColumnLook, ColumnLook] | None
    stages: str | None
    ladder: tuple[str, ...]
    lost: tuple[str, ...]
    recycled: tuple[str, ...]
    horizon: str
    said: tuple[str, ...]


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
    leads, lead_id = _leads(files)
    created = _created(leads)
    others = [(look, key) for look in files if look is not leads and (key := _key(con, leads, lead_id, look))]
    stages = guess_stages(con, leads, lead_id, created, others)
    events = _events(others, stages)
    fit = _fit(leads, {lead_id.name, created.name, *([stages.used.name] if stages and stages.used else [])})
    said = [
        f"leads: {leads.file.name}, id {lead_id.name!r}, created {created.name!r}",
        f"events: {events[0].file.name}, type {events[3].name!r}" if events else "events: none found",
        f"stages: {stages.said}" if stages else "stages: none found, so there are no outcomes yet: write stages.sql",
        *(f"left out {item.column.name!r}: {item.left_out}" for item in fit if item.left_out),
    ]
    nothing = StagesGuess("", None, ("MQL", "SAL", "SQL", "WON"), ("LOST",), ("RECYCLED",), "90d", "")
    known = stages or nothing
    return Guess(
        leads=leads,
        lead_id=lead_id,
        created=created,
        fit=fit,
        events=events,
        stages=stages.sql if stages else None,
        ladder=known.ladder,
        lost=known.lost,
        recycled=known.recycled,
        horizon=known.horizon,
        said=tuple(said),
    )


def _leads(files: list[FileLook]) -> tuple[FileLook, ColumnLook]:
    """Find the leads: a unique id and a time; better with an id that other files have, and with many columns."""

    def fitness(pair: tuple[FileLook, ColumnLook]) -> tuple[int, int, int, int]:
        look, column = pair
        shared = sum(other.column(column.name) is not None for other in files if other is not look)
        is_id = bool(re.search(r"(^|[_ ])(id|key|nr|nummer|number)$", column.name.lower()))
        called = "lead" in look.file.name.lower()
        return (shared, called, is_id, look.rows if shared else len(look.columns))

    candidates = [(look, column) for look in files if look.times() for column in look.unique()]
    if not candidates:
        names = "; ".join(f"{look.file.name}: {', '.join(c.name for c in look.columns)}" for look in files)
        raise InputError(
            expected="a file with one row a lead: an id that is different in every row, and a time",
            found=names,
            hint="Add such a file; numbers in order of arrival can stand in for a time, as in sources/x_education",
        )
    return max(candidates, key=fitness)  # of equals the first


def _created(leads: FileLook) -> ColumnLook:
    times = leads.times()
    full = [column for column in times if column.filled == leads.rows] or times
    return next((column for column in full if column.named(*_CREATED)), full[0])


def _key(con: duckdb.DuckDBPyConnection, leads: FileLook, lead_id: ColumnLook, look: FileLook) -> ColumnLook | None:
    """Find the column of another file that holds lead ids: by name, else by its values."""
    same = look.column(lead_id.name)
    if same is not None:
        return same
    texts = [column for column in look.columns if column.kind in ("text", "number")]
    return next((column for column in texts if overlap(con, leads, lead_id, look, column) >= 0.8), None)


def _events(
    others: list[tuple[FileLook, ColumnLook]], stages: StagesGuess | None
) -> tuple[FileLook, ColumnLook, ColumnLook, ColumnLook] | None:
    for look, key in sorted(others, key=lambda pair: -pair[0].rows):
        if stages is not None and literal(look.file.name) in stages.sql:
            continue
        types = [c for c in look.columns if c.kind == "text" and c is not key and 1 <= c.values <= 200]
        types.sort(key=lambda column: next((i for i, word in enumerate(_TYPES) if column.named(word)), len(_TYPES)))
        if look.times() and types:
            return look, key, look.times()[0], types[0]
    return None


def _fit(leads: FileLook, used: set[str]) -> tuple[FitGuess, ...]:
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
        rate = type_ == "category" and column.named(*_SOURCES) and column.values <= 1000
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
    if column.kind == "time":
        return "a time: as a stage or a change it can be used"
    if sign is not None:
        return f"{sign}: if it was known when the lead came, take it in"
    if type_ in ("text", "category") and column.values > 0.9 * leads.rows and leads.rows > 20:
        return "a different value in nearly every row"
    return None
