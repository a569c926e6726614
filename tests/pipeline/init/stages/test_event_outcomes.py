"""Outcomes among types of events: found by what follows them, asked with their counts, and never behaviour."""

from __future__ import annotations

import csv
import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml

from pipeline.ingest.stage import ingest
from pipeline.init.command import start_source
from pipeline.init.questions import Conversation, Question
from pipeline.settings.settings import IngestOptions
from pipeline.source.folder import read_source

_STEPS = ("Akte angelegt", "Unterlagen angefordert", "Unterlagen da", "Telefonat", "Prüfung")


def _log(
    folder: Path, *, win: list[str], losses: list[str], leads: int = 400, after: str | None = None, mail: bool = False
) -> list[Path]:
    """Write leads and a log in which every story passes steps in turn and most end in a win or a loss."""
    chance = random.Random(7)
    folder.mkdir()
    cases, log = [["Vorgang", "angelegt am", "Kanal"]], [["Vorgang", "Aktivität", "Zeitpunkt"]]
    for number in range(leads):
        case, now = f"V{number:05}", datetime(2024, 1, 1) + timedelta(hours=20 * number)
        cases.append([case, f"{now:%Y-%m-%d %H:%M:%S}", chance.choice(["Web", "Messe", "Telefon"])])
        for step in _STEPS[: chance.randint(2, 5)]:
            now += timedelta(hours=chance.randint(5, 90))
            log += [[case, step, f"{now:%Y-%m-%d %H:%M:%S}"]] * chance.choice([1, 1, 2])
        end = chance.choices(["win", "loss", "open"], [3, 5, 2])[0]
        now += timedelta(hours=chance.randint(5, 90))
        for name in win if end == "win" else [chance.choice(losses)] if end == "loss" else []:
            log.append([case, name, f"{now:%Y-%m-%d %H:%M:%S}"])
            now += timedelta(seconds=3)
        if after and end == "loss":
            log.append([case, after, f"{now + timedelta(days=2):%Y-%m-%d %H:%M:%S}"])
        if mail:
            log.append([case, "Prüfung", f"{now + timedelta(days=9):%Y-%m-%d %H:%M:%S}"])
    for name, rows in (("vorgaenge.csv", cases), ("protokoll.csv", log)):
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
    return [folder / "vorgaenge.csv", folder / "protokoll.csv"]


def _count(files: list[Path], *types: str) -> int:
    with files[1].open(encoding="utf-8") as file:
        return len({row["Vorgang"] for row in csv.DictReader(file) if row["Aktivität"] in types})


def _started(tmp_path: Path, files: list[Path], talk: Conversation | None = None) -> tuple[Path, dict[str, object]]:
    folder = start_source("log", files, tmp_path / "sources", talk or Conversation(yes=True))
    return folder, yaml.safe_load((folder / "source.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("win", "losses"),
    [
        (["A_GRANTED", "A_BOOKED"], ["A_REFUSED", "A_CANCELLED"]),
        (["Antrag bewilligt"], ["Antrag abgelehnt", "storniert"]),
        (["Deal won"], ["Deal lost"]),
    ],
)
def test_types_that_end_stories_are_stages_and_no_events(tmp_path: Path, win: list[str], losses: list[str]) -> None:
    files = _log(tmp_path / "data", win=win, losses=losses)
    folder, spec = _started(tmp_path, files)
    assert spec["ladder"] == ["LEAD", win[0]]
    assert sorted(spec["lost"]) == sorted(losses)  # type: ignore[call-overload]
    types = {name for family in spec["events"].values() for name in family["types"]}  # type: ignore[attr-defined]
    assert types == set(_STEPS)
    out = tmp_path / "out"
    out.mkdir()
    summary = ingest(read_source(folder), tmp_path / "data", IngestOptions(), out)
    with files[1].open(encoding="utf-8") as file:
        steps = sum(row["Aktivität"] in _STEPS for row in csv.DictReader(file))
    assert summary["rows"]["events"] == steps
    assert sum(summary["rejects"].values()) == 0


def test_the_question_has_the_leads_of_each_outcome(tmp_path: Path) -> None:
    files = _log(tmp_path / "data", win=["Deal won"], losses=["Deal lost"])
    asked: list[Question] = []

    def choose(question: Question) -> int:
        asked.append(question)
        return 0

    _started(tmp_path, files, Conversation(choose=choose))
    question = next(one for one in asked if "outcomes among its events" in one.text)
    for name in ("Deal won", "Deal lost"):
        assert f"{name}: {_count(files, name):,} leads, 0 go on" in question.readings[0].counts


def test_where_no_name_says_which_end_is_the_win_the_ends_are_choices(tmp_path: Path) -> None:
    files = _log(tmp_path / "data", win=["Z7"], losses=["Z9", "Z8"])
    asked: list[Question] = []

    def choose(question: Question) -> int:
        asked.append(question)
        texts = [reading.text for reading in question.readings]
        return next((place for place, text in enumerate(texts) if text.startswith("won: Z7")), 0)

    _, spec = _started(tmp_path, files, Conversation(choose=choose))
    assert spec["ladder"] == ["LEAD", "Z7"]
    assert sorted(spec["lost"]) == ["Z8", "Z9"]  # type: ignore[call-overload]
    assert any(len(one.readings) == 4 for one in asked)


def test_what_only_follows_a_loss_does_not_hide_it(tmp_path: Path) -> None:
    files = _log(tmp_path / "data", win=["Deal won"], losses=["Deal lost"], after="Absageschreiben")
    _, spec = _started(tmp_path, files)
    assert spec["ladder"] == ["LEAD", "Deal won"]
    assert "Deal lost" in spec["lost"]  # type: ignore[operator]


def test_a_win_with_mails_after_it_is_found_by_its_name(tmp_path: Path) -> None:
    files = _log(tmp_path / "data", win=["Deal won"], losses=["Deal lost"], mail=True)
    _, spec = _started(tmp_path, files)
    assert spec["ladder"] == ["LEAD", "Deal won"]
    types = {name for family in spec["events"].values() for name in family["types"]}  # type: ignore[attr-defined]
    assert not {"Deal won", "Deal lost"} & types


def test_types_that_no_story_ends_with_are_no_outcomes(tmp_path: Path) -> None:
    files = _log(tmp_path / "data", win=["Newsletter bestellt"], losses=["contract page viewed"], mail=True)
    folder, _ = _started(tmp_path, files)
    assert not (folder / "stages.sql").exists()
    assert (folder / "stages.sql.example").exists()


def test_none_of_them_leaves_all_types_events(tmp_path: Path) -> None:
    files = _log(tmp_path / "data", win=["Deal won"], losses=["Deal lost"])
    last = Conversation(choose=lambda question: len(question.readings) - 1)
    folder, _ = _started(tmp_path, files, last)
    assert not (folder / "stages.sql").exists()
    assert "Deal won" in (folder / "source.yaml").read_text(encoding="utf-8")
