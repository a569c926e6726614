"""Stages find their places by what leads did; names decide only what the data leave open."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from pipeline.init.command import start_source
from pipeline.init.questions import Conversation, Question
from pipeline.source.folder import Source, read_source

Ways = list[tuple[int, list[str]]]


def started(tmp_path: Path, ways: Ways, *, answer: int = 0) -> tuple[Source, list[Question]]:
    """Write leads that go the given ways, a stage every five days, and start a source on them."""
    rows, leads, number = ["nr,stufe,seit"], ["nr,angelegt,art"], 0
    for count, way in ways:
        for _ in range(count):
            start = 1 + number % 28
            leads.append(f"L{number},2025-01-{start:02d} 08:00:00,{number % 3}")
            rows += [f"L{number},{stage},{moment(start + 5 * step)}" for step, stage in enumerate(way)]
            number += 1
    return written(tmp_path, leads, rows, answer)


def written(tmp_path: Path, leads: list[str], rows: list[str], answer: int = 0) -> tuple[Source, list[Question]]:
    for name, lines in (("leads.csv", leads), ("verlauf.csv", rows)):
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    asked: list[Question] = []

    def choose(question: Question) -> int:
        asked.append(question)
        return answer

    talk = Conversation(choose=choose)
    source = read_source(start_source("made", [tmp_path / "leads.csv", tmp_path / "verlauf.csv"], tmp_path / "s", talk))
    return source, asked


def moment(day: int) -> str:
    return f"2025-{1 + (day - 1) // 28:02d}-{1 + (day - 1) % 28:02d} 08:00:00"


@pytest.mark.parametrize(
    ("win", "losses"),
    [
        ("Closed - Converted", ["Closed - Not Converted"]),
        ("Abschluss", ["Kein Abschluss"]),
        ("Sold", ["Not Sold", "Bad Number"]),
        ("Auftrag erteilt", ["Kein Auftrag", "Dublette"]),
        ("Gewonnen", ["Verloren", "Kein Interesse"]),
        ("Customer", ["Sleeping"]),  # no word says so: nothing follows it, and no lead has it and the win
    ],
)
def test_ends_are_found(tmp_path: Path, win: str, losses: list[str]) -> None:
    ways = [(30, ["Erfasst", "Angebot", win]), (60, ["Erfasst"])] + [(20, ["Erfasst", loss]) for loss in losses]
    spec = started(tmp_path, ways)[0].spec
    assert spec.ladder == ("Erfasst", "Angebot", win)
    assert set(spec.lost) == set(losses)
    assert spec.targets["close"].stage == win


def test_order_comes_from_times_and_not_from_frequency(tmp_path: Path) -> None:
    ways = [(10, ["c", "MQL", "b", "SQL", "won"]), (40, ["b", "SQL"]), (25, ["MQL", "b"]), (30, ["c", "MQL"])]
    assert started(tmp_path, ways)[0].spec.ladder == ("c", "MQL", "b", "SQL", "won")


def test_what_only_customers_enter_is_left_out(tmp_path: Path) -> None:
    ways = [(40, ["Lead", "Customer"]), (12, ["Lead", "Customer", "Evangelist"]), (50, ["Lead"])]
    source, _ = started(tmp_path, ways)
    assert source.spec.ladder == ("Lead", "Customer")
    assert "stage NOT IN ('Evangelist')" in source.sql["stages"]


@pytest.mark.parametrize(("answer", "win"), [(0, "Alpha"), (1, "Omega")])
def test_where_no_word_decides_the_win_is_asked(tmp_path: Path, answer: int, win: str) -> None:
    ways = [(30, ["Neu", "Angebot", "Alpha"]), (40, ["Neu", "Omega"]), (30, ["Neu"])]
    source, asked = started(tmp_path, ways, answer=answer)
    assert [reading.text for reading in asked[0].readings] == ["Alpha is the win", "Omega is the win"]
    assert asked[0].readings[0].counts.startswith("30 leads")
    assert source.spec.ladder[-1] == win
    text = (source.folder / "source.yaml").read_text(encoding="utf-8")
    assert f"taken {win} is the win" in text


@pytest.mark.parametrize("answer", [0, 1])
def test_a_renamed_rung_is_one(tmp_path: Path, answer: int) -> None:
    leads, rows = ["nr,angelegt,art"], ["nr,stufe,seit"]
    for i in range(200):
        new, day = i >= 100, 1 + i
        way = ["Erfasst", *(["Termin" if new else "Meeting"] if i % 2 else []), *(["Gewonnen"] if i % 4 == 1 else [])]
        leads.append(f"L{i},{moment(day)},x")
        rows += [f"L{i},{stage},{moment(day + step)}" for step, stage in enumerate(way)]
    source, asked = written(tmp_path, leads, rows, answer)
    assert "'Meeting' was entered last on" in asked[0].text
    assert source.spec.ladder == (
        ("Erfasst", "Termin", "Gewonnen") if answer == 0 else ("Erfasst", *sorted(("Meeting", "Termin")), "Gewonnen")
    )
    assert ("WHEN 'Meeting' THEN 'Termin'" in source.sql["stages"]) == (answer == 0)


@pytest.mark.parametrize("names", [("Alter Wert", "Neuer Wert"), ("From Stage", "To Stage"), ("a_stage", "b_stage")])
def test_a_change_is_dated_by_what_it_leads_to(tmp_path: Path, names: tuple[str, str]) -> None:
    leads, rows = ["nr,angelegt,art"], [f"nr,Feld,{names[0]},{names[1]},wann"]
    for i in range(90):
        way = ["", "Neu", "Qualifiziert", "Gewonnen" if i % 2 else "Verloren"][: 2 + i % 3]
        leads.append(f"L{i},{moment(1 + i % 28)},x")
        rows += [f"L{i},Status,{a},{b},{moment(2 + i % 28 + n)}" for n, (a, b) in enumerate(pairwise(way))]
        rows += [f"L{i},Telefon,1,2,{moment(9)}"]
    spec = written(tmp_path, leads, rows)[0].spec
    assert spec.ladder == ("Neu", "Qualifiziert", "Gewonnen")
    assert spec.lost == ("Verloren",)
