"""A clean export of a made-up company: three sheets as text, and the truth that they tell.

The sheets are leads, what they did, and the stages they entered. The facts themselves (`Truth`) never change: whatever
is read of an export, however it was broken, must be one of them.
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
