"""``leadscore init`` on somebody's files: what it writes passes ``leadscore check`` as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.errors import InputError
from models.rules.points import PointsRules
from pipeline.check.command import check_source
from pipeline.init.command import start_source
from pipeline.settings.settings import Settings
from pipeline.source.folder import Source, read_source, read_strict_yaml

HEADER = "Kontakt-Nr;E-Mail;Jobtitel;Mitarbeiter;Kampagne;Newsletter;Erstellt am;Lead Status;Gewonnen am"


def contact(i: int) -> str:
    """One of 120 contacts; every third is won a month after it came."""
    day, month = 1 + i % 28, 1 + i // 28
    won = f"{day:02d}.{month + 1:02d}.2025 10:00" if i % 3 == 0 else ""
    who = f"K-{i};p{i}@firma{i % 9}.de;Leiter Einkauf;{i * 3};{'Messe' if i % 2 else 'Suche'}"
    return f"{who};{'ja' if i % 5 else 'nein'};{day:02d}.{month:02d}.2025 09:30;offen;{won}"


def write_crm(folder: Path) -> list[Path]:
    folder.mkdir()
    (folder / "kontakte.csv").write_text("\n".join([HEADER, *map(contact, range(120))]) + "\n", encoding="utf-8")
    actions = ["Preisliste geladen", "Newsletter gesendet", "Anruf", "abbestellt"]
    rows = "".join(f"K-{i % 120};2025-06-{1 + i % 28:02d}T10:00:00;{actions[i % 4]}\n" for i in range(500))
    (folder / "aktivitaeten.csv").write_text("Kontakt-Nr;Zeitpunkt;Aktion\n" + rows, encoding="utf-8")
    return [folder / "kontakte.csv", folder / "aktivitaeten.csv"]


@pytest.fixture
def started(tmp_path: Path) -> tuple[Source, Path]:
    folder = start_source("acme", write_crm(tmp_path / "data"), tmp_path / "sources")
    return read_source(folder), tmp_path / "data"


def test_ids_times_types_and_wins_are_found(started: tuple[Source, Path]) -> None:
    spec = started[0].spec
    assert {name: column.type for name, column in spec.fit.items()} == {
        "e_mail": "email",
        "jobtitel": "job_title",
        "mitarbeiter": "number",
        "kampagne": "category",
        "newsletter": "boolean",
    }
    assert spec.fit["kampagne"].source_rate
    assert spec.ladder == ("LEAD", "WON")
    families = {family.types[0]: (family.actor, family.intent) for family in spec.events.values()}
    assert families == {
        "Preisliste geladen": ("lead", "high"),
        "Newsletter gesendet": ("marketing", "neutral"),
        "Anruf": ("sales", "neutral"),
        "abbestellt": ("lead", "negative"),
    }


def test_what_it_writes_passes_check_without_an_edit(started: tuple[Source, Path]) -> None:
    source, data = started
    result = check_source(source, data, Settings())
    assert result.rows("rejects") == []
    assert {row["table"]: row["rows"] for row in result.rows("tables")} == {"leads": 120, "events": 500, "stages": 160}
    assert {row["stage"]: row["leads"] for row in result.rows("stages")}["WON"] == 40
    assert result.rows("columns")


def test_doubtful_columns_are_left_out_with_a_reason(started: tuple[Source, Path]) -> None:
    text = (started[0].folder / "source.yaml").read_text(encoding="utf-8")
    assert "# lead_status: {type: category" in text
    assert "left out: a note of sales' work" in text


def test_the_sample_of_rules_is_valid_and_is_nobodys_baseline(started: tuple[Source, Path]) -> None:
    assert started[0].rules is None
    PointsRules.model_validate(read_strict_yaml(started[0].folder / "rules.example.yaml"))


def test_stage_entries_make_the_ladder(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "leads.csv").write_text("lead_id,created\n" + "".join(f"{i},2025-01-01\n" for i in range(30)))
    entries = [
        (i, stage)
        for i in range(30)
        for stage, every in (("New", 1), ("Qualified", 2), ("Closed won", 5), ("Lost", 7))
        if i % every == 0
    ]
    (data / "history.csv").write_text(
        "lead_id,stage,at\n" + "".join(f"{i},{stage},2025-02-01\n" for i, stage in entries)
    )
    source = read_source(start_source("stages", [data / "leads.csv", data / "history.csv"], tmp_path))
    assert source.spec.ladder == ("New", "Qualified", "Closed won")
    assert source.spec.lost == ("Lost",)
    assert source.spec.targets["close"].stage == "Closed won"
    assert check_source(source, data, Settings()).rows("rejects") == []


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("Acme", "id,created\n1,2025-01-01\n", "lower case letters"),
        ("acme", "id,created\n", "at least one row"),
        ("acme", "name,size\na,1\na,2\n", "one row a lead"),
    ],
)
def test_what_cannot_be_started_leaves_nothing_behind(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / "leads.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        start_source(name, [tmp_path / "leads.csv"], tmp_path / "sources")
    assert not (tmp_path / "sources").exists()


def test_an_existing_folder_is_never_overwritten(started: tuple[Source, Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there already"):
        start_source("acme", [tmp_path / "data" / "kontakte.csv"], tmp_path / "sources")
