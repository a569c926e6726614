"""What ``leadscore init`` makes of awkward files: the folder it writes, and what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from _pytest.capture import CaptureFixture

from features.errors import InputError
from pipeline.check.command import check_source
from pipeline.init.command import start_source
from pipeline.settings.settings import Settings
from pipeline.source.folder import Source, read_source


def started(tmp_path: Path, **tables: str) -> Source:
    data = tmp_path / "data"
    data.mkdir()
    for name, text in tables.items():
        (data / f"{name}.csv").write_text(text, encoding="utf-8")
    return read_source(start_source("made", [data / f"{name}.csv" for name in tables], tmp_path / "sources"))


def rows(header: str, line: str, *, count: int = 40) -> str:
    """Rows of a CSV file; {i} counts, {d} is a day, {m} goes round 0 to 3, {yes} is a flag."""
    made = [line.format(i=i, d=f"{1 + i % 28:02d}", m=i % 4, yes="yes" if i % 3 == 0 else "no") for i in range(count)]
    return "\n".join([header, *made]) + "\n"


LEADS = rows("lead_id,created", "L{i},2025-01-{d} 10:30")
EVENTS = rows("lead_id,at,action", "L{i},2025-02-{d} 10:00,visit")


def test_events_enter_the_model_by_repeated_looks(tmp_path: Path) -> None:
    snapshots = started(tmp_path, leads=LEADS, events=EVENTS).spec.snapshots
    assert (snapshots.after, snapshots.every, snapshots.until) == tuple(day * 86_400_000_000 for day in (1, 14, 90))


def test_without_events_there_is_one_look(tmp_path: Path) -> None:
    snapshots = started(tmp_path, leads=LEADS).spec.snapshots
    assert (snapshots.after, snapshots.every) == (0, None)


def test_check_says_when_events_never_enter(tmp_path: Path) -> None:
    source = started(tmp_path, leads=LEADS, events=EVENTS)
    file = source.folder / "source.yaml"
    text = file.read_text(encoding="utf-8")
    assert not any("set snapshots.every" in note for note in notes(source, tmp_path))
    file.write_text(text.replace("after: 1d, every: 14d, until: 90d}\n", "after: 0}\n"), encoding="utf-8")
    said = notes(read_source(source.folder), tmp_path)
    assert "40 events after creation never enter the model: set snapshots.every" in said


def notes(source: Source, tmp_path: Path) -> tuple[str, ...]:
    return check_source(source, tmp_path / "data", Settings()).notes


def test_made_up_win_times_make_no_rates_and_one_look(tmp_path: Path) -> None:
    leads = rows("lead_id,created,campaign,converted", "L{i},2025-01-{d},c{m},{yes}")
    source = started(tmp_path, leads=leads, events=EVENTS)
    assert not any(column.source_rate for column in source.spec.fit.values())
    assert source.spec.targets["close"].horizon == 86_400_000_000
    assert source.spec.snapshots.every is None  # at every later look the made-up win would be over
    assert "made up" in (source.folder / "source.yaml").read_text(encoding="utf-8")
    won = {row["stage"]: row["leads"] for row in check_source(source, tmp_path / "data", Settings()).rows("stages")}[
        "WON"
    ]
    assert won == 14


def test_german_numbers_come_out_as_numbers(tmp_path: Path, capsys: CaptureFixture[str]) -> None:
    leads = rows("lead_id;created;Umsatz;Mitarbeiter", "L{i};2025-01-{d};1{m}0.285,50;{m}.152")
    leads = leads.replace(";0.152", ";12")
    source = started(tmp_path, leads=leads)
    assert {name: column.type for name, column in source.spec.fit.items()} == dict.fromkeys(
        ("umsatz", "mitarbeiter"), "number"
    )
    assert "'Mitarbeiter': ambiguous" in capsys.readouterr().err
    sql = (source.folder / "leads.sql").read_text(encoding="utf-8")
    assert "-- Numbers such as 110.285,50" in sql
    assert check_source(source, tmp_path / "data", Settings()).rows("rejects") == []


def test_a_company_shared_by_leads_is_the_account(tmp_path: Path) -> None:
    leads = rows("lead_id,created,company_id,company_size,company", "L{i},2025-01-{d},C{m},{m},Firma {m}")
    source = started(tmp_path, leads=leads)
    assert '"company_id" AS account_id' in source.sql["leads"]
    assert set(source.spec.fit) == {"company_size", "company"}
    assert check_source(source, tmp_path / "data", Settings()).rows("rejects") == []


def test_a_company_of_one_lead_each_is_no_account(tmp_path: Path) -> None:
    source = started(tmp_path, leads=rows("lead_id,created,company_id", "L{i},2025-01-{d},C{i}"))
    assert "account_id" not in source.sql["leads"]


def test_creation_is_neither_an_outcome_nor_half_empty(tmp_path: Path) -> None:
    leads = rows("lead_id,closed_at,visited,arrived", "L{i},2025-03-{d},,2025-01-{d}").replace(",,", ",2025-02-01,", 9)
    assert '"arrived" AS created_at' in started(tmp_path, leads=leads).sql["leads"]


def test_without_creation_the_dates_are_listed(tmp_path: Path) -> None:
    leads = rows("lead_id,won_at,entry_date", "L{i},2025-03-{d},KW {d}/2025")
    message = r"won_at' \(100% filled, e\.g\. '2025-03-01'\), 'entry_date' \(cannot be read, e\.g\. 'KW 01/2025'\)"
    with pytest.raises(InputError, match=message):
        started(tmp_path, leads=leads)


def test_dates_that_cannot_be_read_are_said(tmp_path: Path, capsys: CaptureFixture[str]) -> None:
    started(tmp_path, leads=rows("lead_id,created,birth_date,Bestellt am", "L{i},2025-01-{d},KW {d}/2025,{d}. Mai"))
    said = capsys.readouterr().err
    assert "cannot read the dates of birth_date, e.g. 'KW 01/2025'" in said
    assert "cannot read the dates of Bestellt am, e.g. '01. Mai'" in said


def test_activities_alone_are_not_leads(tmp_path: Path) -> None:
    activities = rows("ActivityId,LeadId,at,action", "A{i},L{m},2025-01-{d},visit")
    with pytest.raises(InputError, match="40 rows with 4 different values of 'LeadId': this tells what leads did"):
        started(tmp_path, activities=activities)


def test_stages_dated_by_day_are_not_before_the_creation(tmp_path: Path) -> None:
    history = rows("lead_id,stage,at", "L{i},New,2025-01-{d}") + rows("", "L{i},Closed won,2025-03-{d}").lstrip()
    source = started(tmp_path, leads=LEADS, history=history)
    assert "-- The stages are dated by the day only" in source.sql["stages"]
    result = check_source(source, tmp_path / "data", Settings())
    assert result.rows("rejects") == []
    assert {row["stage"]: row["leads"] for row in result.rows("stages")}["Closed won"] == 40


def test_a_stage_of_an_earlier_day_is_still_rejected(tmp_path: Path) -> None:
    history = rows("lead_id,stage,at", "L{i},New,2025-01-{d}").replace("L3,New,2025-01-04", "L3,New,2024-12-31")
    source = started(tmp_path, leads=LEADS, history=history)
    result = check_source(source, tmp_path / "data", Settings())
    assert [(row["reason"], row["rows"]) for row in result.rows("rejects")] == [("before the lead was created", 1)]
    assert "greatest(entered_at, created_at)" in (result.stops or "")


@pytest.mark.parametrize(
    ("export", "message"),
    [
        (LEADS + "L99,2025-01-01,x\n", r"leads\.csv, row 41: expected 2 values, as in the header, found 3 in line 42"),
        ("", r"leads\.csv is empty \(0 bytes\)"),
        (LEADS.replace("created", "made"), r"leads\.csv has only the columns lead_id, made"),
    ],
)
def test_a_later_export_that_is_broken_is_named(tmp_path: Path, export: str, message: str) -> None:
    source = started(tmp_path, leads=LEADS)
    (tmp_path / "data" / "leads.csv").write_text(export, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        check_source(source, tmp_path / "data", Settings())
