"""Broken sources: what is wrong, and the one message that says so; nothing half-written is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from features.errors import InputError
from pipeline import cli
from pipeline.source.folder import read_source

SOURCE_YAML = """\
name: broken
title: {de: Kaputt, en: Broken}
targets:
  sql: {stage: SQL, horizon: 30d}
snapshots: {anchor: created, after: 1d}
fit:
  employees: {type: number}
  industry: {type: category, values: [machinery, medical]}
  newsletter: {type: boolean}
events:
  price_list: {types: [price_list_download], intent: high}
  calls: {types: [sales_call], actor: sales}
"""
LEADS_CSV = "lead_id,created_at,employees,industry,newsletter\n" + "".join(
    f"L{i},2025-01-{i:02d}T08:00:00,{i * 10},machinery,yes\n" for i in range(1, 11)
)
EVENTS_CSV = "lead_id,occurred_at,event_type,actor\n" + "".join(
    f"L{i},2025-02-{i:02d} 09:00:00+01:00,price_list_download,lead\n" for i in range(1, 11)
)
STAGES_CSV = "lead_id,stage,entered_at\n" + "".join(f"L{i},SQL,2025-03-{i:02d}\n" for i in range(1, 11))


@dataclass
class Folders:
    source: Path
    data: Path
    out: Path

    def replace(self, file: str, old: str, new: str) -> None:
        path = self.source / file if (self.source / file).exists() else self.data / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def write(self, file: str, text: str) -> None:
        (self.source / file).write_text(text, encoding="utf-8")


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    made = Folders(tmp_path / "source", tmp_path / "data", tmp_path / "out")
    made.source.mkdir()
    made.data.mkdir()
    (made.source / "source.yaml").write_text(SOURCE_YAML, encoding="utf-8")
    for name, text in (("leads.csv", LEADS_CSV), ("events.csv", EVENTS_CSV), ("stages.csv", STAGES_CSV)):
        (made.data / name).write_text(text, encoding="utf-8")
    return made


def swap(file: str, old: str, new: str) -> Callable[[Folders], None]:
    return lambda folders: folders.replace(file, old, new)


def sql(table: str, text: str) -> Callable[[Folders], None]:
    return lambda folders: folders.write(f"{table}.sql", text)


def rules(text: str) -> Callable[[Folders], None]:
    return lambda folders: folders.write("rules.yaml", text)


LEADS_FROM = "FROM read_csv('leads.csv', all_varchar = true)"

BROKEN = {
    # source.yaml
    "no source.yaml": (lambda f: (f.source / "source.yaml").unlink(), "expected a file source.yaml, found none"),
    "empty source.yaml": (lambda f: f.write("source.yaml", ""), "source.yaml: expected keys and values"),
    "yaml that cannot be read": (swap("source.yaml", "{de: Kaputt,", "{de: Kaputt"), "source.yaml, row line 2"),
    "a key that stands twice": (swap("source.yaml", "events:", "fit:"), "key 'fit' stands twice"),
    "a list instead of keys": (lambda f: f.write("source.yaml", "- a\n"), "found list"),
    "an unknown key": (
        swap("source.yaml", "snapshots:", "snapshot:"),
        "unknown key 'snapshot'. Did you mean 'snapshots'?",
    ),
    "an unknown key inside": (
        swap("source.yaml", "after: 1d", "affter: 1d"),
        "source.yaml.snapshots.affter: expected only known keys, found the unknown key 'affter'. Did you mean 'after'?",
    ),
    "no targets": (
        swap("source.yaml", "targets:\n  sql: {stage: SQL, horizon: 30d}\n", ""),
        "source.yaml.targets: expected a value",
    ),
    "a duration that is none": (swap("source.yaml", "30d", "30 days"), "targets.sql.horizon"),
    "an unknown column type": (swap("source.yaml", "type: number", "type: numeric"), "fit.employees.type"),
    "a target off the ladder": (swap("source.yaml", "stage: SQL", "stage: DEAL"), "'DEAL' is not on the ladder"),
    "an unknown anchor": (swap("source.yaml", "anchor: created", "anchor: offer"), "snapshots.anchor must be"),
    "an event type in two families": (
        swap("source.yaml", "types: [sales_call]", "types: [price_list_download]"),
        "event type 'price_list_download' stands in families",
    ),
    "words that YAML reads as yes and no": (
        swap("source.yaml", "values: [machinery, medical]", "values: [yes, no]"),
        "YAML reads yes, no, on and off as true and false",
    ),
    "a fit name with spaces": (
        swap("source.yaml", "employees:", "number of employees:"),
        "'number of employees'. Rename it in the SQL",
    ),
    "a fit column with a taken name": (
        swap("source.yaml", "employees:", "created_at:"),
        "which has a meaning of its own",
    ),
    # rules.yaml
    "rules without cut-offs": (
        rules("attributes: [{column: fit_employees, at_least: 1, points: 5}]\n"),
        "rules.yaml.cutoffs: expected a value",
    ),
    "rules with an unknown key": (rules("cutofs: {MQL: 1, SAL: 2}\n"), "rules.yaml"),
    # SQL files
    "a file with an unknown name": (sql("event", "SELECT 1"), "found event.sql. Did you mean events.sql?"),
    "SQL that does not parse": (
        sql("leads", "SELEC * FROM 'leads.csv'"),
        "leads.sql: expected SQL that DuckDB can run, found Parser Error",
    ),
    "two statements": (sql("leads", "SELECT 1; SELECT 2"), "leads.sql: expected one SELECT, found 2 statements"),
    "no statement": (sql("leads", "-- later\n"), "leads.sql: expected one SELECT, found nothing"),
    "a statement that writes": (
        sql("leads", "CREATE TABLE x AS SELECT 1"),
        "leads.sql: expected one SELECT, found a CREATE statement",
    ),
    "an unknown file in SQL": (sql("leads", "FROM 'lead.csv'"), "there are: events.csv, leads.csv, stages.csv"),
    "an unknown column in SQL": (
        sql("leads", f"SELECT id AS lead_id {LEADS_FROM}"),
        'leads.sql: expected SQL that DuckDB can run, found Binder Error: Referenced column "id" not found',
    ),
    "the network": (sql("leads", "FROM 'https://example.org/leads.csv'"), "Extensions and the network are off"),
    "a cast that fails inside SQL": (
        sql("leads", f"SELECT * FROM (SELECT *, lead_id::INTEGER AS number {LEADS_FROM}) WHERE number > 0"),
        "leads.sql: expected SQL that DuckDB can run, found Conversion Error",
    ),
    # tables
    "no leads": (
        lambda f: (f.data / "leads.csv").unlink(),
        "leads: expected leads.sql in the source folder or a file leads.parquet",
    ),
    "no events though declared": (lambda f: (f.data / "events.csv").unlink(), "events: expected events.sql"),
    "an empty table": (
        lambda f: (f.data / "stages.csv").write_text("lead_id,stage,entered_at\n"),
        "stages: expected at least one row, found none",
    ),
    "a file without content": (lambda f: (f.data / "stages.csv").write_text(""), "stages"),
    "a missing column": (
        swap("leads.csv", "created_at", "created"),
        "leads.created_at: expected this column, found only lead_id, created",
    ),
    "a missing fit column": (swap("leads.csv", "employees", "staff"), "leads.employees: expected this column"),
    "a column of an unusable type": (
        sql("leads", f"SELECT * EXCLUDE (created_at), 1735689600 AS created_at {LEADS_FROM}"),
        "leads.created_at: expected dates or times, found a column of type INTEGER. Milliseconds since 1970 are read",
    ),
    "a list in a column": (
        sql("leads", f"SELECT * EXCLUDE (industry), [industry] AS industry {LEADS_FROM}"),
        "leads.industry: expected text, found a column of type VARCHAR[]",
    ),
    # rows
    "a time that is none": (
        swap("leads.csv", "2025-01-03T08:00:00", "3. Januar"),
        "leads.created_at, row 3: expected a time from 1970 on, such as 2026-01-31 or 2026-01-31T08:00:00+01:00, "
        "found '3. Januar' (1 of 10 rows",
    ),
    "a day that does not exist": (
        swap("stages.csv", "2025-03-07", "2025-02-30"),
        "stages.entered_at, row 7: expected a time",
    ),
    "a number that is none": (
        swap("leads.csv", ",40,", ",forty,"),
        "leads.employees, row 4: expected a number such as 1250 or 12.5, found 'forty'",
    ),
    "a number that is not finite": (swap("leads.csv", ",40,", ",inf,"), "leads.employees, row 4: expected a number"),
    "neither yes nor no": (swap("leads.csv", "yes", "perhaps"), "leads.newsletter, row 1: expected yes or no"),
    "a value outside the declared ones": (
        swap("leads.csv", "20,machinery", "20,bakery"),
        "leads.industry, row 2: expected one of the values that source.yaml lists",
    ),
    "a lead without id": (
        swap("leads.csv", "L5,", ","),
        "leads.lead_id, row 5: expected a value in every row, found nothing",
    ),
    "a lead that stands twice": (
        swap("leads.csv", "L5,", "L4,"),
        "leads.lead_id, row 5: expected one row a lead, found 'L4'",
    ),
    "an unknown stage": (
        swap("stages.csv", "L6,SQL", "L6,Qualified"),
        "stages.stage, row 6: expected a stage named in source.yaml under ladder, lost or recycled, found 'Qualified'",
    ),
    "a stage before the lead was there": (
        swap("stages.csv", "2025-03-08", "2024-03-08"),
        "stages.entered_at, row 8: expected stages entered at or after the lead's created_at",
    ),
    "an unknown actor": (
        swap("events.csv", "price_list_download,lead", "price_list_download,robot"),
        "events.actor, row 1: expected one of lead, marketing, sales, found 'robot'",
    ),
    "an actor that its family does not have": (
        swap("events.csv", "price_list_download,lead", "price_list_download,sales"),
        "events.actor, row 1: expected the actor that source.yaml declares",
    ),
    "an unknown event type": (
        swap("events.csv", "price_list_download", "tombola"),
        "events.event_type, row 1: expected an event type that stands in a family in source.yaml, found 'tombola'",
    ),
    "an event of nobody": (
        swap("events.csv", "L9,", "L99,"),
        "events.lead_id, row 9: expected a lead_id that stands in table leads, found 'L99'",
    ),
    "an undeclared field in changes": (
        lambda f: (f.data / "changes.csv").write_text("lead_id,changed_at,field,value\nL1,2025-01-05,employees,5\n"),
        "changes.field, row 1: expected a field that source.yaml declares under fit with known: changes, "
        "found 'employees'",
    ),
    "changes declared but not there": (
        swap("source.yaml", "newsletter: {type: boolean}", "newsletter: {type: boolean, known: changes}"),
        "changes: expected changes.sql",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_source_is_one_message_and_exit_code_2(
    folders: Folders, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    breaks, message = BROKEN[what]
    breaks(folders)
    arguments = ["ingest", "--source", str(folders.source), "--data", str(folders.data), "--out", str(folders.out)]
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    said = " ".join(capsys.readouterr().err.split())
    assert message in said
    assert stopped.value.code == 2
    assert "Traceback" not in said
    assert not (folders.out / "ingest").exists()


def test_the_unbroken_source_passes(folders: Folders) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["ingest", "--source", str(folders.source), "--data", str(folders.data), "--out", str(folders.out)])
    assert stopped.value.code == 0
    assert (folders.out / "ingest" / "leads.parquet").is_file()


def test_a_later_broken_delivery_leaves_the_earlier_tables_alone(folders: Folders) -> None:
    arguments = ["ingest", "--source", str(folders.source), "--data", str(folders.data), "--out", str(folders.out)]
    with pytest.raises(SystemExit):
        cli.main(arguments)
    before = {file.name: file.read_bytes() for file in (folders.out / "ingest").iterdir()}
    folders.replace("leads.csv", ",40,", ",forty,")
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 2
    assert {file.name: file.read_bytes() for file in (folders.out / "ingest").iterdir()} == before


def test_source_folder_that_is_not_there() -> None:
    with pytest.raises(InputError, match="no folder"):
        read_source(Path("nowhere"))


def test_an_override_is_checked_as_the_file_is(folders: Folders) -> None:
    with pytest.raises(InputError, match="snapshots"):
        read_source(folders.source, {"snapshots": {"after": "soon"}})
    assert read_source(folders.source, {"snapshots": {"after": "7d"}}).spec.snapshots.after == 7 * 86_400_000_000
