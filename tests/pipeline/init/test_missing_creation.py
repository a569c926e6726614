"""A table whose creation is missing in a part of its rows is read with its times, and those rows are asked about."""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from features.errors import InputError
from pipeline.ingest.stage import ingest
from pipeline.init.command import start_source
from pipeline.init.questions import Conversation, Question
from pipeline.settings.settings import IngestOptions
from pipeline.source.folder import read_source


def _deals(
    folder: Path, *, begin: str = "begun_on", missing: tuple[str, ...] = ("Backlog",), touches: bool = False
) -> list[Path]:
    """Write deals of which those in one of the stages ``missing`` have no date of their beginning."""
    chance = random.Random(5)
    folder.mkdir()
    deals, acts = [["deal_id", "team", "deal_stage", begin, "closed_on"]], [["deal_id", "activity", "at"]]
    for number in range(600):
        stage = chance.choices(["Backlog", "Running", "Won", "Lost"], [2, 2, 3, 3])[0]
        start = date(2023, 2, 1) + timedelta(days=number)
        closed = start + timedelta(days=chance.randint(2, 60))
        has = stage not in missing
        done = stage in ("Won", "Lost")
        deals.append(
            [
                f"D{number:04}",
                chance.choice("ABC"),
                stage,
                start.isoformat() if has else "",
                closed.isoformat() if done else "",
            ]
        )
        days = chance.sample(range(1, 9), 2)
        acts += [
            [f"D{number:04}", chance.choice(["call", "visit"]), (start + timedelta(days=n)).isoformat()] for n in days
        ]
    written = {"deals.csv": deals} | ({"touches.csv": acts} if touches else {})
    for name, rows in written.items():
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
    return [folder / name for name in written]


def _ingested(
    tmp_path: Path, files: list[Path], choose: int = 0
) -> tuple[dict[str, int], dict[str, int], list[Question]]:
    asked: list[Question] = []

    def answer(question: Question) -> int:
        asked.append(question)
        return choose if "is empty in" in question.text else 0

    folder = start_source("deals", files, tmp_path / "sources", Conversation(choose=answer))
    out = tmp_path / "out"
    out.mkdir()
    summary = ingest(read_source(folder), files[0].parent, IngestOptions(), out)
    return summary["rows"], summary["rejects"], asked


@pytest.mark.parametrize("begin", ["begun_on", "Created"])
@pytest.mark.parametrize("touches", [False, True])
def test_open_deals_without_a_beginning_are_left_out_and_asked_about(tmp_path: Path, begin: str, touches: bool) -> None:
    files = _deals(tmp_path / "data", begin=begin, touches=touches)
    dated = duckdb.sql(f"SELECT count(*) FROM '{files[0]}' WHERE deal_stage <> 'Backlog'").fetchall()[0][0]
    rows, rejects, asked = _ingested(tmp_path, files)
    assert rows["leads"] == dated
    assert rows["events"] == (2 * dated if touches else 0)
    assert sum(rejects.values()) == 0
    question = next(one for one in asked if "is empty in" in one.text)
    assert f"{600 - dated:,} of 600 rows" in question.text
    assert "0 won and 0 lost" in question.readings[0].counts
    wins = duckdb.sql(f"SELECT count(*) FROM '{tmp_path}/out/stages.parquet' WHERE stage = 'WON'").fetchall()[0][0]
    assert wins == duckdb.sql(f"SELECT count(*) FROM '{files[0]}' WHERE deal_stage = 'Won'").fetchall()[0][0]


def test_the_order_of_the_rows_is_the_other_reading(tmp_path: Path) -> None:
    rows, _, _ = _ingested(tmp_path, _deals(tmp_path / "data"), choose=1)
    assert rows["leads"] == 600


def test_rows_of_one_outcome_without_a_creation_are_not_left_out_in_silence(tmp_path: Path) -> None:
    files = _deals(tmp_path / "data", begin="Created", missing=("Lost",))
    with pytest.raises(InputError) as refused:
        _ingested(tmp_path, files)
    assert refused.value.table == "leads"
