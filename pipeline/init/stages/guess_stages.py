"""Which stages the files tell of, in which order, and the SQL that reads them."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, replace

from features.errors import InputError
from pipeline.init.guess_events import guess_events
from pipeline.init.id_links import Link
from pipeline.init.lead_rows import LeadRows
from pipeline.init.loaded_files import LoadedFiles
from pipeline.init.look_at_files import ColumnLook, FileLook
from pipeline.init.presets import Preset
from pipeline.init.questions import Question, Reading
from pipeline.init.stages.event_outcomes import EventOutcomes, find_event_outcomes
from pipeline.init.stages.outcome_columns import OutcomeColumn, outcome_column, status_column
from pipeline.init.stages.stage_order import Ladder, arrange, read_entries
from pipeline.init.stages.stage_sources import Source, close_date, date_columns, stage_history
from pipeline.init.stages.stage_words import stage_sense
from pipeline.source.sql import literal

Ask = Callable[[Question], int]
NO_TIME_HORIZON = "1d"


@dataclass(frozen=True)
class StagesGuess:
    """The stages of the leads.

    Parameters
    ----------
    sql : str
        Text of ``stages.sql``.
    files : tuple of FileLook
        What it reads.
    used : tuple of str
        The leads' own columns that it uses up.
    ladder : Ladder
        Rungs and ends.
    horizon : str
        Long enough for most wins.
    said : tuple of str
        What was understood, the first in one line.
    times_known : bool
        Whether they say when a lead was won; if not, they hold a stand-in.
    event_types : tuple of str
        Types of events that are these outcomes.
    """

    sql: str
    files: tuple[FileLook, ...]
    used: tuple[str, ...]
    ladder: Ladder
    horizon: str
    said: tuple[str, ...]
    times_known: bool = True
    event_types: tuple[str, ...] = ()


def guess_stages(
    files: LoadedFiles, rows: LeadRows, links: tuple[Link, ...], preset: Preset, ask: Ask
) -> tuple[StagesGuess | None, list[str]]:
    """Take stages from a history, else from columns of dates, a close date with its status, events, or an outcome.

    Returns
    -------
    guess : StagesGuess or None
        None where no file tells an outcome.
    doubts : list of str
        What stands in the way, with what would help.
    """
    doubts: list[str] = []
    histories = [told for link in links if (told := stage_history(files, rows, link, preset)) is not None]
    source = _joined([told for told, _ in histories]) if histories else None
    if source is not None and not any(stage_sense(value) == "lost" for _, told in histories for value in told.common):
        source = _with_losses(files, rows, source, preset, ask)
    if source is None and rows.leads.created is not None:
        source, doubts = _from_dates(files, rows, links, preset, ask)
    if source is not None:
        return _arranged(files, rows, source, ask), doubts
    logs = guess_events(list(links), preset)[0] if rows.leads.created is not None else []
    among_events = find_event_outcomes(files, rows, logs, ask)
    if among_events is not None:
        return _of_events(files, rows, among_events), doubts
    outcome = outcome_column(rows.leads.look)
    if outcome is not None and (rows.leads.created is None or not outcome.is_open):
        return _without_time(rows, outcome, ask), doubts
    return None, [*doubts, *_useless_status(rows.leads.look)]


def _with_losses(files: LoadedFiles, rows: LeadRows, source: Source, preset: Preset, ask: Ask) -> Source:
    """Add to a history that knows no loss what the leads' close date says of it."""
    if status_column(rows.leads.look) is None:
        return source
    told, _ = close_date(files, rows, None, rows.leads.look, preset, ask)
    if told is None or not any("'LOST'" in part for part in told.parts):
        return source
    parts = tuple(f"SELECT * FROM (\n{part}\n) WHERE stage = 'LOST'" for part in told.parts)
    return _joined([source, replace(told, parts=parts, said=f"losses {told.said}")])


def _joined(sources: list[Source]) -> Source:
    first, *others = sources
    for other in others:
        first = replace(
            first,
            parts=(*first.parts, *other.parts),
            files=(*first.files, *other.files),
            said=f"{first.said}; {other.said}",
            used=(*first.used, *other.used),
            clamp="any" if "any" in (first.clamp, other.clamp) else first.clamp or other.clamp,
        )
    return first


def _from_dates(
    files: LoadedFiles, rows: LeadRows, links: tuple[Link, ...], preset: Preset, ask: Ask
) -> tuple[Source | None, list[str]]:
    """Look at files with one row a lead or a deal, then at the leads themselves."""
    places: list[tuple[Link | None, FileLook, ColumnLook | None]] = [(None, rows.leads.look, rows.leads.created)]
    places += [(link, link.look, None) for link in links if link.column.values >= 0.8 * link.column.filled]
    doubts: list[str] = []
    told = [source for link, look, created in places if (source := date_columns(rows, link, look, created)) is not None]
    if not any("'WON'" in part or _says_win(part) for source in told for part in source.parts):
        for link, look, _ in reversed(places):
            source, doubt = close_date(files, rows, link, look, preset, ask)
            doubts += [doubt] if doubt else []
            told += [source] if source is not None else []
            if source is not None:
                break
    return (_joined(told) if told else None), doubts


def _says_win(part: str) -> bool:
    stage = part.split(" AS stage")[0].rsplit("AS lead_id, ", 1)[-1].strip("'")
    return stage_sense(stage) == "won"


def _of_events(files: LoadedFiles, rows: LeadRows, told: EventOutcomes) -> StagesGuess:
    """Make stages of the types of events that are outcomes: the creation, the win, and what is lost."""
    look = told.events.look
    said = f"outcomes among the events of {look.file.name}, at {told.events.time.name!r}"
    source = Source((_lowest_rung(rows), told.part(rows)), (look,), said, clamp="any")
    _load_entries(files, rows, source)
    win, *others = told.won
    ladder = Ladder(("LEAD", *told.rungs, win), told.lost, (), dict.fromkeys(others, win))
    words = f"{said}: won {', '.join(told.won)}" + (f"; lost {', '.join(told.lost)}" if told.lost else "")
    words += f"; on the way {' > '.join(told.rungs)}" if told.rungs else ""
    horizon, sql = _horizon(files, rows, ladder), stages_sql(rows, source, ladder)
    return StagesGuess(sql, (), (), ladder, horizon, (words,), event_types=told.types)


def _load_entries(files: LoadedFiles, rows: LeadRows, source: Source) -> None:
    """Make the table ``entries`` of ``lead_id``, ``stage`` and ``t`` (days)."""
    moment = "epoch(try_cast(entered_at::VARCHAR AS TIMESTAMPTZ)) / 86400"
    with_ids = f"WITH {rows.ids} " if rows.ids else ""
    parts = " UNION ALL ".join(
        f"SELECT lead_id, stage::VARCHAR AS stage, {moment} AS t FROM ({part})" for part in source.parts
    )
    files.rows(f"CREATE OR REPLACE TEMP TABLE entries AS {files.here(with_ids + parts)}")


def _lowest_rung(rows: LeadRows) -> str:
    base = f"SELECT {rows.lead_id} AS lead_id, 'LEAD' AS stage, {rows.created} AS entered_at\n"
    return f"{base}FROM {rows.relation}{rows.where}"


def _arranged(files: LoadedFiles, rows: LeadRows, source: Source, ask: Ask) -> StagesGuess:
    _load_entries(files, rows, source)
    ladder = arrange(read_entries(files, "entries"), ask)
    if len(ladder.rungs) == 1 and ladder.has_win and source.clamp == "any":  # the creation is the rung below
        source = replace(source, parts=(_lowest_rung(rows), *source.parts))
        ladder = replace(ladder, rungs=("LEAD", *ladder.rungs))
    if not ladder.rungs:
        raise InputError(
            expected="a stage that some lead has entered",
            found=f"none in {source.said}",
            hint="Look at the times of these entries",
        )
    horizon = source.horizon or _horizon(files, rows, ladder)
    sql = stages_sql(rows, source, ladder)
    said = f"{source.said}, ladder {' > '.join(ladder.rungs)}" + (
        f", lost {', '.join(ladder.lost)}" if ladder.lost else ""
    )
    return StagesGuess(
        sql, source.files, tuple(column.name for column in source.used), ladder, horizon, (said, *ladder.said)
    )


def stages_sql(rows: LeadRows, source: Source, ladder: Ladder) -> str:
    """Return the text of ``stages.sql``: the entries, with old names said by the new one, none before the creation."""
    indented = "\nUNION ALL\n".join(source.parts).replace("\n", "\n    ")
    ctes = [rows.ids, f"entries AS (\n    {indented}\n)"]
    stage, join = "stage", ""
    notes = [f"-- Stages: {' '.join(source.said.split())}."]
    if ladder.renamed:
        cases = "".join(f"\n        WHEN {literal(old)} THEN {literal(new)}" for old, new in ladder.renamed.items())
        stage = f"CASE stage{cases}\n        ELSE stage END"
        notes.append(
            "-- Names that are one rung, renamed in the course of time or two words for one end, are one here."
        )
    if source.clamp:
        ctes.append(
            f"l AS (\n    SELECT {rows.lead_id} AS lead_id, {rows.created} AS created_at\n    "
            f"FROM {rows.relation}{rows.where}\n)"
        )
        join = "\nLEFT JOIN l USING (lead_id)"
        notes.append(
            "-- The stages are dated by the day only: on the day of the creation a stage counts as entered with it."
            if source.clamp == "day"
            else "-- What stands before the lead's creation counts as entered with it."
        )
    time = _entered_at(source.clamp, ladder.rungs[0])
    left_out = f"\nWHERE stage NOT IN ({', '.join(map(literal, ladder.after_win))})" if ladder.after_win else ""
    withs = ",\n".join(cte for cte in ctes if cte)
    head = "\n".join(notes)
    return (
        f"{head}\nWITH {withs}\nSELECT\n    lead_id,\n    {stage} AS stage,\n    {time} AS entered_at\n"
        f"FROM entries{join}{left_out}\n"
    )


def _entered_at(clamp: str, lowest: str) -> str:
    """Return SQL of the time of an entry, which lies at or after the creation where that can be mended.

    Above the lowest rung it lies a moment after it, for a lead is looked at in between.
    """
    if not clamp:
        return "entered_at"
    entered, created = (f"try_cast({name}::VARCHAR AS TIMESTAMPTZ)" for name in ("entered_at", "created_at"))
    if clamp == "day":
        early = f"{entered}::DATE = {created}::DATE AND {entered} < {created}"
        return f"CASE WHEN {early}\n        THEN created_at::VARCHAR ELSE entered_at::VARCHAR END"
    return (
        f"CASE WHEN {entered} < {created} AND stage = {literal(lowest)} THEN created_at::VARCHAR\n"
        f"        WHEN {entered} <= {created} AND stage <> {literal(lowest)}\n"
        f"        THEN ({created} + INTERVAL 1 MICROSECOND)::VARCHAR\n        ELSE entered_at::VARCHAR END"
    )


def _horizon(files: LoadedFiles, rows: LeadRows, ladder: Ladder) -> str:
    """Return the shortest usual horizon that holds four fifths of the wins."""
    created = f"epoch(try_cast(({rows.created})::VARCHAR AS TIMESTAMPTZ)) / 86400"
    wins = files.rows(
        files.here(
            f"WITH l AS (SELECT {rows.lead_id} AS lead_id, {created} AS c FROM {rows.relation}) "
            f"SELECT greatest(min(t) - min(c), 0) FROM entries JOIN l USING (lead_id) "
            f"WHERE stage = {literal(ladder.rungs[-1])} AND t IS NOT NULL AND c IS NOT NULL GROUP BY lead_id"
        )
    )
    days = sorted(row[0] for row in wins)
    most = statistics.quantiles(days, n=5)[-1] if len(days) > 1 else 90
    return next((f"{horizon}d" for horizon in (7, 14, 30, 60, 90, 180) if most <= horizon), "360d")


def _without_time(rows: LeadRows, outcome: OutcomeColumn, ask: Ask) -> StagesGuess | None:
    """Make stages of an outcome that has no time: entered a second after the creation."""
    question = Question(
        f"{rows.leads.look.file.name} tells the outcome and not when it came: won where {outcome.words}. Take it?",
        (
            Reading("yes, and forecast it", f"{outcome.column.filled:,} of {rows.leads.look.rows:,} rows have a value"),
            Reading("no, it is no outcome", "then there are no outcomes"),
        ),
    )
    if ask(question):
        return None
    part = "SELECT {lead} AS lead_id, {stage} AS stage, {time} AS entered_at\nFROM {relation}\nWHERE {where}"
    merged = rows.where.replace("\nWHERE ", " AND ")
    later = f"({rows.created})::TIMESTAMPTZ + INTERVAL 1 SECOND"
    if rows.leads.created is not None:
        later = f"try_cast(({rows.created})::VARCHAR AS TIMESTAMPTZ) + INTERVAL 1 SECOND"
    shared = {"lead": rows.lead_id, "relation": rows.relation}
    parts = [
        part.format(stage="'LEAD'", time=f"({rows.created})::VARCHAR", where=f"true{merged}", **shared),
        part.format(stage="'WON'", time=f"({later})::VARCHAR", where=f"({outcome.won}){merged}", **shared),
        part.format(stage="'LOST'", time=f"({later})::VARCHAR", where=f"({outcome.lost}){merged}", **shared),
    ]
    sql = (
        f"-- The export does not say when a lead was won ({' '.join(outcome.words.split())}): one second after its\n"
        "-- creation stands for it. So nothing that came later may be used, and the horizon in source.yaml means\n"
        "-- nothing. A time of winning would be better.\n" + "\nUNION ALL\n".join(parts) + "\n"
    )
    return StagesGuess(
        sql,
        (rows.leads.look,),
        (outcome.column.name,),
        Ladder(("LEAD", "WON"), ("LOST",), ()),
        NO_TIME_HORIZON,
        (f"won where {outcome.words}, no time known",),
        times_known=False,
    )


def _useless_status(look: FileLook) -> list[str]:
    """Say that a status without a date tells nothing about when, and what to export instead."""
    status = status_column(look) or next(
        (
            c
            for c in look.columns
            if c.kind == "text" and c.values <= 30 and c.named("status", "stage", "phase", "stufe")
        ),
        None,
    )
    if status is None:
        return []
    return [
        f"{status.name!r} of {look.file.name} says where leads stand today and not since when, so it is of no use for "
        "time: export the history of that field, one row a change (Salesforce: Lead History; HubSpot: the columns "
        "'Became a … Date'), or the date on which each lead was won or lost"
    ]
