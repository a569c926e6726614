"""Files for imports: whole or not there, only what changed, and nothing that a spreadsheet computes."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from features.errors import InputError
from pipeline.score.sinks.write_back.records import Record

LEADS = {"101": 0.6, "102": 0.25, "103": 0.04}


def rows(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def test_hubspot_gets_a_file_of_what_changed(nights_of: Any, store_url: str, tmp_path: Path) -> None:
    nights = nights_of(store_url, "hubspot", kind="hubspot", language="de")
    folder = tmp_path / "out" / "write_back" / "hubspot"
    assert nights.night(1, LEADS) == 3
    assert rows(folder / "run1.csv") == [
        ["Record ID", "leadscore", "leadscore_band", "leadscore_grade", "leadscore_reasons"],
        ["101", "60", "SAL", "A", "demo (+60); =industry (−4)"],
        ["102", "25", "MQL", "B", "demo (+25); =industry (−4)"],
        ["103", "4", "none", "D", "demo (+4); =industry (−4)"],
    ]
    assert nights.night(2, LEADS) == 0
    assert nights.night(3, LEADS | {"102": 0.3}) == 1
    assert [row[:2] for row in rows(folder / "run3.csv")[1:]] == [["102", "30"]]
    assert sorted(file.name for file in folder.iterdir()) == ["run1.csv", "run3.csv"]


def test_salesforce_gets_custom_fields_by_id(nights_of: Any, sqlite_store: str, tmp_path: Path) -> None:
    nights = nights_of(sqlite_store, "sf", kind="salesforce", folder=str(tmp_path / "drop"), fields={"P__c": "score"})
    nights.night(1, {"00Q5e00000AbCdE": 0.5})
    assert rows(tmp_path / "drop" / "run1.csv") == [["Id", "P__c"], ["00Q5e00000AbCdE", "50"]]


def test_texts_are_no_formulas_and_awkward_ids_come_back(nights_of: Any, sqlite_store: str, tmp_path: Path) -> None:
    sink = nights_of(sqlite_store, kind="hubspot", fields={"why": "reasons", "n": "score"}).sink
    texts = ["=1+1", "+49", "-x", "@SUM(A1)", '=HYPERLINK("x")', "\t=1", 'a "quoted", line\nand one more', "−5"]
    with sink.target.opened("r") as file:
        assert file.write([Record(f"id,{n}\n", {"why": text, "n": -5}, None) for n, text in enumerate(texts)]) == {}
        assert set(file.write([Record("=cmd", {"why": "x", "n": 1}, None)])) == {"=cmd"}
    [_, *written] = rows(sink.target.file("r"))
    assert [row[0] for row in written] == [f"id,{n}\n" for n in range(len(texts))]
    assert [row[1] for row in written] == [f"'{text}" for text in texts[:6]] + texts[6:]
    assert {row[2] for row in written} == {"-5"}  # a number below 0 is a number


def test_a_file_is_whole_or_not_there(nights_of: Any, sqlite_store: str, tmp_path: Path) -> None:
    nights = nights_of(sqlite_store, kind="hubspot")
    folder = tmp_path / "out" / "write_back" / "crm"

    class StoppedError(Exception):
        pass

    def stop() -> None:
        with nights.sink.target.opened("run1") as file:
            file.write([Record("1", {}, None)])
            raise StoppedError

    with pytest.raises(StoppedError):
        stop()
    assert list(folder.iterdir()) == []
    assert nights.night(1, LEADS) == 3
    assert len(rows(folder / "run1.csv")) == 4


def test_an_undo_writes_what_stood_there_and_says_what_it_cannot_know(
    nights_of: Any, store_url: str, tmp_path: Path
) -> None:
    nights = nights_of(store_url, kind="hubspot", fields={"s": "score", "b": "band"})
    folder = tmp_path / "out" / "write_back" / "crm"
    nights.night(1, LEADS)
    nights.night(2, LEADS | {"102": 0.7, "104": 0.3})
    taken = nights.undo(2)
    [sentence] = taken.not_restored
    assert "run2-undo.csv" in sentence
    assert rows(folder / "run2-undo.csv") == [["Record ID", "s", "b"], ["102", "25", "MQL"], ["104", "", ""]]
    assert nights.night(3, LEADS) == 0  # what counts as sent is what was sent before the run


def test_a_folder_that_cannot_be_written_is_a_message(nights_of: Any, sqlite_store: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    nights = nights_of(sqlite_store, kind="hubspot", folder=str(tmp_path / "file" / "inside"))
    with pytest.raises(InputError, match=r"score\.sinks\.crm"):
        nights.night(1, LEADS)
