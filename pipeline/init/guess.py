"""Guessing what a company's files mean: the leads, their events, their stages, and the fit columns."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import duckdb

from features.leaks.column_names import name_sign
from features.leaks.persons import person_sign
from features.unknown_times import UnknownTimes, notice
from pipeline.init.doubles import Doubles, find_doubles
from pipeline.init.file_lines import file_lines
from pipeline.init.grouped_rows import WHY as GROUPED
from pipeline.init.grouped_rows import group_headings
from pipeline.init.guess_events import EventsGuess, guess_events
from pipeline.init.guess_leads import LeadsGuess, find_account, find_leads
from pipeline.init.lead_rows import LeadRows, find_other_ids, linked_by_other_ids
from pipeline.init.loaded_files import LoadedFiles
from pipeline.init.look_at_files import ColumnLook, FileLook
from pipeline.init.missing_creation import rows_with_creation
from pipeline.init.presets import Preset, recognise
from pipeline.init.questions import Conversation, Question, Reading
from pipeline.init.stages.event_outcomes import types_of_known_outcomes
from pipeline.init.stages.guess_stages import StagesGuess, guess_stages
from pipeline.init.stages.outcome_columns import outcome_column
from pipeline.init.stages.stage_sources import stage_of_flag

_SOURCES = ("source", "campaign", "channel", "origin", "quelle", "kanal", "kampagne", "medium")
_TITLES = ("job", "title", "position", "funktion", "jobtitel")


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
    rows : LeadRows
        The leads: file, id, creation, further ids.
    fit : tuple of FitGuess
        The other columns of that file.
    events : tuple of EventsGuess
        Files of events.
    stages : StagesGuess or None
        None where no file tells an outcome.
    account : ColumnLook or None
        The company of each lead.
    doubles : tuple of Doubles
        People who are several leads.
    joins_doubles : bool
        Whether they are to be joined.
    said : tuple of str
        What was understood, in words: a line for each file among them.
    """

    rows: LeadRows
    fit: tuple[FitGuess, ...]
    events: tuple[EventsGuess, ...]
    stages: StagesGuess | None
    account: ColumnLook | None
    doubles: tuple[Doubles, ...]
    joins_doubles: bool
    said: tuple[str, ...]

    @property
    def leads(self) -> LeadsGuess:
        """The leads' file, id and creation."""
        return self.rows.leads

    @property
    def unknown_times(self) -> UnknownTimes | None:
        """Which times the files lack."""
        return _unknown_times(self.leads, self.stages)

    @property
    def win_times_known(self) -> bool:
        """Whether the stages say when a lead was won."""
        return self.stages is None or self.stages.times_known


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


def guess(con: duckdb.DuckDBPyConnection, looks: list[FileLook], talk: Conversation) -> Guess:
    """Guess what the files mean.

    Raises
    ------
    InputError
        If no file looks like leads: one row a lead with an id and a time, or with an outcome.
    """
    files, preset = LoadedFiles(con, looks), recognise(looks)
    leads, kept = _with_creation(files, find_leads(files, preset), talk)
    by_other_ids = linked_by_other_ids(files, leads)
    links = (*leads.links, *by_other_ids)
    ids_form = leads.form
    for link in by_other_ids:
        ids_form = ids_form.with_form(link.form)
    leads = LeadsGuess(leads.look, leads.lead_id, leads.created, leads.runners_up, links, leads.form)
    rows = LeadRows(leads, find_other_ids(files, leads, ids_form), _undecided(leads), ids_form, kept)
    stages, doubts = guess_stages(files, rows, links, preset, talk.ask)
    rest = [link for link in links if not (stages and link.look in stages.files)]
    events, why_not = guess_events([] if leads.created is None else rest, preset)
    events, left_out = _without_outcomes(files, rows, events, stages)
    used = {column.name for column in (leads.lead_id, leads.created) if column is not None}
    used |= set(stages.used) if stages else set()
    account = find_account(leads.look, used)
    used |= {account.name} if account else set()
    grouped = group_headings(files, leads.look)
    fit = _fit(leads.look, used, preset, grouped, rates=stages is None or stages.times_known)
    doubles = find_doubles(files, leads.look)
    return Guess(
        rows=rows,
        fit=fit,
        events=tuple(events),
        stages=stages,
        account=account,
        doubles=tuple(doubles),
        joins_doubles=_join_doubles(doubles, talk),
        said=(
            *([f"headings of {preset.system}"] if preset.system else []),
            *file_lines(files, rows, events, stages, why_not),
            *([f"account: {account.name!r}, shared by several leads"] if account else []),
            *([] if stages else ["stages: none found, so there are no outcomes yet: write stages.sql"]),
            *left_out,
            *_lacking(leads, stages),
            *doubts,
            *(f"left out {item.column.name!r}: {item.left_out}" for item in fit if item.left_out),
        ),
    )


def _unknown_times(leads: LeadsGuess, stages: StagesGuess | None) -> UnknownTimes | None:
    if leads.created is None:
        return "all"
    return "won" if stages is not None and not stages.times_known else None


def _lacking(leads: LeadsGuess, stages: StagesGuess | None) -> list[str]:
    """Say what cannot be had for want of times."""
    said = notice(_unknown_times(leads, stages))
    return [] if said is None else [said]


def _without_outcomes(
    files: LoadedFiles, rows: LeadRows, events: list[EventsGuess], stages: StagesGuess | None
) -> tuple[list[EventsGuess], list[str]]:
    """Leave out of the events the types that are outcomes, and say so."""
    kept, said = [], []
    for one in events:
        known = one.type.common if one.type else ()
        types = tuple(name for name in known if stages and name in stages.event_types)
        if stages and not types:
            types = types_of_known_outcomes(files, rows, one)
        kept.append(replace(one, outcomes=types))
        if types:
            names = ", ".join(map(repr, types))
            said.append(f"no events of {one.look.file.name}, for they tell the outcome: {names}")
    return kept, said


def _with_creation(files: LoadedFiles, leads: LeadsGuess, talk: Conversation) -> tuple[LeadsGuess, str | None]:
    """Ask which time is the creation, and what rows without it are; return SQL of the rows to be read, None for all."""
    leads = _one_creation(files, leads, talk)
    if leads.created is None:
        return leads, None
    dated, kept = rows_with_creation(files, leads.look, leads.created, talk.ask)
    return (leads if dated else replace(leads, created=None, runners_up=())), kept


def _one_creation(files: LoadedFiles, leads: LeadsGuess, talk: Conversation) -> LeadsGuess:
    if leads.created is None or not leads.runners_up:
        return leads
    choices = (leads.created, *leads.runners_up[:4])
    moments = [f"try_cast({column.sql} AS TIMESTAMPTZ)" for column in choices]
    days = ", ".join(f"median(epoch({moment}) - epoch({moments[0]})) / 86400" for moment in moments[1:])
    offsets = files.row(f"SELECT {days} FROM {files.table(leads.look)}")
    readings = [Reading(f"created is {leads.created.name!r}", f"{leads.created.filled / leads.look.rows:.0%} filled")]
    for column, offset in zip(choices[1:], offsets, strict=True):
        way = f"{abs(offset or 0):,.0f} days {'later' if (offset or 0) > 0 else 'earlier'} at the median"
        readings.append(Reading(f"created is {column.name!r}", f"{column.filled / leads.look.rows:.0%} filled, {way}"))
    number = talk.ask(Question("Several times could be the one at which a lead came:", tuple(readings)))
    taken = choices[number]
    others = tuple(column for column in (leads.created, *leads.runners_up) if column is not taken)
    return LeadsGuess(leads.look, leads.lead_id, taken, others, leads.links, leads.form)


def _undecided(leads: LeadsGuess) -> str | None:
    """Return SQL that is true for leads without an outcome yet, where the order of rows stands for a time."""
    outcome = outcome_column(leads.look) if leads.created is None else None
    return None if outcome is None else f"NOT coalesce({outcome.won}, false) AND NOT coalesce({outcome.lost}, false)"


def _join_doubles(doubles: list[Doubles], talk: Conversation) -> bool:
    if not doubles:
        return False
    counts = "; ".join(f"{one.people:,} people are {one.leads:,} leads by {one.column.name!r}" for one in doubles)
    question = Question(
        f"The same person stands in several leads: {counts}.",
        (
            Reading("leave them apart", "a commented line 'dedupe:' in source.yaml joins them"),
            Reading("join them", "the earliest creation, the facts of all"),
        ),
    )
    return talk.ask(question) == 1


def _fit(leads: FileLook, used: set[str], preset: Preset, grouped: list[str], *, rates: bool) -> tuple[FitGuess, ...]:
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
        why = GROUPED if column.name in grouped else _why_left_out(leads, column, type_, preset)
        items.append(FitGuess(column, name, type_, rate, why))
    return tuple(items)


def _fit_type(column: ColumnLook) -> str:
    if column.kind in ("number", "boolean", "email"):
        return column.kind
    if column.named(*_TITLES):
        return "job_title"
    return "category" if column.values <= 1000 else "text"


def _why_left_out(leads: FileLook, column: ColumnLook, type_: str, preset: Preset) -> str | None:
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
    if column.name in (*preset.of("person"), *preset.of("owner")):
        return "it names a person"
    if type_ in ("boolean", "number") and column.kind == "boolean" and stage_of_flag(column.name):
        return "about the outcome, by its name: if it was known when the lead came, take it in"
    if type_ in ("text", "category") and column.values > 0.9 * leads.rows and leads.rows > 20:
        return "a different value in nearly every row"
    return None
