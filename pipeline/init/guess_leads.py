"""Which file holds the leads, and which of its columns are id, time of creation and account."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from features.errors import InputError
from pipeline.init.id_links import Link, is_id_name, key_columns, links, plain_name
from pipeline.init.loaded_files import LoadedFiles
from pipeline.init.look_at_files import ColumnLook, FileLook
from pipeline.init.missing_creation import earliest_times, named_times
from pipeline.init.presets import Preset
from pipeline.init.stages.outcome_columns import outcome_column
from pipeline.init.time_columns import creation_times, is_outcome_time, says_created
from pipeline.source.lead_ids import IdForm

_ACCOUNT = re.compile(
    r"(company|firma|firmen|account|unternehmen|organi[sz]ation)([_ -]?(id|key|nr|no|nummer|number|name))?"
    r"|(kunden?|customer)[_ -]?(id|key|nr|no|nummer|number)"
)
_LEAD_REFERENCE = re.compile(r"(.*[^a-z])?lead[_ -]?(id|nr|key|number|nummer)")
_PEOPLE = re.compile(
    r".*(lead|contact|kontakt|interessent|prospect|person|mql|applica|antrag|anfrag|inquir|user|partner).*"
)
_NO_LEADS = re.compile(
    r".*(campaign|kampagne|activit|aktivit|event|ereignis|task|aufgabe|history|historie|verlauf|deal|opportunit|chance|"
    r"account|firm|compan|unternehmen|email|mail|call|anruf|visit|click|product|owner|benutzer).*"
)
_PERSON = re.compile(r".*(e_?mail|job_?title|position|funktion|first_?name|vorname|lead_?source|phone|telefon).*")
_SAME = 0.95


@dataclass(frozen=True)
class LeadsGuess:
    """The leads' file, its id and creation, and which columns of other files refer to it.

    Parameters
    ----------
    look : FileLook
        The file.
    lead_id : ColumnLook or None
        None where rows have to be numbered.
    created : ColumnLook or None
        None where the order of rows stands for a time.
    runners_up : tuple of ColumnLook
        Other columns that could be the creation.
    links : tuple of Link
        By file, the column that holds the leads' ids.
    form : IdForm
        In which form ids agree between the files.
    """

    look: FileLook
    lead_id: ColumnLook | None
    created: ColumnLook | None
    runners_up: tuple[ColumnLook, ...]
    links: tuple[Link, ...]
    form: IdForm


def find_leads(files: LoadedFiles, preset: Preset) -> LeadsGuess:
    """Find the leads: of the files with one row a lead, the one whose ids the others hold.

    Raises
    ------
    InputError
        If no file has one row a lead, or the one that has tells neither a creation nor an outcome.
    """
    candidates = [
        (look, key, links(files, look, key, [other for other in files.looks if other is not look]))
        for look in files.looks
        if repeated_lead(look, files.looks) is None
        for key in key_columns(look)
        if _is_key(look, key, files, preset)
    ]
    known = preset.of("created")
    dated = [entry for entry in candidates if _creations(files, entry[0], known)]
    if not dated:
        return _without_story(files, candidates)
    look, key, found = max(dated, key=lambda entry: _fitness(entry, preset))  # of equals the first
    form = IdForm()
    for link in found:
        form = form.with_form(link.form)
    times = _creations(files, look, known)
    return LeadsGuess(look, key, times[0], tuple(times[1:]), tuple(found), form)


def _creations(files: LoadedFiles, look: FileLook, known: Sequence[str]) -> list[ColumnLook]:
    """Return the times that may be the creation, those that every row has first."""
    partly = named_times(look, known)
    whole = creation_times(look, known)
    named = [*(one for one in whole if says_created(one.name) or one.name in known), *partly]
    return [*named, *(one for one in whole if one not in named)] or earliest_times(files, look)


def _is_key(look: FileLook, key: ColumnLook, files: LoadedFiles, preset: Preset) -> bool:
    """Whether a column without repetitions is more than an amount or a name that happens not to repeat."""
    if key.name in preset.of("id") or is_id_name(key.name) or key.kind == "email":
        return True
    if any(links(files, look, key, [other for other in files.looks if other is not look], least=0.5)):
        return True
    return key.kind == "text" and not any(" " in value for value in key.common[:50])


def _fitness(entry: tuple[FileLook, ColumnLook, list[Link]], preset: Preset) -> tuple[float, ...]:
    """Order files by whether they speak of people, and are referred to; then keys by how often, and by their names."""
    look, key, found = entry
    return (
        _people(look, key, found) + bool(found),
        len({link.look.file for link in found}),
        0 if found else look.rows,
        round(sum(link.share * link.ids for link in found)),
        key.name in preset.of("id"),
        key.kind != "email",
        is_id_name(key.name),
        len(look.columns),
    )


def _people(look: FileLook, key: ColumnLook, found: list[Link]) -> int:
    """Count what speaks for a table of people, less what speaks against it: names of file, id and references."""
    names = [plain_name(look.file.name.split(".")[0]), plain_name(key.name)]
    names += [plain_name(link.column.name) for link in found][:3]
    file, *columns = names
    headings = [plain_name(column.name) for column in look.columns]
    score = 2 * (bool(_PEOPLE.fullmatch(file)) - bool(_NO_LEADS.fullmatch(file)))
    score += any(_PEOPLE.fullmatch(name) for name in columns) - any(_NO_LEADS.fullmatch(name) for name in columns)
    ends = outcome_column(look) is not None or any(is_outcome_time(column.name) for column in look.times())
    return score + any(_PERSON.fullmatch(name) for name in headings) + ends


def _without_story(files: LoadedFiles, candidates: list[tuple[FileLook, ColumnLook, list[Link]]]) -> LeadsGuess:
    """Take a table without a creation, or without an id, where it tells an outcome."""
    told = [look for look in files.looks if repeated_lead(look, files.looks) is None and outcome_column(look)]
    if told:
        look = max(told, key=lambda one: (any(one is c[0] and c[2] for c in candidates), one.rows))
        named = sorted((e for e in candidates if e[0] is look), key=lambda e: (not e[2], not is_id_name(e[1].name)))
        key, found = (named[0][1], named[0][2]) if named else (None, [])
        times = _creations(files, look, ())
        form = IdForm()
        for link in found:
            form = form.with_form(link.form)
        return LeadsGuess(look, key, times[0] if times else None, tuple(times[1:]), tuple(found), form)
    raise _no_creation(candidates[0][0]) if candidates and _dates(candidates[0][0]) else _no_leads(files.looks)


def repeated_lead(look: FileLook, files: Sequence[FileLook]) -> ColumnLook | None:
    """Return the column that holds the same lead in many rows: such a file tells what leads did."""
    return next(
        (
            column
            for column in look.columns
            if _LEAD_REFERENCE.fullmatch(plain_name(column.name))
            and not {"parent", "master", "duplicate", "original"}.intersection(column.words)
            and column.filled >= _SAME * look.rows
            and column.values < _SAME * column.filled
        ),
        None,
    )


def _no_leads(files: Sequence[FileLook]) -> InputError:
    for look in files:
        repeated = repeated_lead(look, files)
        if repeated is not None:
            return InputError(
                expected="a file with one row a lead",
                found=f"{repeated.filled:,} rows with {repeated.values:,} different values of {repeated.name!r}: "
                "this tells what leads did",
                table=look.file.name,
                hint="Give the file of the leads too: --from leads.csv --from activities.csv",
            )
    return InputError(
        expected="a file with one row a lead: an id that is different in every row, and a time; or a column that tells "
        "the outcome, such as converted",
        found="; ".join(f"{look.file.name}: {_keys_and_times(look)}" for look in files),
        hint="Add the time at which each lead came, or a column with the outcome of each",
    )


def _keys_and_times(look: FileLook) -> str:
    fullest = sorted((c for c in look.columns if c.filled), key=lambda column: -column.values)[:1]
    repeated = "".join(f", {c.name!r} has {c.values:,} values in {look.rows:,} rows" for c in fullest)
    keys = [column.name for column in key_columns(look)]
    ids = f"one value a row in {', '.join(map(repr, keys))}" if keys else f"no id{repeated}"
    times = [column.name for column in look.times()]
    return f"{ids}; {'times ' + ', '.join(map(repr, times)) if times else 'no time'}"


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
        and _ACCOUNT.fullmatch(plain_name(column.name))
        and 1 < column.values < column.filled
    ]
    return min(
        named, key=lambda column: not re.search(r"(id|key|nr|no|nummer|number)$", column.name.lower()), default=None
    )
