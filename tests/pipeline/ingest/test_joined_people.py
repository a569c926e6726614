"""A person who is several leads is ingested exactly as one lead with the union of their facts would be."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import InputError
from pipeline.check.command import check_source
from pipeline.ingest.stage import ingest
from pipeline.settings.settings import IngestOptions, Settings
from pipeline.source.folder import read_source

TABLES = ("leads", "events", "stages")
SPEC = """
name: made
title: {de: Made, en: Made}
ladder: [LEAD, WON]
targets: {close: {stage: WON, horizon: 30d}}
fit:
  industry: {type: category}
  size: {type: number}
events:
  visit: {types: [visit]}
"""


def write(folder: Path, records: list[dict[str, object]], *, dedupe: str = "") -> Path:
    """Write records as exports: each with a mail, a creation, values, days of visits, and maybe a win."""
    folder.mkdir(parents=True)
    (folder / "source.yaml").write_text(SPEC + dedupe, encoding="utf-8")
    leads = ["lead_id,created_at,industry,size,mail,phone"]
    events, stages = ["lead_id,occurred_at,event_type"], ["lead_id,stage,entered_at"]
    for r in records:
        leads.append(f"{r['id']},{day(r['created'])},{r['industry']},{r['size']},{r['mail']},{r['phone']}")
        events += [f"{r['id']},{day(visit)},visit" for visit in r["visits"]]  # type: ignore[attr-defined]
        stages += [f"{r['id']},LEAD,{day(start)}" for start in r["starts"]]  # type: ignore[attr-defined]
        stages += [f"{r['id']},WON,{day(won)}" for won in r["won"]]  # type: ignore[attr-defined]
    for name, lines in zip(TABLES, (leads, events, stages), strict=True):
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def day(number: object) -> str:
    return f"{pd.Timestamp('2025-01-01') + pd.Timedelta(days=int(str(number))):%Y-%m-%d}"


def ingested(folder: Path, out: Path) -> dict[str, pd.DataFrame]:
    out.mkdir()
    ingest(read_source(folder), folder, IngestOptions(max_reject_share=0), out)
    return {name: pd.read_parquet(out / f"{name}.parquet") for name in TABLES}


def by_hand(people: list[list[dict[str, object]]]) -> list[dict[str, object]]:
    """The union of the facts of each person's records, in plain loops."""
    union = []
    for records in people:
        first, *rest = sorted(records, key=lambda r: (r["created"], str(r["id"])))
        one = {key: list(value) if isinstance(value, list) else value for key, value in first.items()}
        for record in rest:
            for name in ("industry", "size"):
                one[name] = one[name] if one[name] != "" else record[name]
            for name in ("visits", "starts", "won"):
                one[name] = [*one[name], *record[name]]  # type: ignore[misc]
        union.append(one)
    return union


@given(seed=st.integers(0, 10_000))
@settings(max_examples=6, deadline=None)
def test_merged_leads_are_the_union_of_their_facts(seed: int) -> None:
    rng = random.Random(seed)
    people = []
    for person in range(8):
        records = []
        for number in range(rng.choice([1, 1, 2, 3])):
            created = rng.randrange(60)
            mail = f"p{person}@firma.example"
            records.append(
                {
                    "id": f"L{person}{'ABC'[number]}",
                    "created": created,
                    "industry": rng.choice(["", "a", "b"]),
                    "size": rng.choice(["", 1, 2]),
                    "mail": rng.choice([mail, mail.upper(), f" {mail} "]),
                    "phone": "",
                    "visits": [created + rng.randrange(40) for _ in range(rng.randrange(3))],
                    "starts": [created],
                    "won": [created + 20] if rng.random() < 0.4 else [],
                }
            )
        people.append(records)
    with tempfile.TemporaryDirectory() as folder:
        split = write(Path(folder) / "split", [r for records in people for r in records], dedupe="dedupe: {by: [mail]}")
        whole = write(Path(folder) / "whole", by_hand(people))
        merged, union = ingested(split, Path(folder) / "out"), ingested(whole, Path(folder) / "expected")
    for name in TABLES:
        pd.testing.assert_frame_equal(merged[name], union[name])


def record(name: str, mail: str, phone: str = "", created: int = 0) -> dict[str, object]:
    return {
        "id": name, "created": created, "industry": "a", "size": 1, "mail": mail, "phone": phone,
        "visits": [5], "starts": [created], "won": [],
    }  # fmt: skip


def test_records_belong_together_through_a_third(tmp_path: Path) -> None:
    records = [
        record("A", "a@x.example", "+49 (0)40 123456", 3),
        record("B", "b@x.example", "040/123456", 1),
        record("C", "B@X.example", "", 2),
        record("D", "d@x.example", "", 0),
    ]
    source = write(tmp_path / "s", records, dedupe="dedupe: {by: [mail, phone]}")
    tables = ingested(source, tmp_path / "out")
    assert tables["leads"]["lead_id"].tolist() == ["B", "D"]
    assert tables["events"]["lead_id"].tolist() == ["B", "B", "B", "D"]


def test_an_address_of_many_joins_nobody(tmp_path: Path) -> None:
    records = [record(f"L{i}", "info@firma.example") for i in range(30)]
    source = write(tmp_path / "s", records, dedupe="dedupe: {by: [mail]}")
    assert len(ingested(source, tmp_path / "out")["leads"]) == 30


def test_a_record_that_is_rejected_joins_nobody_and_is_told(tmp_path: Path) -> None:
    records = [record("A", "a@x.example"), record("B", "a@x.example") | {"size": "many"}]
    source = write(tmp_path / "s", records, dedupe="dedupe: {by: [mail]}")
    rejects = check_source(read_source(source), source, Settings()).rows("rejects")
    assert {(row["table"], row["reason"]) for row in rejects} == {
        ("leads", "not a number"),
        ("events", "its lead was rejected"),
        ("stages", "its lead was rejected"),
    }


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    source = write(tmp_path / "s", [record("A", "a@x.example")], dedupe="dedupe: {by: [male]}")
    with pytest.raises(InputError, match=r"dedupe\.by.*'male'.*Did you mean 'mail'"):
        ingested(source, tmp_path / "out")
