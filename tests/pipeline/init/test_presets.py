"""Each system's headings are recognised, in German and English, in exports written by the test."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.check.command import check_source
from pipeline.init.command import start_source
from pipeline.init.presets import ROLES, presets
from pipeline.settings.settings import Settings
from pipeline.source.folder import read_source

# system: heading of leads, a row; heading of activities, a row. {i} counts, {d} is a day, {w} a day or nothing
EXPORTS = {
    "HubSpot": (
        "Datensatz-ID,Erstellungsdatum,Ursprüngliche Quelle,Kontaktinhaber,Wurde Kunde am",
        "90{i:04d},2025-01-{d} 08:00,Messe,Ina Muster,{w}",
        "Activity ID,Record ID - Contact,Activity type,Activity date",
        "{i},90{i:04d},E-Mail geöffnet,2025-02-{d} 09:00",
    ),
    "Salesforce": (
        "Id,CreatedDate,LeadSource,OwnerId,IsConverted,ConvertedDate",
        "00Q7a{i:010d},2025-01-{d}T08:00:00Z,Web,0057a0000000001,true,{w}",
        "Id,WhoId,Type,CreatedDate,OwnerId",
        "00T7a{i:010d},00Q7a{i:010d},Call,2025-02-{d}T09:00:00Z,0057a0000000001",
    ),
    "Dynamics": (
        '"(Do Not Modify) Lead",Created On,Topic,Owner,Status Reason,Actual Close Date',
        "{{A1B2-{i:05d}}},2025-01-{d} 08:00,Machine,Ina Muster,Won,{w}",
        "activityid,Regarding,Activity Type,Actual End",
        "act{i},a1b2-{i:05d},Phone Call,2025-02-{d} 09:00",
    ),
    "Pipedrive": (
        "Deal - ID,Deal - Deal created,Deal - Won time,Deal - Lost time,Source channel",
        "{i},2025-01-{d} 08:00:00,{w},,Web",
        "Activity - ID,Deal - ID,Activity - Type,Marked as done time",
        "{i}1,{i},Anruf,2025-02-{d} 09:00:00",
    ),
    "Zoho": (
        "Record Id,Created Time,Lead Owner,Lead Source,Converted Date Time",
        "zcrm_{i:09d},2025-01-{d} 08:00:00,Ina Muster,Web,{w}",
        "Activity Id,Lead Id,Activity Type,Created Time",
        "zact_{i},zcrm_{i:09d},Call,2025-02-{d} 09:00:00",
    ),
    "Marketo": (
        "Id,Created At,Person Source,Acquisition Program,Became a Customer Date",
        "{i},2025-01-{d} 08:00:00,Web,P1,{w}",
        "marketoGUID,leadId,activityTypeName,activityDate",
        "g{i},{i},Visit Webpage,2025-02-{d} 09:00:00",
    ),
    "Odoo": (
        "Externe ID,Angelegt am,Verkäufer,Phase,Abschlussdatum",
        "__export__.crm_lead_{i}_x,2025-01-{d} 08:00:00,Ina Muster,Gewonnen,{w}",
        "ID,Externe ID,Aktivitätstyp,Datum",
        "{i},__export__.crm_lead_{i}_x,Anruf,2025-02-{d} 09:00:00",
    ),
    "GA4": (
        "user_id,created_at,source,converted_at",
        "u{i},2025-01-{d} 08:00:00,web,{w}",
        "event_date,event_name,user_id,user_pseudo_id,event_timestamp",
        "202502{d},page_view,u{i},1.{i},2025-02-{d} 09:00:00",
    ),
    "Segment": (
        "user_id,created_at,source,won_at",
        "u{i},2025-01-{d} 08:00:00,web,{w}",
        "message_id,user_id,anonymous_id,event,original_timestamp,received_at",
        "m{i},u{i},a{i},Demo Requested,2025-02-{d} 09:00:00,2025-02-{d} 09:00:01",
    ),
}


def test_every_preset_has_an_export_here_and_known_roles() -> None:
    assert {preset.system for preset in presets()} == set(EXPORTS)
    for preset in presets():
        assert set(preset.roles) == set(ROLES)
        assert all(len(set(names)) == len(names) for names in preset.roles.values())


@pytest.mark.parametrize("system", EXPORTS)
def test_an_export_is_understood_to_its_wins(system: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    heading, lead, acts, act = EXPORTS[system]
    places = {"i": 0}
    rows, events = [heading], [acts]
    for i in range(60):
        day = f"{1 + i % 28:02d}"
        won = f"2025-03-{day}" if i % 3 == 0 else ""
        places = {"i": i + 100, "d": day, "w": won}  # type: ignore[dict-item]
        rows.append(lead.format(**places))
        events += [act.format(**places)] if i % 2 else []
    for name, lines in (("contacts.csv", rows), ("acts.csv", events)):
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    folder = start_source("made", [tmp_path / "contacts.csv", tmp_path / "acts.csv"], tmp_path / "sources")
    assert f"headings of {system}" in capsys.readouterr().err
    source = read_source(folder)
    result = check_source(source, tmp_path, Settings())
    assert result.rows("rejects") == []
    assert {row["table"]: row["rows"] for row in result.rows("tables")}["events"] == 30
    assert {row["stage"]: row["leads"] for row in result.rows("stages")}[source.spec.targets["close"].stage] == 20
    owners = {column for preset in presets() if preset.system == system for column in preset.of("owner")}
    assert not owners & {words.words.en for words in source.spec.fit.values() if words.words}


def test_types_that_are_numbers_get_the_names_of_the_system(tmp_path: Path) -> None:
    leads = ["id,email,firstName,createdAt,leadSource"]
    acts = ["marketoGUID,leadId,activityDate,activityTypeId,campaignId,primaryAttributeValueId,primaryAttributeValue"]
    for i in range(60):
        leads.append(f"{i + 900},p{i}@x.example,Anna,2025-01-{1 + i % 28:02d}T08:00:00Z,Web")
        kinds = (1, 10, 10, 21) if i % 3 == 0 else (1, 10)
        acts += [f"g{i}{n},{i + 900},2025-02-0{n + 1}T08:00:00Z,{kind},7,3,x" for n, kind in enumerate(kinds)]
    for name, lines in (("leads.csv", leads), ("activities.csv", acts)):
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    source = read_source(
        start_source("made", [tmp_path / "leads.csv", tmp_path / "activities.csv"], tmp_path / "sources")
    )
    assert list(source.spec.ladder) == ["LEAD", "Convert Lead"]
    assert {name for one in source.spec.events.values() for name in one.types} == {"Visit Webpage", "Open Email"}
    tables = {row["table"]: row["rows"] for row in check_source(source, tmp_path, Settings()).rows("tables")}
    assert (tables["leads"], tables["events"]) == (60, 140)
