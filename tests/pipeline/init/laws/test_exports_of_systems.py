"""Exports in the form of systems that nobody wrote a preset test for: participants, grouped reports, JSON lines."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from pipeline.ingest.stage import ingest
from pipeline.init.command import start_source
from pipeline.init.questions import Conversation
from pipeline.settings.settings import IngestOptions
from pipeline.source.folder import read_source

_FIRST = ("Ida", "Nils", "Ylva", "Bjarne", "Greta", "Henk")
_LAST = ("Brandt", "Voigt", "Peters", "Lorenz", "Sommer")
START = datetime(2025, 2, 3, 9, tzinfo=UTC)


def started(tmp_path: Path, *names: str) -> Path:
    return start_source("read", [tmp_path / name for name in names], tmp_path / "sources", Conversation(yes=True))


def test_participants_are_no_families_of_events(tmp_path: Path) -> None:
    deals = ["Vorhaben-Nr;Angelegt am;Gewonnen am"]
    people = ["Vorhaben-Nr;Teilnehmer;Rolle;Hinzugefügt am"]
    for number in range(90):
        day = START + timedelta(days=number)
        won = f"{day + timedelta(days=20):%d.%m.%Y %H:%M}" if number % 3 == 0 else ""
        deals.append(f"{number};{day:%d.%m.%Y %H:%M};{won}")
        for k in range(2):
            name = f"{_FIRST[(number + k) % 6]} {_LAST[number % 5]}"
            people.append(f"{number};{name};{('Nutzer', 'Einkauf')[k]};{day + timedelta(days=k + 1):%d.%m.%Y %H:%M}")
    (tmp_path / "deals.csv").write_text("\n".join(deals) + "\n", encoding="utf-8")
    (tmp_path / "teilnehmer.csv").write_text("\n".join(people) + "\n", encoding="utf-8")
    spec = yaml.safe_load((started(tmp_path, "deals.csv", "teilnehmer.csv") / "source.yaml").read_text("utf-8"))
    assert {name for family in spec["events"].values() for name in family["types"]} == {"Nutzer", "Einkauf"}


def test_the_heading_of_a_group_is_no_feature_and_it_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["Channel,Record No,Created,Branch,Won on"]
    for number in range(120):
        channel = ("Fair", "Web", "Partner")[number // 40] if number % 40 == 0 else ""
        day = START + timedelta(days=number % 40)
        won = f"{day + timedelta(days=9):%Y-%m-%d}" if number % 4 == 0 else ""
        lines.append(f"{channel},N{number},{day:%Y-%m-%d},{'abc'[number % 3]},{won}")
        lines += [f"Subtotal,{40},,,"] if number % 40 == 39 else []
    (tmp_path / "report.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    spec = yaml.safe_load((started(tmp_path, "report.csv") / "source.yaml").read_text("utf-8"))
    assert set(spec["fit"]) == {"branch"}
    assert "'Channel': it stands only in the first row of each group" in capsys.readouterr().err


@pytest.mark.parametrize("ending", ["ndjson", "jsonl"])
def test_events_as_json_lines_beside_leads_as_csv(tmp_path: Path, ending: str) -> None:
    leads, events = [["handle", "signed_up_at", "paid_at", "country"]], []
    for number in range(80):
        day = START + timedelta(days=number)
        paid = f"{day + timedelta(days=6):%Y-%m-%dT%H:%M:%SZ}" if number % 4 == 0 else ""
        leads.append([f"h_{number:03x}z", f"{day:%Y-%m-%dT%H:%M:%SZ}", paid, "AT" if number % 2 else "CH"])
        for k in range(3):
            at, who = day + timedelta(hours=k + 1), f"h_{number:03x}z"
            events.append(
                {"event": ("Opened App", "Asked Price")[k % 2], "userId": who, "messageId": f"m{number}-{k}",
                 "timestamp": f"{at:%Y-%m-%dT%H:%M:%S.000Z}", "properties": {"path": "/p", "n": k}}
            )  # fmt: skip
    with (tmp_path / "leads.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(leads)
    (tmp_path / f"events.{ending}").write_text("\n".join(map(json.dumps, events)) + "\n", encoding="utf-8")
    folder, out = started(tmp_path, "leads.csv", f"events.{ending}"), tmp_path / "out"
    out.mkdir()
    summary = ingest(read_source(folder), tmp_path, IngestOptions(), out)
    assert (summary["rows"]["leads"], summary["rows"]["events"], summary["rows"]["stages"]) == (80, 240, 100)
    assert sum(summary["rejects"].values()) == 0


def test_nested_columns_of_json_leads_are_read_as_text(tmp_path: Path) -> None:
    rows = [
        {"id": f"L{n}", "created": f"2025-03-{1 + n % 28:02d}T08:00:00Z", "address": {"city": "xyz"[n % 3]},
         "won_at": f"2025-04-{1 + n % 28:02d}T08:00:00Z" if n % 3 else None}
        for n in range(60)
    ]  # fmt: skip
    (tmp_path / "leads.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    folder, out = started(tmp_path, "leads.jsonl"), tmp_path / "out"
    out.mkdir()
    assert ingest(read_source(folder), tmp_path, IngestOptions(), out)["rows"]["leads"] == 60
