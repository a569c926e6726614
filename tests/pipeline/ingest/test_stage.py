"""What ingest keeps, rejects and writes."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from features.engine import compute_features
from features.errors import InputError
from features.source_files import FileSpec
from features.source_spec import FeatureOptions
from features.tables.facts import FactFrames
from pipeline.ingest import row_checks
from pipeline.ingest.stage import ingest
from pipeline.settings.settings import IngestOptions
from pipeline.source.folder import Source, read_source

SOURCE_YAML = """\
name: small
title: {de: Klein, en: Small}
targets:
  sql: {stage: SQL, horizon: 30d}
fit:
  employees: {type: number}
  industry: {type: category}
  newsletter: {type: boolean}
  budget: {type: number, known: changes, role: budget}
  need: {type: category, known: changes, values: [low, high]}
events:
  price_list: {types: [price_list], intent: high}
  calls: {types: [call], actor: sales}
split: {test_share: 0.4}
"""
TABLES = {
    "leads": "lead_id,created_at,employees,industry,newsletter\n"
    "B,2025-01-02T08:00:00+02:00, 20 ,medical,JA\n"
    "A,2025-01-01,,,\n",
    "changes": "lead_id,changed_at,field,value\nA,2025-01-03,budget,5000\nA,2025-01-02,need,high\n",
    "events": "lead_id,occurred_at,event_type,quantity\nA,2024-12-31,price_list,1.5\nA,2025-01-05,call,\n",
    "stages": "lead_id,stage,entered_at\nA,SQL,2025-02-01\nA,MQL,2025-01-01\nA,SQL,2025-03-01\n",
}
ANY = IngestOptions(max_reject_share=1)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "source.yaml").write_text(SOURCE_YAML, encoding="utf-8")
    return read_source(tmp_path / "source")


def ingested(
    source: Source, tmp_path: Path, tables: dict[str, str] | None = None, options: IngestOptions = ANY, out: str = "out"
) -> dict[str, pd.DataFrame]:
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    for table, text in {**TABLES, **(tables or {})}.items():
        (data / f"{table}.csv").write_text(text, encoding="utf-8")
    (tmp_path / out).mkdir()
    ingest(source, data, options, tmp_path / out)
    return {file.stem: pd.read_parquet(file) for file in (tmp_path / out).glob("*.parquet")}


def utc(*times: str) -> list[pd.Timestamp]:
    return [pd.Timestamp(time, tz="UTC") for time in times]


def test_tables_are_typed_in_utc_and_sorted(source: Source, tmp_path: Path) -> None:
    tables = ingested(source, tmp_path)
    leads = tables["leads"]
    assert leads["lead_id"].tolist() == ["A", "B"]
    assert leads["created_at"].tolist() == utc("2025-01-01", "2025-01-02 06:00")  # +02:00 is two hours earlier in UTC
    assert str(leads["created_at"].dtype) == "datetime64[us, UTC]"
    assert list(leads.columns) == ["lead_id", "created_at", "account_id", "employees", "industry", "newsletter"]
    assert pd.isna(leads["employees"][0])
    assert leads["employees"][1] == 20.0
    assert leads["newsletter"].tolist() == [None, True]
    assert tables["stages"]["stage"].tolist() == ["MQL", "SQL", "SQL"]  # by lead, then time
    assert tables["changes"]["field"].tolist() == ["need", "budget"]


def test_the_actor_is_the_familys_where_none_is_given(source: Source, tmp_path: Path) -> None:
    events = ingested(source, tmp_path)["events"]
    assert events[["event_type", "actor"]].to_numpy().tolist() == [["price_list", "lead"], ["call", "sales"]]
    assert events["quantity"].iloc[0] == 1.5


def test_summary_spec_and_rules_stand_beside_the_tables(source: Source, tmp_path: Path) -> None:
    ingested(source, tmp_path)
    summary = json.loads((tmp_path / "out" / "ingest.json").read_text())
    assert summary == {
        "observed_until": "2025-03-01T00:00:00Z",
        "rows": {"leads": 2, "changes": 2, "events": 2, "stages": 3, "handovers": 0},
        "rejects": {"leads": 0, "changes": 0, "events": 0, "stages": 0, "handovers": 0},
    }
    assert json.loads((tmp_path / "out" / "spec.json").read_text())["split"] == {"test_share": 0.4}
    assert not (tmp_path / "out" / "rules.json").exists()
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        *(f"{table}.parquet" for table in ("leads", "changes", "events", "stages", "handovers", "rejects")),
        "ingest.json",
        "spec.json",
    }


def test_an_event_before_creation_is_kept_and_a_stage_is_not(source: Source, tmp_path: Path) -> None:
    tables = ingested(source, tmp_path, {"stages": "lead_id,stage,entered_at\nA,SQL,2024-12-31\nA,MQL,2025-01-01\n"})
    assert tables["events"]["occurred_at"].min() < tables["leads"]["created_at"].min()
    rejects = tables["rejects"]
    assert rejects[["table", "row", "column", "reason"]].to_numpy().tolist() == [
        ["stages", 1, "entered_at", "before the lead was created"]
    ]


def test_a_rejected_lead_takes_its_rows_along_and_says_so(source: Source, tmp_path: Path) -> None:
    leads = TABLES["leads"].replace("A,2025-01-01,", "A,yesterday,")
    tables = ingested(source, tmp_path, {"leads": leads})
    assert tables["leads"]["lead_id"].tolist() == ["B"]
    assert len(tables["events"]) == len(tables["stages"]) == len(tables["changes"]) == 0
    rejects = tables["rejects"]
    assert rejects[rejects["table"] == "leads"][
        ["row", "column", "reason", "lead_id", "found"]
    ].to_numpy().tolist() == [[2, "created_at", "not a time", "A", "yesterday"]]
    assert set(rejects[rejects["table"] != "leads"]["reason"]) == {"its lead was rejected"}
    assert len(rejects) == 1 + 2 + 2 + 3


def test_rows_of_a_rejected_lead_do_not_count_against_their_own_table(source: Source, tmp_path: Path) -> None:
    leads = TABLES["leads"].replace("A,2025-01-01,", "A,yesterday,")
    # half of the leads may be bad, and all events hang on the bad one: still no reason to refuse the events
    tables = ingested(source, tmp_path, {"leads": leads}, IngestOptions(max_reject_share=0.5))
    assert len(tables["leads"]) == 1


def test_the_first_of_two_rows_of_one_lead_stays(source: Source, tmp_path: Path) -> None:
    tables = ingested(source, tmp_path, {"leads": TABLES["leads"] + "A,2025-01-09,9,,\n"})
    assert tables["leads"]["created_at"][0] == pd.Timestamp("2025-01-01", tz="UTC")
    assert tables["rejects"][["row", "reason"]].to_numpy().tolist() == [[3, "lead id stands twice"]]
    assert len(tables["events"]) == 2


def test_changing_fields_are_checked_by_their_kind(source: Source, tmp_path: Path) -> None:
    changes = (
        TABLES["changes"]
        + "A,2025-01-04,budget,plenty\nA,2025-01-04,need,huge\nA,2025-01-04,industry,x\nA,2025-01-05,need,\n"
    )
    rejects = ingested(source, tmp_path, {"changes": changes})["rejects"]
    found = rejects.sort_values("row")[["row", "column", "reason", "found"]]
    assert found.to_numpy().tolist() == [
        [3, "value", "not a number", "plenty"],
        [4, "value", "not among the declared values", "huge"],
        [5, "field", "not a field with known: changes", "industry"],
    ]


@pytest.mark.parametrize(
    "lead_id", ["O'Brien", '"; DROP TABLE leads; --', "💶 Köln", "two\nlines", " padded ", "NULL", "1e5"]
)
def test_ids_are_data_and_nothing_else(source: Source, tmp_path: Path, lead_id: str) -> None:
    quoted = '"' + lead_id.replace('"', '""') + '"'
    tables = ingested(
        source,
        tmp_path,
        {
            "leads": TABLES["leads"] + f"{quoted},2025-01-09,9,,\n",
            "events": f"lead_id,occurred_at,event_type\n{quoted},2025-01-10,price_list\n",
        },
    )
    assert lead_id in tables["leads"]["lead_id"].tolist()
    assert tables["events"]["lead_id"].tolist() == [lead_id]
    assert len(tables["rejects"]) == 0


def test_a_rerun_gives_the_same_bytes(source: Source, tmp_path: Path) -> None:
    ingested(source, tmp_path, out="first")
    ingested(source, tmp_path, out="second")
    for file in (tmp_path / "first").iterdir():
        assert file.read_bytes() == (tmp_path / "second" / file.name).read_bytes()


def test_row_order_of_the_export_changes_nothing(source: Source, tmp_path: Path) -> None:
    def backwards(text: str) -> str:
        head, *rows = text.splitlines()
        return "\n".join([head, *reversed(rows)]) + "\n"

    ingested(source, tmp_path, out="first")
    ingested(source, tmp_path, {table: backwards(text) for table, text in TABLES.items()}, out="second")
    for table in TABLES:
        assert (tmp_path / "first" / f"{table}.parquet").read_bytes() == (
            tmp_path / "second" / f"{table}.parquet"
        ).read_bytes()


def test_checking_in_chunks_finds_every_bad_row(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_checks, "CHUNK_ROWS", 2048)  # the smallest batch that DuckDB hands over
    rows = "".join(f"A,2025-01-01 00:00:0{i % 10},{'tombola' if i % 1000 == 7 else 'call'}\n" for i in range(10_000))
    tables = ingested(source, tmp_path, {"events": "lead_id,occurred_at,event_type\n" + rows})
    assert tables["rejects"]["row"].tolist() == [i + 1 for i in range(7, 10_000, 1000)]
    assert len(tables["events"]) == 9_990


def test_tables_that_have_our_columns_need_no_sql(source: Source, tmp_path: Path) -> None:
    expected = ingested(source, tmp_path)
    parquet = tmp_path / "parquet"
    parquet.mkdir()
    for table in TABLES:
        expected[table].to_parquet(parquet / f"{table}.parquet")
    (tmp_path / "again").mkdir()
    ingest(source, parquet, ANY, tmp_path / "again")
    for table in TABLES:
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "again" / f"{table}.parquet"), expected[table])


def test_sql_reads_files_of_the_data_folder_and_attached_databases(source: Source, tmp_path: Path) -> None:
    import duckdb

    data = tmp_path / "data"
    data.mkdir()
    with duckdb.connect(str(data / "crm.duckdb")) as con:
        con.execute("CREATE TABLE people AS SELECT 'A' AS id, DATE '2025-01-01' AS since")
    source.sql["leads"] = (
        "-- ours\nSELECT p.id AS lead_id, p.since AS created_at, l.* EXCLUDE (lead_id, created_at)\n"
        "FROM crm.people p JOIN 'leads.csv' l ON l.lead_id = p.id; -- done"
    )
    assert ingested(source, tmp_path)["leads"]["lead_id"].tolist() == ["A"]


def test_a_declared_end_far_beyond_the_data_is_said(source: Source, tmp_path: Path, capsys) -> None:
    beyond = read_source(source.folder, {"observed_until": "2025-06-01"})  # the newest time is an entry on 2025-03-01
    ingested(beyond, tmp_path)
    assert "92 days after the newest time" in capsys.readouterr().err
    ingested(read_source(source.folder, {"observed_until": "2025-03-01"}), tmp_path, out="again")
    assert "after the newest time" not in capsys.readouterr().err


WRITTEN = {
    "boolean": ["true", "T", "1", "1.0", "yes", "Y", "ja", "J", "wahr", " Ja ", "\tja", "false", "f", "0", "0.0", "no",
                "n", "Nein", "falsch", "on", "off", "oui", "2", "maybe", "yess", "j a"],
    "number": ["5", " 12.5", "5\t", "+5", ".5", "5.", "-1e2", "1E5", "1_000", "1,5", "1e999", "inf", "nan", "0x10",
               "5e", "many"],
}  # fmt: skip


@pytest.mark.parametrize("kind", ["boolean", "number"])
def test_of_changed_values_exactly_those_are_let_in_that_features_read(tmp_path: Path, kind: str) -> None:
    (tmp_path / "source").mkdir()
    declared = SOURCE_YAML.replace("newsletter: {type: boolean}", f"asked: {{type: {kind}, known: changes}}")
    (tmp_path / "source" / "source.yaml").write_text(declared, encoding="utf-8")
    source, written = read_source(tmp_path / "source"), WRITTEN[kind]
    ids = [f"L{number:02d}" for number in range(len(written))]
    tables = {
        "leads": "lead_id,created_at,employees,industry\n" + "".join(f"{lead},2025-01-01,,\n" for lead in ids),
        "changes": "lead_id,changed_at,field,value\n"
        + "".join(f'{lead},2025-01-02,asked,"{value}"\n' for lead, value in zip(ids, written, strict=True)),
        "events": "lead_id,occurred_at,event_type\nL00,2025-01-01,price_list\n",
        "stages": "lead_id,stage,entered_at\nL00,MQL,2025-01-01\n",
    }
    kept = set(ingested(source, tmp_path, tables)["changes"].dropna(subset="value")["lead_id"])
    stamp = pd.Timestamp("2025-01-01", tz="UTC").as_unit("us")
    frames = FactFrames(
        pd.DataFrame({"lead_id": ids, "created_at": stamp}),
        changes=pd.DataFrame({"lead_id": ids, "changed_at": stamp, "field": "asked", "value": written}),
    )
    looks = pd.DataFrame({"lead_id": ids, "as_of_us": stamp.value // 1_000})
    read = compute_features(frames, looks, source.spec, FeatureOptions()).set_index("lead_id")["fit_asked"].notna()
    assert {value: lead in kept for lead, value in zip(ids, written, strict=True)} == dict(
        zip(written, read, strict=True)
    )
    assert 5 < read.sum() < len(written)


def test_words_for_nothing_are_missing_unless_the_source_lists_them(source: Source, tmp_path: Path) -> None:
    tables = {
        "leads": "lead_id,created_at,employees,industry,newsletter\n"
        "A,2025-01-01,#NV,unbekannt,k. A.\nB,2025-01-02,NA,NA,-\nnull,2025-01-03,5,x,x\n",
        "changes": "lead_id,changed_at,field,value\nA,2025-01-03,budget,NA\nA,2025-01-02,need,n/a\n",
        "events": "lead_id,occurred_at,event_type\nA,2025-01-05,call\n",
        "stages": "lead_id,stage,entered_at\nA,MQL,2025-01-01\n",
    }
    leads = ingested(source, tmp_path, tables)["leads"].set_index("lead_id")
    assert leads.loc[["A", "B"], ["employees", "newsletter"]].isna().all(axis=None)
    assert pd.isna(leads.loc["A", "industry"])
    assert leads.loc["B", "industry"] == "NA"  # a word of figures is a value among categories
    assert "null" in leads.index  # an id is data and nothing else
    spec = source.spec.model_copy(
        update={"fit": {**source.spec.fit, "industry": source.spec.fit["industry"].model_copy(
            update={"values": ("unbekannt", "NA", "x")})}}
    )  # fmt: skip
    listed = ingested(Source(source.folder, spec, None, {}), tmp_path, tables, out="listed")["leads"]
    assert listed.set_index("lead_id").loc["A", "industry"] == "unbekannt"


def test_a_time_that_nobody_can_believe_is_one_reject_that_quotes_it(source: Source, tmp_path: Path) -> None:
    rows = "A,2025-01-01,,,\nB,10-06-24,,,\nC,n/a,,,\nD,9999-12-31,,,\nE,1900-01-01,,,\n"
    tables = {
        "leads": "lead_id,created_at,employees,industry,newsletter\n" + rows,
        "changes": TABLES["changes"],
        "events": TABLES["events"],
        "stages": "lead_id,stage,entered_at\nA,MQL,2025-01-01\n",
    }
    rejects = ingested(source, tmp_path, tables)["rejects"]
    assert set(rejects["reason"]) == {"not a time"}
    assert list(rejects.sort_values("row")["found"]) == ["10-06-24", "n/a", "9999-12-31", "1900-01-01"]


def test_times_without_a_zone_are_local_times_of_the_company(source: Source, tmp_path: Path) -> None:
    local = Source(source.folder, source.spec.model_copy(update={"timezone": "Europe/Berlin"}), None, {})
    leads = ingested(local, tmp_path)["leads"]
    assert list(leads["created_at"]) == utc("2024-12-31T23:00Z", "2025-01-02T06:00Z")  # A without a zone, B with one
    nowhere = Source(source.folder, source.spec.model_copy(update={"timezone": "Europe/Bielefeld"}), None, {})
    with pytest.raises(InputError, match=r"source\.yaml\.timezone: expected a time zone"):
        ingested(nowhere, tmp_path, out="nowhere")


def test_a_file_that_the_source_names_is_read_from_a_cleaned_copy(source: Source, tmp_path: Path, capsys) -> None:
    spec = source.spec.model_copy(update={"files": {"leads.csv": FileSpec()}})
    data = tmp_path / "data"
    data.mkdir()
    for table, text in TABLES.items():
        (data / f"{table}.csv").write_text(text, encoding="utf-8")
    written = "Export of spring\n" + TABLES["leads"].replace("medical", "Größe €") + "2 rows\n"
    (data / "leads.csv").write_bytes(written.encode("cp1252"))
    (tmp_path / "out").mkdir()
    ingest(Source(source.folder, spec, None, {}), data, ANY, tmp_path / "out")
    leads = pd.read_parquet(tmp_path / "out" / "leads.parquet").set_index("lead_id")
    assert (list(leads.index), leads.loc["B", "industry"]) == (["A", "B"], "Größe €")
    assert "leads.csv is in Windows-1252" in capsys.readouterr().err
    assert sorted(file.name for file in (tmp_path / "out").iterdir() if file.name.startswith(".")) == []
