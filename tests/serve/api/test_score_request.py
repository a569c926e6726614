"""Scores of posted facts over a real socket: batch = online, what came later, bad input in one clear message."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pandas as pd
import pytest

BORN = {"created_at": "2026-01-01"}


@pytest.fixture(scope="module")
def tables(demo_run: Path) -> dict[str, pd.DataFrame]:
    return {
        name: pd.read_parquet(demo_run / "ingest" / f"{name}.parquet")
        for name in ("leads", "events", "changes", "stages")
    }


def raw_facts(tables: dict[str, pd.DataFrame], demo_run: Path, lead_id: str, as_of: str) -> dict[str, object]:
    """Return what a CRM would post: the lead's rows of the four tables."""
    own = {name: table[table["lead_id"] == lead_id].drop(columns="lead_id") for name, table in tables.items()}
    lead = json.loads(own["leads"].to_json(orient="records", date_format="iso", date_unit="us"))[0]
    rows = {
        name: json.loads(own[name].to_json(orient="records", date_format="iso", date_unit="us"))
        for name in ("events", "changes", "stages")
    }
    declared = json.loads((demo_run / "ingest" / "spec.json").read_text())["fit"]
    attributes = {name: lead[name] for name, column in declared.items() if column["known"] == "created"}
    return {
        "lead_id": lead_id, "created_at": lead["created_at"], "account_id": lead["account_id"],
        "attributes": attributes, "as_of": as_of, **rows,
    }  # fmt: skip


def problems(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [f"{problem['where']}: {problem['message']}" for problem in answer.json()["detail"]]


def test_posted_facts_give_exactly_the_nightly_score(
    api: httpx.Client, demo_run: Path, tables: dict[str, pd.DataFrame]
) -> None:
    bands = ("SAL", "MQL", "none", "excluded", "with_sales", "reached")
    handed_over = {"handed_over_by", "handover_probability"}  # a run decides that, not a request
    nightly = [api.get("/v1/leads", params={"band": band, "limit": 2}).json()["leads"] for band in bands]
    assert sum(map(len, nightly)) >= 4
    for stored in (lead for leads in nightly for lead in leads):
        facts = raw_facts(tables, demo_run, stored["lead_id"], stored["as_of"])
        online = api.post("/v1/score", json=facts).json()
        assert online.pop("notes") == []
        differing = {key for key in stored if stored[key] != online.get(key)}
        assert differing - handed_over == {"scored_at", "run_id", "sequence"}


def test_facts_after_the_as_of_time_change_nothing(
    api: httpx.Client, demo_run: Path, tables: dict[str, pd.DataFrame]
) -> None:
    stored = api.get("/v1/leads", params={"band": "MQL", "limit": 1}).json()["leads"][0]
    facts = raw_facts(tables, demo_run, stored["lead_id"], stored["as_of"])
    later = (datetime.fromisoformat(stored["as_of"]) + timedelta(seconds=1)).isoformat()
    facts["events"] = [*facts["events"], {"occurred_at": later, "event_type": "demo_request"}]  # type: ignore[misc]
    facts["stages"] = [*facts["stages"], {"entered_at": later, "stage": "LOST"}]  # type: ignore[misc]
    assert api.post("/v1/score", json=facts).json()["p_sql"] == stored["p_sql"]


def test_a_new_lead_needs_little_and_is_told_when_it_is_looked_at_oddly(api: httpx.Client) -> None:
    facts = {"created_at": "2026-06-01T08:00:00+02:00", "as_of": "2026-06-01T07:00:00Z"}
    answer = api.post("/v1/score", json=facts).json()
    assert 0 < answer["p_sql"] < 1
    assert answer["lead_id"] is None
    assert answer["as_of"] == "2026-06-01T07:00:00Z"
    (note,) = answer["notes"]
    assert re.fullmatch(
        r"The model has seen leads \w+ to \w+ after creation; this one is looked at 1h after it\.", note["en"]
    )


def test_the_example_in_the_description_works(api: httpx.Client) -> None:
    schema = api.get("/openapi.json").json()
    body = schema["paths"]["/v1/score"]["post"]["requestBody"]["content"]["application/json"]
    assert api.post("/v1/score", json=body["examples"]["demo"]["value"]).status_code == 200
    assert {"/v1/leads", "/v1/leads/{lead_id}/score", "/v1/leads/{lead_id}/history", "/v1/health"} <= set(
        schema["paths"]
    )


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({}, "created_at: Field required. GET /openapi.json, with the key, holds an example of this request"),
        ({"created_at": "yesterday"}, "created_at: Input should be a valid datetime"),
        ({"created_at": "9999-01-01"}, "created_at: expected a time between 1970 and 2200"),
        ({"created_at": "2026-01-01", "as_of": "2025-01-01"}, "expected a lead created at or before as_of"),
        ({**BORN, "event": []}, "event: Extra inputs are not permitted"),
        ({**BORN, "attributes": {"industri": "food"}}, "found 'industri'. Did you mean 'industry'?"),
        (
            {**BORN, "attributes": {"industry": "fod"}},
            "a declared value of industry, found 'fod'. Did you mean 'food'?",
        ),
        ({**BORN, "attributes": {"employees": "many"}}, "attributes.employees: expected a number, found 'many'"),
        ({**BORN, "attributes": {"employees": True}}, "attributes.employees: expected a number, found True"),
        ({**BORN, "attributes": {"newsletter_opt_in": 1}}, "expected true or false, found 1"),
        ({**BORN, "attributes": {"budget": "yes"}}, "Give it in changes, with the time it was known"),
        (
            {**BORN, "events": [{"occurred_at": "2026-01-02", "event_type": "blog_red"}]},
            "events.event_type, row 1: expected a declared event type, found 'blog_red'. Did you mean 'blog_read'?",
        ),
        (
            {**BORN, "events": [{"occurred_at": "2026-01-02", "event_type": "blog_read", "actor": "sales"}]},
            "expected actor lead, as declared for blog_read, found sales",
        ),
        (
            {**BORN, "events": [{"occurred_at": "soon", "event_type": "blog_read"}]},
            "events[1].occurred_at: Input should be a valid datetime",
        ),
        (
            {**BORN, "changes": [{"changed_at": "2026-01-02", "field": "industry", "value": "food"}]},
            "expected a field declared with known: changes, found 'industry'",
        ),
        (
            {**BORN, "stages": [{"entered_at": "2026-01-02", "stage": "Won"}]},
            "expected a stage of the source, found 'Won'",
        ),
        (
            {**BORN, "stages": [{"entered_at": "2026-01-02", "stage": "WON"}]},
            "expected a lead that is open at as_of, found WON",
        ),
        ({**BORN, "lead_id": "a\0b"}, "lead_id: expected text without NUL characters"),
        ({**BORN, "lead_id": ""}, "lead_id: String should have at least 1 character"),
    ],
)
def test_bad_input_is_one_clear_message(api: httpx.Client, facts: dict[str, object], message: str) -> None:
    assert any(message in problem for problem in problems(api.post("/v1/score", json=facts)))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"created_at": NaN}', b"\xff\xfe"])
def test_what_is_not_json_is_refused(api: httpx.Client, body: bytes) -> None:
    answer = api.post("/v1/score", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), answer.text


def test_too_much_is_refused_before_it_is_read(api: httpx.Client) -> None:
    assert api.post("/v1/score", content=b" " * 2_000_001).status_code == 413
    event = {"occurred_at": "2026-01-02", "event_type": "blog_read"}
    many = api.post("/v1/score", json={"created_at": "2026-01-01", "events": [event] * 20_001})
    assert "expected at most 20000 events, changes and stages, found 20001" in problems(many)[0]
