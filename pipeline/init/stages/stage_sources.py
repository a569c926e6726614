"""Where files say which stage a lead entered when: histories, columns of dates, and a close date beside a status."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from features.tables.written_values import YES
from pipeline.init.id_links import Link, plain_name
from pipeline.init.lead_rows import LeadRows
from pipeline.init.loaded_files import LoadedFiles
from pipeline.init.look_at_files import ColumnLook, FileLook
from pipeline.init.presets import Preset
from pipeline.init.questions import Question, Reading
from pipeline.init.stages.other_ends import are_other_ends_lost
from pipeline.init.stages.outcome_columns import status_column, words_of_sense
from pipeline.init.stages.stage_words import speaks_of_stages, stage_sense
from pipeline.init.time_columns import event_times
from pipeline.source.sql import identifier, literal

_STAGE = re.compile(r".*(stage|status|stufe|phase|state).*|(new|to)_?value|neuer_?wert")
_HISTORY = re.compile(r".*(history|historie|verlauf|change|änderung|aenderung|transition|stage|stufe|phase|status).*")
_OLD = re.compile(
    r"(.*[^a-zäöü])?(from|old|previous|prior|von|alte?r?|vorher\w*|before)([^a-zäöü].*)?|from.*|old.*|prev.*"
)
_NEW = re.compile(r"(.*[^a-zäöü])?(to|new|neue?r?|nach|zu)([^a-zäöü].*)?")
_FIELD = re.compile(r"(.*[^a-z])?(field|feld|property|eigenschaft|attribute)([^a-z].*)?")
_MOST_STAGES = 30

_BECAME = (
    r"became an? (?P<s>.+?)(?: lifecycle)?(?: stage)?(?: date| on| at)?",
    r"wurde (?:zum |zur |ein |eine |als )?(?P<s>.+?)(?: am| um| seit)?",
    r"(?:date|datum|zeit|time)[ :]*(?:entered|eintritt(?: in)?|eingetreten in|betreten)[ :]+[\"'„“]?(?P<s>.+?)[\"'“”]?",
    r"(?:date|datum)\s*:\s*(?P<s>.+)",
    r"(?:entered|eintritt in|eingetreten in) [\"'„“]?(?P<s>.+?)[\"'“”]?(?: on| at| am| date)?",
    r"[\"'„“]?(?P<s>.+?)[\"'“”]? (?:date entered|entered (?:on|at|date)|entered|eingetreten am|erreicht am|reached on|"
    r"reached at|seit)",
    r"hs (?:lifecyclestage|date entered) (?P<s>.+?)(?: date)?",
)
_AT = r"(?:date of |datum (?:der |des )?)?(?P<s>.+?)[ -]?(?:date time|date|time|datum|zeit|on|at|am|um|zeitpunkt)"
_OF = r"(?:date of|time of|(?:datum|zeit|zeitpunkt) (?:der|des)) (?P<s>.+)"
_NOT_BECAME = re.compile(r".*(creat|erstell|modif|geändert|last|letzte|exit|left|verlassen|expected|erwartet).*")
_CLOSE = re.compile(
    r"(.*[^a-zäöü])?clos(e|ed|ing)(date)?([^a-zäöü].*)?|.*abschluss.*|.*abgeschlossen.*|.*geschlossen.*|.*schlusstermin.*|.*entscheidung.*|closedate"
)
_PLANNED = re.compile(r".*(expect|plan|erwartet|voraussicht|geplant|estimat|due|fällig).*")


@dataclass(frozen=True)
class Source:
    """One or more SELECTs that give ``lead_id``, ``stage`` and ``entered_at``.

    Parameters
    ----------
    parts : tuple of str
        The SELECTs, for the data folder.
    files : tuple of FileLook
        The files that they read.
    said : str
        What it is, in words.
    used : tuple of ColumnLook
        The leads' own columns that it reads, which are no features then.
    clamp : {"", "day", "any"}
        Whether entries before the creation count as at the creation: those of the same day, or any.
    horizon : str, optional
        Where it does not depend on the wins' times.
    """

    parts: tuple[str, ...]
    files: tuple[FileLook, ...]
    said: str
    used: tuple[ColumnLook, ...] = ()
    clamp: str = ""
    horizon: str | None = None


def stage_history(files: LoadedFiles, rows: LeadRows, link: Link, preset: Preset) -> tuple[Source, ColumnLook] | None:
    """Return the entries of a file with a row for each change of a stage, and its column of stages; or None."""
    look, key = link.look, link.column
    times = event_times(look, preset.of("event_time"))
    column = _stage_column(files, look, key, preset) if times else None
    if column is None or not times:
        return None
    of_stage, words = _only_stage_field(look, column)
    if not _are_stages(files, look, key, column, where=of_stage):
        return None
    lead, relation = rows.of_file(look, key)
    stage = identifier(column.name)
    time = next((one for one in times if one.name in preset.of("event_time")), times[0])
    where = " AND ".join([f"{stage} IS NOT NULL", *([of_stage] if of_stage else [])])
    part = f"SELECT {lead} AS lead_id, {stage} AS stage, {time.sql} AS entered_at\nFROM {relation}\nWHERE {where}"
    clamp = "day" if _days_only(files, look, time) and not _days_only_leads(files, rows) else ""
    without = look.rows - column.filled
    left = f" ({without:,} rows without a stage are not read)" if without else ""
    said = f"{look.file.name}, stage {column.name!r}{words}, entered {time.name!r}{left}"
    return Source((part,), (look,), said, clamp=clamp, horizon="90d"), column


def _stage_column(files: LoadedFiles, look: FileLook, key: ColumnLook, preset: Preset) -> ColumnLook | None:
    named = [
        column
        for column in look.columns
        if column is not key
        and column.kind == "text"
        and 1 <= column.values <= _MOST_STAGES
        and (column.name in preset.of("stage") or _may_be_stage(plain_name(column.name)))
    ]
    pair = _from_and_to(files, look, key, named)
    if pair is not None:
        return pair
    fresh = [column for column in named if not _OLD.fullmatch(plain_name(column.name))]
    return next(iter(fresh), None)


def _may_be_stage(plain: str) -> bool:
    return any(pattern.fullmatch(plain) for pattern in (_STAGE, _OLD, _NEW))


def _from_and_to(files: LoadedFiles, look: FileLook, key: ColumnLook, named: list[ColumnLook]) -> ColumnLook | None:
    """Return the column with the later value of two with the same values: what the next row begins with."""
    times = event_times(look)
    best: tuple[float, ColumnLook] | None = None
    for one in named:
        for other in named:
            if one is other or len(set(one.common) & set(other.common)) < 0.5 * min(one.values, other.values):
                continue
            a, b, lead = identifier(one.name), identifier(other.name), identifier(key.name)
            share = files.row(
                f"WITH r AS (SELECT {b} AS entered, lead({a}) OVER (PARTITION BY {lead} ORDER BY "
                f"try_cast({times[0].sql} AS TIMESTAMPTZ)) AS next_from FROM {files.table(look)}) "
                "SELECT avg((entered = next_from)::INT) FROM r WHERE entered IS NOT NULL AND next_from IS NOT NULL"
            )[0]
            said_old = bool(_OLD.fullmatch(plain_name(one.name)))
            score = float(share or 0) + 0.1 * said_old
            if score > 0.5 and (best is None or score > best[0]):
                best = (score, other)
    return best[1] if best else None


def _only_stage_field(look: FileLook, column: ColumnLook) -> tuple[str, str]:
    """Return SQL that leaves only changes of a stage, in a history of several fields."""
    for field in look.columns:
        if field is column or field.kind != "text" or not _FIELD.fullmatch(plain_name(field.name)):
            continue
        stages = [value for value in field.common if _STAGE.fullmatch(plain_name(value))]
        if stages:
            return f"{identifier(field.name)} = {literal(stages[0])}", f" where {field.name!r} is {stages[0]!r}"
    return "", ""


def _are_stages(files: LoadedFiles, look: FileLook, key: ColumnLook, column: ColumnLook, *, where: str) -> bool:
    """Whether values are stages: a lead seldom enters one twice, and names or the file speak of a funnel."""
    lead, stage = identifier(key.name), identifier(column.name)
    condition = f"{stage} IS NOT NULL" + (f" AND {where}" if where else "")
    rows, pairs, stages = files.row(
        f"SELECT count(*), count(DISTINCT ({lead}, {stage})), count(DISTINCT {stage}) FROM {files.table(look)} "
        f"WHERE {condition}"
    )
    speaking = sum(speaks_of_stages(value) for value in column.common)
    called = bool(_HISTORY.fullmatch(plain_name(look.file.name.split(".")[0]))) or bool(where)
    if not called and (stages < 2 or key.values >= 0.98 * look.rows):
        return False
    return bool(pairs >= 0.7 * rows and (speaking >= 2 or (called and speaking))) or (called and pairs >= 0.8 * rows)


def _days_only(files: LoadedFiles, look: FileLook, time: ColumnLook) -> bool:
    """Whether all times of a column are midnights."""
    moment = f"try_cast({time.sql} AS TIMESTAMPTZ)"
    return bool(
        files.row(f"SELECT count(*) FROM {files.table(look)} WHERE {moment} <> date_trunc('day', {moment})")[0] == 0
    )


def _days_only_leads(files: LoadedFiles, rows: LeadRows) -> bool:
    return rows.leads.created is not None and _days_only(files, rows.leads.look, rows.leads.created)


def stage_of_heading(name: str) -> str | None:
    """Return the stage whose entry a column of dates tells by its heading, or None.

    Examples
    --------
    >>> stage_of_heading("Became a Sales Qualified Lead Date"), stage_of_heading("Wurde Kunde am")
    ('Sales Qualified Lead', 'Kunde')
    >>> stage_of_heading("Won time"), stage_of_heading("Create Date")
    ('Won', None)
    """
    spaced = re.sub(r"[\s_]+", " ", plain_name(name)).strip()
    original = re.sub(r"[\s_]+", " ", re.sub(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ])", " ", name)).strip()
    if _NOT_BECAME.fullmatch(spaced) or _PLANNED.fullmatch(spaced):
        return None
    for pattern in (*_BECAME, _OF, _AT):
        match = re.fullmatch(pattern, spaced)
        if match is None:
            continue
        start, end = match.span("s")
        stage = original[start:end].strip(" \"'") if len(original) == len(spaced) else match["s"]
        return stage if pattern in _BECAME or speaks_of_stages(stage) else None
    return None


def date_columns(rows: LeadRows, link: Link | None, look: FileLook, created: ColumnLook | None) -> Source | None:
    """Return the entries that columns of dates tell: Became a … Date, Won time, Lost time, Wurde … am."""
    key = rows.leads.lead_id if link is None else link.column
    columns = [
        (column, stage)
        for column in look.times()
        if column is not created and (stage := stage_of_heading(column.name)) and not _is_close(column.name, stage)
    ]
    if not columns or key is None:
        return None
    lead, relation = rows.of_file(look, key)
    parts = tuple(
        f"SELECT {lead} AS lead_id, {literal(_canonical(stage, len(columns)))} AS stage, {column.sql} AS entered_at\n"
        f"FROM {relation}\nWHERE nullif(trim(({column.sql})::VARCHAR), '') IS NOT NULL"
        for column, stage in columns
    )
    used = tuple(column for column, _ in columns) if look is rows.leads.look else ()
    names = ", ".join(f"{_canonical(stage, len(columns))} at {column.name!r}" for column, stage in columns)
    return Source(parts, (look,), f"{names} of {look.file.name}", used, clamp="any")


def _canonical(stage: str, columns: int) -> str:
    """Return WON and LOST where columns tell no more than the end."""
    sense = stage_sense(stage)
    return {"won": "WON", "lost": "LOST"}.get(sense or "", stage) if columns <= 2 else stage


def _is_close(name: str, stage: str) -> bool:
    """Whether a date is that of an end which may be a win or a loss."""
    rest = re.sub(r"(?i)abschluss|abgeschlossen|closed?", "", stage)
    return stage_sense(rest) is None and bool(_CLOSE.fullmatch(plain_name(name)))


def close_date(
    files: LoadedFiles,
    rows: LeadRows,
    link: Link | None,
    look: FileLook,
    preset: Preset,
    ask: Callable[[Question], int],
) -> tuple[Source | None, str | None]:
    """Return wins and losses at a close date, told apart by the status beside it; and what stands in the way."""
    closed = _close_column(rows, link, look, preset)
    key = rows.leads.lead_id if link is None else link.column
    if closed is None or key is None:
        return None, None
    lead, relation = rows.of_file(look, key)
    filled = f"nullif(trim(({closed.sql})::VARCHAR), '') IS NOT NULL"
    entry = f"SELECT {lead} AS lead_id, {{stage}} AS stage, {closed.sql} AS entered_at\nFROM {relation}\nWHERE {filled}"
    place, mine = f"{closed.name!r} of {look.file.name}", look is rows.leads.look
    status = status_column(look)
    if status is not None:
        part, words = _told_by(status, entry, others_lost=are_other_ends_lost(files, look, closed, status, ask))
        doubt = None if words_of_sense(status, "won") else f"no word of {status.name!r} is a win"
        return Source((part,), (look,), f"at {place}: {words}", (closed, status) if mine else (), "any"), doubt
    flag = next((one for one in look.columns if one.kind == "boolean" and stage_of_flag(one.name)), None)
    if flag is not None:
        yes = f"lower(trim({identifier(flag.name)}::VARCHAR)) IN ({', '.join(map(literal, YES))})"
        part = entry.format(stage=f"CASE WHEN {yes} THEN 'WON' ELSE 'LOST' END")
        said = f"at {place}: won where {flag.name!r} says so, else lost"
        return Source((part,), (look,), said, (closed, flag) if mine else (), "any"), None
    question = Question(
        f"{place} says when a story ended. No column beside it says won or lost:",
        (
            Reading("all of them are wins", f"{closed.filled:,} of {look.rows:,} rows have it"),
            Reading("wins and losses, so it is no outcome", "write stages.sql by hand"),
        ),
    )
    if ask(question):
        return None, f"{closed.name!r} is set for won and lost leads; add the status beside it"
    won = entry.format(stage="'WON'")
    return Source((won,), (look,), f"won at {place}", (closed,) if mine else (), "any"), None


def _close_column(rows: LeadRows, link: Link | None, look: FileLook, preset: Preset) -> ColumnLook | None:
    """Return the time at which stories ended, won or lost."""
    created = rows.leads.created if link is None else None
    return next(
        (
            column
            for column in look.times()
            if (column.name in preset.of("closed") or _CLOSE.fullmatch(plain_name(column.name)))
            and column is not created
            and not _PLANNED.fullmatch(plain_name(column.name))
        ),
        None,
    )


def _told_by(status: ColumnLook, entry: str, *, others_lost: bool) -> tuple[str, str]:
    """Return the SQL of wins and losses by the words of a status, and what counts as which."""
    name = identifier(status.name)
    if others_lost:
        won = words_of_sense(status, "won")
        stage = f"CASE WHEN {name} IN ({', '.join(map(literal, won))}) THEN 'WON' ELSE 'LOST' END"
        return entry.format(stage=stage), f"won where {status.name!r} is {' or '.join(map(repr, won))}, else lost"
    told = {stage: words_of_sense(status, sense) for stage, sense in (("WON", "won"), ("LOST", "lost"))}
    cases = "".join(
        f" WHEN {name} IN ({', '.join(map(literal, values))}) THEN {literal(stage)}"
        for stage, values in told.items()
        if values
    )
    known = ", ".join(literal(value) for values in told.values() for value in values)
    words = ", ".join(
        f"{stage.lower()} where {status.name!r} is {' or '.join(map(repr, values))}"
        for stage, values in told.items()
        if values
    )
    return entry.format(stage=f"CASE{cases} END") + f" AND {name} IN ({known})", words


def stage_of_flag(name: str) -> bool:
    """Whether a yes-or-no column says that a lead was won."""
    return stage_sense(re.sub(r"^(is|has|ist)_", "", plain_name(name))) == "won"
