"""A clean export of a made-up company, and the kinds of trouble that real exports have: each breaks it in one way.

A clean export is three sheets as text: leads, what they did, and the stages they entered. A kind changes sheets in
place, the way a tool or a person would, and says what of the truth can no longer be in the files. The facts themselves
(`Truth`) never change: whatever is read must be one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

START = datetime(2024, 1, 8, 7, 30, tzinfo=UTC)
DAYS = 540
INDUSTRIES = ("Maschinenbau", "Logistik", "Chemie", "Handel", "Büro & Möbel")
TITLES = ("Geschäftsführer", "Einkäuferin", "Head of Quality", "Werkstudent", "Controller", "Technician")
ACTS = ("Newsletter opened", "Case study", "Price list", "Webinar", "Demo requested")
WON, LOST = "Won", "Lost"
OUTCOME_DATES = ("Won on", "Lost on")
WITH_GAPS = ("Job title", "Employees", *OUTCOME_DATES)
LADDER = ("New", "Marketing Qualified", "Sales Qualified", WON)


@dataclass
class Sheet:
    """One file of an export, as text, and how it is written."""

    name: str
    header: list[str]
    rows: list[list[str]]
    delim: str = ","
    encoding: str = "utf-8"
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    latin_rows: set[int] = field(default_factory=set)
    newline: str = "\n"

    def at(self, heading: str) -> int:
        """Return where a column stands."""
        return self.header.index(heading)

    def change(self, heading: str, change: Callable[[str], str]) -> None:
        """Write each value of a column anew; empty cells stay empty."""
        place = self.at(heading)
        for row in self.rows:
            row[place] = change(row[place]) if row[place] else ""

    def write(self, folder: Path) -> Path:
        """Write the file."""
        lines = [*self.before, self._line(self.header), *(self._line(row) for row in self.rows), *self.after]
        coded = [
            (line + self.newline).encode("latin-1" if number - len(self.before) - 1 in self.latin_rows else "utf-8")
            if self.latin_rows
            else (line + self.newline).encode(self.encoding.removesuffix("+mark"))
            for number, line in enumerate(lines)
        ]
        whole = b"".join(coded) if not self.encoding.startswith("utf-16") else self.newline.join(lines).encode("utf-16")
        mark = b"\xef\xbb\xbf" if self.encoding.endswith("+mark") else b""
        (folder / self.name).write_bytes(mark + whole)
        return folder / self.name

    def _line(self, values: list[str]) -> str:
        return self.delim.join(_quoted(value, self.delim) for value in values)


def _quoted(value: str, delim: str) -> str:
    return '"' + value.replace('"', '""') + '"' if any(mark in value for mark in (delim, '"', "\n", "\r")) else value


@dataclass(frozen=True)
class Truth:
    """What is so, by the number of the lead (0, 1, …).

    Parameters
    ----------
    ids : list of str
        The id of each lead in its full form.
    created : list of datetime
        UTC, whole minutes.
    fit : dict
        For each column of the leads by heading: a value a lead, text or number or bool, None where nothing is known.
    events : list of tuple
        Lead, time, type.
    stages : list of tuple
        Lead, stage, time; the first stage of each lead is entered at its creation.
    """

    ids: list[str]
    created: list[datetime]
    fit: dict[str, list[str | float | bool | None]]
    events: list[tuple[int, datetime, str]]
    stages: list[tuple[int, str, datetime]]


@dataclass
class Export:
    """An export on its way to being broken.

    Parameters
    ----------
    truth : Truth
        What is so.
    leads, acts, stages : Sheet
        The three files; ``others`` are files beside them.
    resolution : str
        How exactly times are written: ``minute`` or ``day``.
    spoilt : set of tuple
        Cells (sheet, lead, heading) whose value stands in no file any more: its row may be missing, never wrong.
    stage_names : dict
        What stages are called in the files: of a kind that renames them all, by their first name; of one that renames
        later entries, the other way round.
    dates_only : bool
        Whether the stages stand beside the leads, as the dates of winning and losing, and in no file of their own.
    blank_is_no : bool
        Whether an empty cell among yes and no says no.
    act_key, act_time : str
        The columns of the acts that hold the lead and the time.
    """

    truth: Truth
    leads: Sheet
    acts: Sheet
    stages: Sheet
    others: list[Sheet] = field(default_factory=list)
    resolution: str = "minute"
    spoilt: set[tuple[str, int, str]] = field(default_factory=set)
    stage_names: dict[str, str] = field(default_factory=dict)
    dates_only: bool = False
    blank_is_no: bool = False
    act_key: str = "Lead ID"
    act_time: str = "Activity date"

    def sheets(self) -> list[Sheet]:
        """Return every file of the export."""
        stages = [] if self.dates_only else [self.stages]
        return [self.leads, self.acts, *stages, *self.others]


def written(moment: datetime) -> str:
    """Return a time as a clean export writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def clean_export(rng: np.random.Generator, leads: int) -> Export:
    """Draw an export without trouble."""
    ids = _ids(rng, leads)
    minutes = np.sort(rng.choice(DAYS * 1440, leads, replace=False))
    created = [START + timedelta(minutes=int(minute)) for minute in minutes]
    fit: dict[str, list[str | float | bool | None]] = {
        "Job title": [str(title) if rng.random() < 0.9 else None for title in rng.choice(TITLES, leads)],
        "Industry": [str(industry) for industry in rng.choice(INDUSTRIES, leads)],
        "Employees": [float(number) if rng.random() < 0.8 else None for number in rng.integers(3, 4_000, leads)],
        "Revenue": [float(cents) / 100 for cents in rng.integers(1_000_001, 90_000_099, leads)],
        "Newsletter": [bool(yes) for yes in rng.random(leads) < 0.4],
    }
    acts, stages = _story(rng, created)
    truth = Truth(ids, created, fit, acts, stages)
    act_rows = [[ids[lead], written(moment), act] for lead, moment, act in acts]
    stage_rows = [[ids[lead], stage, written(moment)] for lead, stage, moment in stages]
    lead_rows = [[ids[i], written(created[i]), *(_cell(column[i]) for column in fit.values())] for i in range(leads)]
    return Export(
        truth,
        Sheet("leads.csv", ["Lead ID", "Created at", *fit], lead_rows),
        Sheet("activities.csv", ["Lead ID", "Activity date", "Activity type"], act_rows),
        Sheet("stage_history.csv", ["Lead ID", "Stage", "Entered at"], stage_rows),
    )


def _ids(rng: np.random.Generator, leads: int) -> list[str]:
    numbers = rng.choice(9_000_000, leads, replace=False) + 1_000_000
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ234567"
    match int(rng.integers(3)):
        case 0:
            return [str(number) for number in numbers]
        case 1:
            return [f"00{number}" for number in numbers]
        case _:
            tails = ["".join(rng.choice(list(letters), 3)) for _ in numbers]
            return [f"00Q5e{number:010d}{tail}" for number, tail in zip(numbers.tolist(), tails, strict=True)]


def _cell(value: str | float | bool | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.2f}".removesuffix(".00") if isinstance(value, float) else value


def _story(
    rng: np.random.Generator, created: list[datetime]
) -> tuple[list[tuple[int, datetime, str]], list[tuple[int, str, datetime]]]:
    """Draw what each lead did and where it came: one who asks for a demo is won more often."""
    end = max(created) + timedelta(days=40)
    acts, stages = [], []
    for lead, start in enumerate(created):
        kinds = rng.choice(ACTS, int(rng.integers(2, 9)), p=(0.45, 0.2, 0.12, 0.13, 0.1))
        for kind in kinds:
            at = start + timedelta(minutes=int(rng.integers(5, 60 * 24 * 35)))
            acts += [(lead, at, str(kind))] if at < end else []
        stages.append((lead, LADDER[0], start))
        at = start
        for stage, chance in zip(LADDER[1:], (0.75, 0.65, 0.6 if "Demo requested" in kinds else 0.35), strict=True):
            at += timedelta(minutes=int(rng.integers(60 * 26, 60 * 24 * 12)))
            if at >= end:
                break
            if rng.random() > chance:
                stages += [(lead, LOST, at)] if rng.random() < 0.8 else []
                break
            stages.append((lead, stage, at))
    return acts, stages


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
