"""Keys are found by how values overlap: other names, other ways of writing, other ids of the same lead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pipeline.check.command import check_source
from pipeline.check.report import SourceReport
from pipeline.init.command import start_source
from pipeline.settings.settings import Settings
from pipeline.source.folder import read_source

LEADS = 60
Files = Mapping[str, list[str]]


def day(i: int, month: int = 1) -> str:
    return f"2025-{month:02d}-{1 + i % 28:02d} 09:00:00"


def leads(name: Callable[[int], str], heading: str = "Nr") -> list[str]:
    return [f"{heading},Angelegt am,Branche,Gewonnen am"] + [
        f"{name(i)},{day(i)},{'ab'[i % 2]},{day(i, 3) if i % 4 == 0 else ''}" for i in range(LEADS)
    ]


def acts(name: Callable[[int], str], heading: str = "Nr") -> list[str]:
    return [f"Id,{heading},Aktion,Zeitpunkt"] + [f"{7000 + i},{name(i % LEADS)},Besuch,{day(i, 2)}" for i in range(200)]


def checked(tmp_path: Path, files: Files) -> SourceReport:
    data = tmp_path / "data"
    data.mkdir()
    for name, lines in files.items():
        (data / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    folder = start_source("made", [data / name for name in files], tmp_path / "sources")
    return check_source(read_source(folder), data, Settings())


def counts(report: SourceReport) -> dict[str, int]:
    return {row["table"]: row["rows"] - row["rejected"] for row in report.rows("tables")}


SHAPES: list[tuple[Callable[[int], str], Callable[[int], str]]] = [
    (lambda i: f"{i:06d}", str),
    (str, lambda i: f"{i}.0"),
    (lambda i: f"{1000 + i}", lambda i: f'"=""{1000 + i:08d}"""'),
    (lambda i: f"k-{i}a", lambda i: f" K-{i}A "),
    (lambda i: f"00Qab00000{i:05d}AAQ", lambda i: f"00Qab00000{i:05d}"),
    (lambda i: f"{{9F2C-{i:04d}}}", lambda i: f"9f2c-{i:04d}"),
    (lambda i: str(200_000 + i), lambda i: f"{(200_000 + i) / 1e5:.5f}E+05"),
]


@pytest.mark.parametrize("shape", range(len(SHAPES)))
def test_ids_written_differently_meet(shape: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    in_leads, in_acts = SHAPES[shape]
    report = checked(tmp_path, {"acts.csv": acts(in_acts, "Person"), "people.csv": leads(in_leads)})
    assert counts(report) == {"leads": LEADS, "events": 200, "stages": LEADS + 15}
    assert report.rows("rejects") == []
    assert "ids are written differently" in capsys.readouterr().err


def test_every_object_has_its_own_id(tmp_path: Path) -> None:
    tasks = ["Id,Status,Typ,PersonRef,Datum"]
    tasks += [f"T{i},Erledigt,{'Anruf' if i % 2 else 'Mail'},P{i % LEADS},{day(i, 2)}" for i in range(200)]
    report = checked(tmp_path, {"Aufgaben.csv": tasks, "Kontakte.csv": leads(lambda i: f"P{i}", "Id")})
    assert counts(report) == {"leads": LEADS, "events": 200, "stages": LEADS + 15}


def test_facts_of_the_contact_go_to_its_lead(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = leads(lambda i: f"00Q{i}")
    converted = [plain[0] + ",KontaktNachUmwandlung"]
    converted += [f"{line},{f'003{i}' if i % 4 == 0 else ''}" for i, line in enumerate(plain[1:])]
    moved = acts(lambda i: f"003{i}" if i % 4 == 0 else f"00Q{i}", "Wer")
    report = checked(tmp_path, {"l.csv": converted, "a.csv": moved})
    assert counts(report)["events"] == 200
    assert "15 ids that other files use stand in 'KontaktNachUmwandlung'" in capsys.readouterr().err


def test_lists_of_merged_ids_are_read(tmp_path: Path) -> None:
    merged = leads(lambda i: f"v{i}")
    merged = [merged[0] + ",Merged IDs"] + [f"{line},old{i};older{i}" for i, line in enumerate(merged[1:])]
    old = acts(lambda i: (f"v{i}", f"old{i}", f"older{i}")[i % 3], "contact")
    assert counts(checked(tmp_path, {"l.csv": merged, "a.csv": old}))["events"] == 200


def test_a_merged_record_is_its_master(tmp_path: Path) -> None:
    whole = leads(lambda i: f"v{i}")
    masters = {5: "v0", 6: "v0", 7: "v1"}
    whole = [whole[0] + ",Master Record"] + [f"{line},{masters.get(i, '')}" for i, line in enumerate(whole[1:])]
    report = checked(tmp_path, {"l.csv": whole, "a.csv": acts(lambda i: f"v{i}", "contact")})
    assert counts(report)["leads"] == LEADS - 3
    assert counts(report)["events"] == 200
    assert report.rows("rejects") == []


def test_events_may_know_leads_by_their_address(tmp_path: Path) -> None:
    mails = leads(lambda i: f"v{i}")
    mails = [mails[0] + ",E-Mail"] + [f"{line},p{i}@firma.example" for i, line in enumerate(mails[1:])]
    by_mail = acts(lambda i: f"P{i}@Firma.example", "recipient")
    assert counts(checked(tmp_path, {"l.csv": mails, "a.csv": by_mail}))["events"] == 200


def test_an_id_that_stands_twice_is_one_reject(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    twice = leads(lambda i: f"Z{i}", "Lead ID")
    report = checked(tmp_path, {"l.csv": [*twice, twice[9]], "a.csv": acts(lambda i: f"Z{i}", "Lead ID")})
    assert [(row["reason"], row["rows"]) for row in report.rows("rejects")] == [("lead id stands twice", 1)]
    assert counts(report)["events"] == 200
    assert "'Lead ID' repeats in 1 rows" in capsys.readouterr().err


def test_a_short_list_that_leads_refer_to_is_not_the_leads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people = leads(lambda i: str(i + 1), "id")
    people = [people[0] + ",campaign_id"] + [f"{line},{1 + i % 9}" for i, line in enumerate(people[1:])]
    lists = ["id,label,begun", *(f"{i + 1},L{i},{day(i)}" for i in range(9))]
    report = checked(tmp_path, {"b.csv": lists, "a.csv": people})
    assert counts(report) == {"leads": LEADS, "stages": LEADS + 15}
    assert "nothing: b.csv: a list of 9 rows that the leads refer to by 'campaign_id'" in capsys.readouterr().err


def test_every_file_gets_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strangers = ["who,what,when_", *(f"x{i},Besuch,{day(i)}" for i in range(40))]
    timeless = ["Nr,Aktion", *(f"Z{i},Besuch" for i in range(40))]
    checked(tmp_path, {"l.csv": leads(lambda i: f"Z{i}"), "strangers.csv": strangers, "timeless.csv": timeless})
    said = capsys.readouterr().err
    assert "nothing: strangers.csv: none of its columns holds ids of the leads ('Nr', such as 'Z0')" in said
    assert "nothing: timeless.csv: it has no time that can be read" in said


def test_doubles_are_named_with_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mails = leads(lambda i: f"v{i}")
    names = [f"{'P' if i > 50 else 'p'}{i % 52}@f.example" for i in range(LEADS)]
    mails = [mails[0] + ",E-Mail", *(f"{line},{name}" for line, name in zip(mails[1:], names, strict=True))]
    checked(tmp_path, {"l.csv": mails})
    assert "8 people are 16 leads by 'E-Mail'" in capsys.readouterr().err
    assert "# dedupe: {by: [e_mail]}" in (tmp_path / "sources" / "made" / "source.yaml").read_text(encoding="utf-8")
