"""Machines are counted by type, reason and mail, declared or not; what is declared counts for nobody."""

from __future__ import annotations

import re

import pytest

from features.answers import Answer
from pipeline.check.command import check_source
from pipeline.settings.settings import Settings
from pipeline.source.folder import read_source

FAMILIES = "\n  mail_click: {types: [mail_click]}\n  mail_sent: {types: [mail_sent], actor: marketing}\n"
DECLARED = "machines: {clicks: [mail_click], sent: [mail_sent]}\n"


def scanned(write_source, tmp_path, declared: str = ""):
    source, data = write_source(tmp_path)
    with (source / "source.yaml").open("a", encoding="utf-8") as file:
        file.write(FAMILIES.lstrip("\n") + declared)
    events = (data / "events.csv").read_text().splitlines()
    rows = [f"{line},link" if i else f"{line},detail" for i, line in enumerate(events)]
    for lead in range(0, 600, 10):
        day = f"2025-{1 + lead // 56 % 11:02d}-{1 + lead % 28:02d}"
        rows.append(f"{lead},{day} 09:00:00,mail_sent,")
        rows += [f"{lead},{day} 09:00:{20 + k},mail_click,link{k}" for k in range(4)]
        rows.append(f"{lead},{day} 11:30:07,mail_click,link1")
    (data / "events.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return check_source(read_source(source), data, Settings())


def test_bursts_are_told_where_nobody_declared_machines(write_source, tmp_path):
    report = scanned(write_source, tmp_path)
    (result,) = report.results["machines"]
    assert result.answer is Answer.FAILED
    assert "240 acts of 60 leads: mail_click after mail_sent, all links within seconds" in report.to_text()
    assert "Declare machines: in source.yaml" in report.to_text()
    assert {row["family"]: row["events"] for row in report.rows("families")}["mail_click"] == 300


def test_declared_machines_are_counted_and_told(write_source, tmp_path):
    report = scanned(write_source, tmp_path, DECLARED)
    (row,) = report.rows("machines")
    assert row == {
        "event_type": "mail_click", "mail": "mail_sent", "why": "all links within seconds", "acts": 240, "leads": 60,
        "marked": True,
    }  # fmt: skip
    assert "marked actor: machine" in report.to_text()


def test_without_machines_nothing_is_said(checked):
    assert "Machines" not in checked().to_text()


@pytest.mark.parametrize(("cut", "words"), [(r"(\d\d:\d\d):\d\d", "whole minutes"), (r" \d\d:\d\d:\d\d", "whole days")])
def test_bursts_that_cannot_be_seen_for_want_of_seconds_are_said(write_source, tmp_path, cut, words):
    scanned(write_source, tmp_path)
    events = tmp_path / "data" / "events.csv"
    events.write_text(re.sub(cut, r"\1" if "(" in cut else "", events.read_text()))
    report = check_source(read_source(tmp_path / "source"), tmp_path / "data", Settings())
    said = f"All times of opens and clicks are {words}: bursts of machines"
    assert said in report.to_text()
    assert report.results["machines"][0].answer is Answer.UNCHECKED
