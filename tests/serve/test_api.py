"""The API against a real run over a real socket: batch = online, keys, bad input, ids of any kind, limits."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pandas as pd
import pytest

from pipeline.score_store import ScoreRun, open_store
from serve import ServeSettings
from serve.store import GROUPS

KEY = "a-key-for-these-tests"
BORN = {"created_at": "2026-01-01"}
AWKWARD_IDS = [
    "O'Brien",
    "a/b",
    "a/score",
    "50%2Foff",
    "q?x=1#y",
    "Zoë 漢字 🙂",
    "x'; DROP TABLE scores; --",
    " ",
    "a\nb",
]


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
        assert differing - handed_over == {"scored_at", "run_id"}


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


@pytest.mark.parametrize("path", ["/v1/leads", "/v1/leads/L1/score", "/v1/leads/L1/history", "/openapi.json"])
@pytest.mark.parametrize("key", [None, "", "wrong", KEY[:-1], KEY.upper()])
def test_without_the_key_there_is_no_answer(anonymous: httpx.Client, path: str, key: str | None) -> None:
    headers = {} if key is None else {"X-API-Key": key}
    assert anonymous.get(path, headers=headers).status_code == 401
    assert anonymous.post("/v1/score", json={}, headers={"X-API-Key": "wrong"}).status_code == 401


def test_health_says_little_to_strangers(api: httpx.Client, anonymous: httpx.Client) -> None:
    assert anonymous.get("/v1/health").json()["model_version"] is None
    known = api.get("/v1/health").json()
    assert known["status"] == "ok"
    assert known["last_run"]["model_version"] == known["model_version"]


def test_leads_come_by_group_then_probability_and_are_counted_as_the_nightly_run_does(
    api: httpx.Client, demo_run: Path
) -> None:
    page = api.get("/v1/leads", params={"limit": 1000}).json()
    rank = {group: place for place, group in enumerate(GROUPS)}
    order = [(rank[lead["group"]], -lead["p_sql"], lead["lead_id"]) for lead in page["leads"]]
    assert order == sorted(order)
    assert page["total"] == page["matching"] == len(order) == sum(page["counts"].values())
    assert page["counts"] == dict(Counter(lead["group"] for lead in page["leads"]))
    told = json.loads((demo_run / "score" / "score.json").read_text())
    nightly = told["bands"] | {group: told[group] for group in GROUPS[3:]}
    assert page["counts"] == {group: leads for group, leads in nightly.items() if leads}
    assert sum(nightly.values()) == told["leads"] == page["total"]
    second = api.get("/v1/leads", params={"limit": 5, "offset": 5}).json()["leads"]
    assert second == page["leads"][5:10]
    assert api.get("/v1/leads", params={"band": "best"}).status_code == 422


def score_frame(
    lead_ids: list[str], *, as_of: str = "2026-06-01", p: float = 0.25, reason: str = "Reason"
) -> pd.DataFrame:
    words = {
        "family": "fit",
        "subject": "s",
        "log_odds": 0.4,
        "percentage_points": 5.0,
        "value": None,
        "de": reason,
        "en": reason,
    }
    one = {
        "as_of": pd.Timestamp(as_of, tz="UTC"), "p_sql": p, "p_close": None, "band": "MQL", "stage": None,
        "reached": False, "excluded": False, "exclusions": [], "gates_missing": [], "points": None,
        "points_band": None, "points_reasons": [], "fit_grade": "A", "behaviour_grade": "2", "reasons": [words],
    }  # fmt: skip
    return pd.DataFrame([{"lead_id": lead_id, **one} for lead_id in lead_ids])


def run_of(run_id: str, *, model: str = "m1") -> ScoreRun:
    about = {
        "source": "small", "title": {"de": "Klein", "en": "Small"}, "observed_until": "2026-06-01T00:00:00Z",
        "targets": {"sql": {"stage": "SQL", "horizon_days": 30.0, "words": None}},
        "cutoffs": {"target": "sql", "mql": 0.2, "sal": 0.5}, "points_cutoffs": None, "averages": {"p_sql": 0.1},
    }  # fmt: skip
    return ScoreRun(run_id=run_id, model_version=model, cutoff_version="c1", about=about)


def test_ids_of_any_kind_and_scores_over_time(tmp_path: Path, start_server: Callable[..., object]) -> None:
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    with open_store(f"sqlite:///{tmp_path}/scores.sqlite") as store:
        store.write(score_frame(AWKWARD_IDS, p=0.2), run=run_of("r1"), now=noon)
        store.write(score_frame(AWKWARD_IDS[:1], p=0.3), run=run_of("r2", model="m2"), now=noon + timedelta(hours=1))
        store.write(score_frame(AWKWARD_IDS, as_of="2026-06-02", p=0.4), run=run_of("r3"), now=noon + timedelta(days=1))
    settings = ServeSettings(out=tmp_path, api_key=KEY)
    with start_server(settings) as url, httpx.Client(base_url=url, headers={"X-API-Key": KEY}) as client:  # type: ignore[attr-defined]
        for lead_id in AWKWARD_IDS:
            path = quote(lead_id, safe="")
            assert client.get(f"/v1/leads/{path}/score").json()["p_sql"] == 0.4
            scores = client.get(f"/v1/leads/{path}/history").json()["scores"]
            # The first lead was scored by two models on the same day: the one that ran later comes first.
            assert [s["p_sql"] for s in scores] == ([0.4, 0.3, 0.2] if lead_id == AWKWARD_IDS[0] else [0.4, 0.2])
            assert client.get("/v1/leads", params={"search": lead_id}).json()["matching"] >= 1
        assert client.get("/v1/leads", params={"search": "o'bRI"}).json()["matching"] == 1
        for unknown in ("nobody", "%00", "%FF", "..%2F..%2Fetc%2Fpasswd", "%"):
            assert client.get(f"/v1/leads/{unknown}/score").status_code == 404, unknown
        assert client.get("/v1/leads", params={"search": "%"}).json()["matching"] == 1  # a character, not a wildcard
        answer = client.post("/v1/score", json={"created_at": "2026-01-01"})
        assert "Run 'make demo' or 'leadscore run' first" in problems(answer)[0]  # there is a store, but no model


def test_a_run_that_was_broken_off_shows_each_lead_once(tmp_path: Path, start_server: Callable[..., object]) -> None:
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with open_store(f"sqlite:///{tmp_path}/scores.sqlite") as store:
        store.write(score_frame(["a", "b"], p=0.2), run=run_of("r1"), now=noon)
        second = score_frame(["a", "b"], as_of="2026-06-02", p=0.4)
        with pytest.raises(KeyboardInterrupt):
            store.write(second, run=run_of("r2"), now=noon + timedelta(days=1), chunk_rows=1, on_chunk=stop)
    with start_server(ServeSettings(out=tmp_path, api_key=KEY)) as url:  # type: ignore[attr-defined]
        leads = httpx.get(f"{url}/v1/leads", headers={"X-API-Key": KEY}).json()["leads"]
        page = httpx.get(f"{url}/leads", headers={"X-API-Key": KEY}).text
    assert {lead["lead_id"]: lead["p_sql"] for lead in leads} == {"a": 0.4, "b": 0.2}
    assert "A scoring run is unfinished" in page


def test_a_model_that_cannot_score_is_logged_and_told(
    demo_run: Path, tmp_path: Path, start_server: Callable[..., object], caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "out"
    for part in ("train/model", "cutoffs", "ingest"):
        shutil.copytree(demo_run / part, out / part)
    (out / "ingest" / "leads.parquet").unlink()
    settings = ServeSettings(out=out, api_key=KEY, store=f"sqlite:///{demo_run / 'scores.sqlite'}")
    with start_server(settings) as url:  # type: ignore[attr-defined]
        deadline = time.monotonic() + 60
        while not (said := [r.message for r in caplog.records if r.name == "serve.app"]):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        health = httpx.get(f"{url}/v1/health", headers={"X-API-Key": KEY}, timeout=30).json()
    assert len(said) == 1
    assert said[0].startswith("no lead can be scored: ")
    assert health["status"] == "degraded"
    assert health["model"] in said[0]


def test_an_empty_place_says_what_to_do(tmp_path: Path, start_server: Callable[..., object]) -> None:
    with start_server(ServeSettings(out=tmp_path, api_key=KEY)) as url:  # type: ignore[attr-defined]
        answer = httpx.get(f"{url}/v1/leads", headers={"X-API-Key": KEY})
        page = httpx.get(f"{url}/leads", headers={"X-API-Key": KEY})
        health = httpx.get(f"{url}/v1/health")
    assert (health.status_code, health.json()["status"]) == (503, "degraded")
    assert (answer.status_code, page.status_code) == (503, 503)
    assert f"none that can be read in sqlite:///{tmp_path}/scores.sqlite" in answer.text
    assert "Run 'leadscore score' first, or set LEADSCORE_STORE to where the scores are" in answer.text
    assert "leadscore score" in page.text
    assert list(tmp_path.iterdir()) == []  # asking created nothing
