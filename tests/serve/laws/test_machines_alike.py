"""An act of a machine counts for nobody: ingestion and a request mark the same acts, and read the others alike."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.engine import FeatureEngine, compute_features
from features.kernel.one_lead import LeadCoder
from features.source_spec import FeatureOptions
from features.tables.facts import FactFrames
from features.time_units import to_micros
from pipeline.ingest.stage import ingest
from pipeline.settings.settings import IngestOptions
from pipeline.source.folder import read_source
from serve.api.contracts import ScoreRequest
from serve.api.request_facts import request_facts

SOURCE = """\
name: scanned
title: {de: Geprüft, en: Scanned}
targets:
  sql: {stage: SQL, horizon: 30d}
fit:
  mail: {type: email}
events:
  letter: {types: [letter_open, letter_click]}
  page: {types: [page]}
  sent: {types: [letter_sent], actor: marketing}
machines: {clicks: [letter_click], opens: [letter_open], sent: [letter_sent], own_domains: [unser.de], acts_a_day: 12}
"""
START = dt.datetime(2025, 3, 1, 8, 0, 0, 250_000, tzinfo=dt.UTC)
LEADS = {f"L{i}": ("jo@unser.de" if i == 7 else None if i == 5 else f"p{i}@firma{i}.de") for i in range(12)}


def drawn_events(seed: int) -> pd.DataFrame:
    """Mails, bursts, people who click once or read on, pages by browsers and by crawlers, within an hour."""
    rng = np.random.default_rng(seed)
    rows = []
    for lead in LEADS:
        for mail in range(3):
            at = mail * 1_000 + rng.integers(0, 300)
            rows.append((lead, at, "letter_sent", None, None))
            if rng.random() < 0.5:
                rows += [(lead, at + 2 + rng.integers(0, 12), "letter_click", link, None) for link in "abcd"]
            if rng.random() < 0.3:  # an export that does not know the link says so in a word
                rows += [(lead, at + 30 + rng.integers(0, 5), "letter_click", "n/a", None) for _ in range(4)]
            rows += [(lead, at + rng.integers(0, 60), "letter_open", None, None) for _ in range(rng.integers(0, 3))]
            rows += [
                (lead, at + rng.integers(20, 400), "letter_click", "ab"[k], " ") for k in range(rng.integers(0, 2))
            ]
        rows += [(lead, rng.integers(0, 3_000), "page", None, ["Firefox", "SomeBot/1"][k % 2]) for k in range(9)]
    table = pd.DataFrame(rows, columns=["lead_id", "s", "event_type", "detail", "user_agent"])
    return table.assign(occurred_at=[START + dt.timedelta(seconds=int(s)) for s in table.pop("s")])


@pytest.fixture(scope="module", params=[1, 2])
def ingested(tmp_path_factory: pytest.TempPathFactory, request) -> tuple[Path, pd.DataFrame]:
    folder, events = tmp_path_factory.mktemp("scanned"), drawn_events(request.param)
    for name in ("source", "data", "out"):
        (folder / name).mkdir()
    (folder / "source" / "source.yaml").write_text(SOURCE, encoding="utf-8")
    leads = pd.DataFrame({"lead_id": list(LEADS), "created_at": "2025-02-28T12:00:00Z", "mail": list(LEADS.values())})
    stages = pd.DataFrame({"lead_id": ["L0"], "stage": ["MQL"], "entered_at": ["2025-03-02T00:00:00Z"]})
    for name, table in (("leads", leads), ("events", events), ("stages", stages)):
        table.to_parquet(folder / "data" / f"{name}.parquet", index=False)
    ingest(read_source(folder / "source"), folder / "data", IngestOptions(), folder / "out")
    return folder, events


def test_batch_equals_request_at_any_moment(ingested):
    folder, events = ingested
    spec, options = read_source(folder / "source").spec, FeatureOptions()
    tables = {name: pd.read_parquet(folder / "out" / f"{name}.parquet") for name in ("leads", "events", "stages")}
    assert set(tables["events"]["actor"]) == {"lead", "marketing", "machine"}
    moments = to_micros(pd.Series([START + dt.timedelta(seconds=s) for s in range(0, 3_600, 97)])).to_numpy()
    looks = pd.DataFrame([(lead, int(us)) for lead in LEADS for us in moments], columns=["lead_id", "as_of_us"])
    batch = compute_features(FactFrames(**tables), looks, spec, options).set_index(["lead_id", "as_of_us"])
    engine = FeatureEngine(spec, options, background=FactFrames(leads=tables["leads"]))
    counted = [name for name in batch.columns if name.startswith("behaviour_")]
    for lead, mail in LEADS.items():
        for us in moments[::4]:
            as_of = dt.datetime.fromtimestamp(us / 1e6, tz=dt.UTC)
            known = events[(events["lead_id"] == lead) & (events["occurred_at"] <= as_of)]  # nothing later is posted
            facts = [{k: v for k, v in row.items() if isinstance(v, str | dt.datetime)}
                     for row in known.drop(columns="lead_id").to_dict("records")]  # fmt: skip
            posted = ScoreRequest.model_validate(
                {"lead_id": lead, "created_at": "2025-02-28T12:00:00Z", "attributes": {"mail": mail}, "events": facts}
            )
            row = engine.rows(request_facts(posted, LeadCoder(spec), as_of=as_of), np.array([us]))[counted]
            pd.testing.assert_frame_equal(
                row.reset_index(drop=True),
                batch.loc[[(lead, us)], counted].reset_index(drop=True),
                obj=f"{lead} {as_of}",
            )


def test_nothing_counts_what_machines_did(ingested):
    folder, _ = ingested
    spec, events = read_source(folder / "source").spec, pd.read_parquet(folder / "out" / "events.parquet")
    people = events[events["actor"] != "machine"]
    leads = pd.read_parquet(folder / "out" / "leads.parquet")
    looks = pd.DataFrame({"lead_id": list(LEADS), "as_of_us": int((START.timestamp() + 9_000) * 1e6)})
    both = [compute_features(FactFrames(leads=leads, events=rows), looks, spec, FeatureOptions())
            for rows in (events, people)]  # fmt: skip
    pd.testing.assert_frame_equal(*both)
    assert people[people["lead_id"] == "L7"]["actor"].eq("marketing").all()  # our own staff


def test_the_list_says_which_acts_why_and_after_which_mail(ingested):
    folder, _ = ingested
    listed = pd.read_csv(folder / "out" / "machines.csv")
    events = pd.read_parquet(folder / "out" / "events.parquet")
    assert len(listed) == (events["actor"] == "machine").sum() > 50
    assert {"all links within seconds", "known agent", "own or test address"} <= set(listed["why"])
    bursts = listed[listed["why"] == "all links within seconds"]
    assert bursts["mail"].eq("letter_sent").all()
    assert set(bursts["event_type"]) <= {"letter_click", "letter_open"}
