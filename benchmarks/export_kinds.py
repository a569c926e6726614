"""The kinds of trouble that real exports have: each breaks an export in one way.

A kind changes sheets in place, the way a tool or a person would, and says what of the truth can no longer be in the
files.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from clean_export import LOST, OUTCOME_DATES, START, WITH_GAPS, WON, Export, Sheet, written

Kind = Callable[[Export, np.random.Generator], None]


def _some(rng: np.random.Generator, count: int, share: float) -> list[int]:
    return [int(place) for place in rng.choice(count, max(int(count * share), 1), replace=False)]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _times_as(form: Callable[[datetime], str], *, day: bool = False) -> Kind:
    def kind(export: Export, _: np.random.Generator) -> None:
        if day:
            export.resolution = "day"
        for sheet, heading in _time_columns(export):
            sheet.change(heading, lambda text: form(_moment(text)))

    return kind


def _time_columns(export: Export) -> list[tuple[Sheet, str]]:
    dates = [(export.leads, heading) for heading in OUTCOME_DATES if heading in export.leads.header]
    return [(export.leads, "Created at"), (export.acts, export.act_time), (export.stages, "Entered at"), *dates]


def _excel_serial(moment: datetime) -> str:
    return f"{(moment - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1):.6f}"


def _german_clock(moment: datetime) -> str:
    return moment.strftime("%d.%m.%Y %H:%M")


def _numbers_as(form: Callable[[float], str]) -> Kind:
    def kind(export: Export, _: np.random.Generator) -> None:
        export.leads.change("Revenue", lambda text: form(float(text)))

    return kind


def _german(value: float) -> str:
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def _ids_in_acts(form: Callable[[str], str]) -> Kind:
    def kind(export: Export, _: np.random.Generator) -> None:
        export.acts.change(export.act_key, form)

    return kind


def _every_object_has_an_id(export: Export, rng: np.random.Generator) -> None:
    export.leads.header[0] = "Id"
    export.acts.header[0] = "WhoId"
    export.acts.header.insert(0, "Id")
    for number, row in enumerate(export.acts.rows):
        row.insert(0, f"00T9k{number + int(rng.integers(10**4)) * 10**5:010d}AAA")
    export.acts.header[2], export.acts.header[3] = "CreatedDate", "Type"
    export.act_key, export.act_time = "WhoId", "CreatedDate"


def _converted(export: Export, _: np.random.Generator) -> None:
    winners = {lead for lead, stage, _ in export.truth.stages if stage == WON}
    contacts = {export.truth.ids[lead]: f"003T0{lead:010d}QAB" for lead in winners}
    export.leads.header.append("ConvertedContactId")
    for row in export.leads.rows:
        row.append(contacts.get(row[0], ""))
    export.acts.change(export.act_key, lambda text: contacts.get(text, text))


def _dates_beside_leads(export: Export, _: np.random.Generator) -> None:
    export.dates_only = True
    ends = {(lead, stage): written(moment) for lead, stage, moment in export.truth.stages if stage in (WON, LOST)}
    export.leads.header += OUTCOME_DATES
    for lead, row in enumerate(export.leads.rows):
        row += [ends.get((lead, WON), ""), ends.get((lead, LOST), "")]


def _from_to(export: Export, _: np.random.Generator) -> None:
    before: dict[str, str] = {}
    export.stages.header[1:2] = ["From Stage", "To Stage"]
    for row in export.stages.rows:
        row[1:2] = [before.get(row[0], ""), row[1]]
        before[row[0]] = row[2]


def _stage_place(export: Export) -> int:
    """Return where the stage entered stands in a row of the stages."""
    return export.stages.at("To Stage" if "To Stage" in export.stages.header else "Stage")


def _stages_called(names: dict[str, str]) -> Kind:
    def kind(export: Export, _: np.random.Generator) -> None:
        export.stage_names.update(names)
        place = _stage_place(export)
        for row in export.stages.rows:
            row[place] = names.get(row[place], row[place])

    return kind


def _renamed_midway(export: Export, _: np.random.Generator) -> None:
    place = _stage_place(export)
    middle = sorted(moment for _lead, _stage, moment in export.truth.stages)[len(export.truth.stages) // 2]
    for row, (_lead, stage, moment) in zip(export.stages.rows, export.truth.stages, strict=True):
        if stage == "Marketing Qualified" and moment >= middle:
            row[place] = "Engaged by marketing"
    export.stage_names["Engaged by marketing"] = "Marketing Qualified"


def _one_bad_time(text: str) -> Kind:
    def kind(export: Export, rng: np.random.Generator) -> None:
        lead = int(rng.integers(len(export.truth.ids)))
        export.leads.rows[lead][1] = text
        export.spoilt.add(("leads", lead, "created"))

    return kind


def _words_for_nothing(*words: str) -> Kind:
    def kind(export: Export, rng: np.random.Generator) -> None:
        places = [place for place, name in enumerate(export.leads.header) if name in WITH_GAPS]
        for place in places:
            for row in export.leads.rows:
                row[place] = row[place] or str(rng.choice(words))

    return kind


def _yes_no(yes: str, no: str) -> Kind:
    def kind(export: Export, _: np.random.Generator) -> None:
        place = export.leads.header.index("Newsletter")
        export.blank_is_no = not no
        for row in export.leads.rows:
            row[place] = {"yes": yes, "no": no}.get(row[place], row[place])

    return kind


def _encoded(encoding: str) -> Kind:
    def kind(export: Export, _: np.random.Generator) -> None:
        for sheet in export.sheets():
            sheet.encoding = encoding

    return kind


def _some_rows_in_latin(export: Export, rng: np.random.Generator) -> None:
    export.leads.latin_rows = set(_some(rng, len(export.leads.rows), 0.03))


def _euro_sign(export: Export, _: np.random.Generator) -> None:
    export.leads.encoding = "cp1252"
    export.leads.header.append("Währung")
    for row in export.leads.rows:
        row.append("€")


def _delimiter(delim: str, first: str | None = None) -> Kind:
    def kind(export: Export, _: np.random.Generator) -> None:
        for sheet in export.sheets():
            sheet.delim = delim
            sheet.before = [first, *sheet.before] if first else sheet.before

    return kind


def _footer(export: Export, _: np.random.Generator) -> None:
    export.leads.after = ["", "Leads with conversion", "Copyright (c) 2025 Acme", f"Total: {len(export.leads.rows)}"]


def _heading(export: Export, _: np.random.Generator) -> None:
    export.leads.before = ["All leads", "As of 2025-08-30", ""]


def _line_breaks(export: Export, rng: np.random.Generator) -> None:
    export.leads.header.append("Remark")
    for row in export.leads.rows:
        row.append(f'said "later",\nthen {rng.integers(10**6)};\r\nagain')


def _long_note(export: Export, rng: np.random.Generator) -> None:
    export.leads.header.append("Note")
    for number, row in enumerate(export.leads.rows):
        row.append("x" * 400_000 if number == 3 else f"note {rng.integers(10**6)}")


def _nul(export: Export, rng: np.random.Generator) -> None:
    export.leads.header.append("Remark")
    at = int(rng.integers(len(export.leads.rows)))
    for number, row in enumerate(export.leads.rows):
        row.append("a\0b" if number == at else f"r{number}")


def _doubled_heading(export: Export, _: np.random.Generator) -> None:
    export.leads.header += ["Region", "Region", ""]
    for number, row in enumerate(export.leads.rows):
        row += ["north" if number % 2 else "south", "a" if number % 3 else "b", ""]


def _lead_twice(export: Export, rng: np.random.Generator) -> None:
    for number in _some(rng, len(export.leads.rows), 0.004):
        export.leads.rows.append(list(export.leads.rows[number]))


def _planned(export: Export, rng: np.random.Generator) -> None:
    end = max(moment for _, moment, _ in export.truth.events)
    place = export.acts.at(export.act_time)
    for number in _some(rng, len(export.acts.rows), 0.03):
        row = list(export.acts.rows[number])
        row[place] = written(end + timedelta(days=60 + int(rng.integers(200))))
        export.acts.rows.append(row)


def _capitals(export: Export, _: np.random.Generator) -> None:
    for sheet in export.sheets():
        sheet.name = sheet.name.replace(".csv", ".CSV")


def _campaigns(export: Export, _: np.random.Generator) -> None:
    rows = [[f"C{number}", f"Campaign {number}", written(START + timedelta(days=number))] for number in range(27)]
    export.others.append(Sheet("campaigns.csv", ["Id", "Name", "Created at"], rows))


def _two_orders(export: Export, rng: np.random.Generator) -> None:
    odd = set(_some(rng, len(export.leads.rows), 0.008))
    for number, row in enumerate(export.leads.rows):
        moment = _moment(row[1])
        row[1] = moment.strftime("%m/%d/%Y %H:%M" if number in odd else "%d/%m/%Y %H:%M")
        if number in odd:
            export.spoilt.add(("leads", number, "created"))


def _placeholder(text: str) -> Kind:
    def kind(export: Export, _: np.random.Generator) -> None:
        export.leads.header.append("Last call")
        for number, (row, moment) in enumerate(zip(export.leads.rows, export.truth.created, strict=True)):
            row.append(text if number % 3 else written(moment + timedelta(days=2)))

    return kind


VALUE_KINDS: dict[str, Kind] = {
    "times d.m.y with a clock": _times_as(_german_clock),
    "times m/d/y AM and PM": _times_as(lambda t: t.strftime("%m/%d/%Y %I:%M %p")),
    "days d-m-y, two digits": _times_as(lambda t: t.strftime("%d-%m-%y"), day=True),
    "days 12 Mar 2024": _times_as(lambda t: t.strftime("%d %b %Y"), day=True),
    "times in milliseconds": _times_as(lambda t: str(int(t.timestamp() * 1000))),
    "times in microseconds": _times_as(lambda t: str(int(t.timestamp()) * 1_000_000)),
    "times in seconds": _times_as(lambda t: str(int(t.timestamp()))),
    "Excel serial days": _times_as(_excel_serial),
    "times with a zone": _times_as(lambda t: (t + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S+02:00")),
    "two orders of day and month": _two_orders,
    "one cell is no time": _one_bad_time("n/a"),
    "one time in year 0201": _one_bad_time("0201-03-04"),
    "one time in year 2204": _one_bad_time("2204-03-04"),
    "1900 for no date": _placeholder("1900-01-01"),
    "9999 for no date": _placeholder("9999-12-31"),
    "planned acts": _planned,
    "numbers 1.234,50": _numbers_as(_german),
    "numbers € 1.234,50": _numbers_as(lambda v: f"€ {_german(v)}"),
    "numbers $1,234.50": _numbers_as(lambda v: f"${v:,.2f}"),
    "numbers 1.234,50 EUR": _numbers_as(lambda v: f"{_german(v)} EUR"),
    "numbers 12 %": _numbers_as(lambda v: f"{v:.2f} %"),
    "null for nothing": _words_for_nothing("null"),
    "mixed words for nothing": _words_for_nothing("n/a", "-", "None", "NULL", "k. A."),
    "Ja and Nein": _yes_no("Ja", "Nein"),
    "wahr and falsch": _yes_no("wahr", "falsch"),
    "x and blank": _yes_no("x", ""),
}
"""Kinds that change how values are written."""

FILE_KINDS: dict[str, Kind] = {
    "UTF-16": _encoded("utf-16"),
    "UTF-8 with a mark": _encoded("utf-8+mark"),
    "Latin-1": _encoded("latin-1"),
    "two encodings in one file": _some_rows_in_latin,
    "cp1252 with the euro sign": _euro_sign,
    "semicolons": _delimiter(";"),
    "tabs": _delimiter("\t"),
    "sep=;": _delimiter(";", "sep=;"),
    "report heading": _heading,
    "report footer": _footer,
    "line breaks in values": _line_breaks,
    "a very long note": _long_note,
    "a NUL byte": _nul,
    "doubled and empty headings": _doubled_heading,
    "endings in capitals": _capitals,
    "a table of campaigns beside": _campaigns,
}
"""Kinds that change how files are written."""

TABLE_KINDS: dict[str, Kind] = {
    "every object has an id": _every_object_has_an_id,
    "acts move to the contact": _converted,
    "ids of 15 characters": _ids_in_acts(lambda text: text[:15]),
    "ids with .0": _ids_in_acts(lambda text: f"{text}.0" if text.isdigit() and text[0] != "0" else text),
    "ids without leading zeros": _ids_in_acts(lambda text: text.lstrip("0") if text.isdigit() else text),
    'ids as ="00123"': _ids_in_acts(lambda text: f'="{text}"'),
    "ids with blanks": _ids_in_acts(lambda text: f" {text} "),
    "ids in scientific notation": _ids_in_acts(
        lambda text: f"{float(text):.6E}" if text.isdigit() and text[0] != "0" else text
    ),
    "won and lost beside the leads": _dates_beside_leads,
    "stages from and to": _from_to,
    "Closed - Not Converted": _stages_called({WON: "Closed - Converted", LOST: "Closed - Not Converted"}),
    "Sold and Not Sold": _stages_called({WON: "Sold", LOST: "Not Sold"}),
    "Gewonnen and Kein Abschluss": _stages_called({WON: "Abschluss", LOST: "Kein Abschluss"}),
    "a stage renamed midway": _renamed_midway,
}
"""Kinds that change what stands in which table."""

KINDS: dict[str, Kind] = {**TABLE_KINDS, **VALUE_KINDS, **FILE_KINDS, "one lead twice": _lead_twice}

_ALTERNATIVES = (
    ("times ", "days ", "Excel ", "two orders"),
    ("numbers ",),
    ("Ja ", "wahr ", "x and"),
    ("null for", "mixed words"),
    ("UTF", "Latin", "two encodings", "cp1252"),
    ("numbers €", "Latin", "two encodings"),
    ("semicolons", "tabs", "sep="),
    ("Closed", "Sold", "Gewonnen"),
    ("won and lost", "stages from", "Closed", "Sold", "Gewonnen", "a stage renamed"),
)


def go_together(first: str, second: str) -> bool:
    """Whether one export can have both kinds of trouble: one file is not written in two encodings by two kinds."""
    return not any(first.startswith(names) and second.startswith(names) for names in _ALTERNATIVES)
