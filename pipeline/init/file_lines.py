"""A line for every file: what it became, or why nothing, and what would help."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.init.guess_events import EventsGuess
from pipeline.init.id_links import Link, key_columns, link_of, may_hold_ids, reference_to, written_forms
from pipeline.init.lead_rows import LeadRows
from pipeline.init.loaded_files import LoadedFiles
from pipeline.init.look_at_files import FileLook
from pipeline.init.stages.guess_stages import StagesGuess
from pipeline.source.sql import identifier


def file_lines(
    files: LoadedFiles,
    rows: LeadRows,
    events: Sequence[EventsGuess],
    stages: StagesGuess | None,
    why_not: dict[str, str],
) -> list[str]:
    """Say of each file what became of it, the leads first."""
    leads = rows.leads
    key = "rows numbered, for no column is an id" if leads.lead_id is None else f"id {leads.lead_id.name!r}"
    created = (
        "no time of creation: the order of the rows stands for it, so no trend over time, no events and no horizon"
        if leads.created is None
        else f"created {leads.created.name!r}"
    )
    lines = [
        f"leads: {leads.look.file.name}, {key}, {created}",
        *_repeated(rows),
        *_other_ids(rows),
        *_forms(files, rows),
    ]
    for one in events:
        type_ = f"type {one.type.name!r}" if one.type else "one type"
        lines.append(
            f"events: {one.look.file.name}, {one.look.rows:,} rows, lead id {one.link.column.name!r} "
            f"({one.link.share:.0%} of its ids are leads), {type_}, time {one.time.name!r}"
        )
    lines += [] if events else ["events: none found"]
    if stages:
        first, *more = stages.said
        lines += [f"stages: {first}", *more]
    told = {
        leads.look.file,
        *(one.look.file for one in events),
        *(look.file for look in (stages.files if stages else ())),
    }
    for look in files.looks:
        if look.file not in told:
            lines.append(
                f"nothing: {look.file.name}: {why_not.get(look.file.name) or _why_unlinked(files, rows, look)}"
            )
    return lines


def _repeated(rows: LeadRows) -> list[str]:
    key = rows.leads.lead_id
    twice = key.filled - key.values if key else 0
    return [f"{key.name!r} repeats in {twice:,} rows: the later ones are rejected"] if key and twice else []


def _other_ids(rows: LeadRows) -> list[str]:
    return [f"{one.filled_words}: their facts go to that lead, by SQL" for one in rows.other_ids]


def _forms(files: LoadedFiles, rows: LeadRows) -> list[str]:
    form, key = rows.leads.form, rows.leads.lead_id
    if key is None or not (form.plain or form.lower or form.first):
        return []
    met = [f"{key.name!r}: {', '.join(forms)}" for forms in [written_forms(files, rows.leads.look, key)] if forms]
    met += [
        f"{link.column.name!r} of {link.look.file.name}: {', '.join(forms)}"
        for link in rows.leads.links
        if (forms := written_forms(files, link.look, link.column))
    ]
    ways = [f"the first {form.first} characters count"] if form.first else []
    ways += ["capitals and small letters are the same"] if form.lower else []
    return [f"ids are written differently, so SQL compares {form.sql('id')}: {'; '.join([*met, *ways])}"]


def _why_unlinked(files: LoadedFiles, rows: LeadRows, look: FileLook) -> str:
    key = rows.leads.lead_id
    if rows.leads.created is None and any(link.look is look for link in rows.leads.links):
        return "the leads have no time of creation, so what happened cannot be put before or after it"
    if key is None:
        return f"{rows.leads.look.file.name} has no id that it could refer to; export both with the id of the lead"
    for column in key_columns(look):
        own = reference_to(files, rows.leads.look, key, look, column)
        if own is not None:
            return (
                f"a list of {look.rows:,} rows that the leads refer to by {own.name!r}; leads.sql can join its "
                f"columns on {column.name!r}, if they were known when a lead came"
            )
    near = [
        link
        for column in look.columns
        if may_hold_ids(column) and (link := link_of(files, rows.leads.look, key, look, column)) is not None
    ]
    best: Link | None = max(near, key=lambda link: link.share, default=None)
    example = f"such as {key.common[0]!r}"
    if best is None or best.share == 0:
        texts = [f"{c.name!r} ({c.common[0]!r})" for c in look.columns if may_hold_ids(c) and c.common]
        nearest = f": {', '.join(texts[:3])}" if texts else ""
        return (
            f"none of its columns holds ids of the leads ({key.name!r}, {example}){nearest}; export it with "
            "that id, or write how to join it in SQL"
        )
    there = best.form.sql(identifier(best.column.name))
    return (
        f"only {best.share:.0%} of {best.column.name!r} stand in {key.name!r} of the leads ({example}), as chance may "
        f"have it; if it is the lead's id, join on {there} in events.sql or stages.sql"
    )
