"""The API against a real run over a real socket: keys, lists and their counts, ids of any kind, broken runs, health."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pandas as pd
import pytest

from models.scoring.groups import GROUPS
from models.scoring.run_about import RunAbout
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.sink import ScoreRun
from serve import ServeSettings

KEY = "a-key-for-these-tests"
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
        "as_of": pd.Timestamp(as_of, tz="UTC"), "p_sql": p, "p_close": None, "band": "MQL", "counted_as": "MQL",
        "stage": None, "reached": False, "excluded": False, "exclusions": [], "gates_missing": [], "points": None,
        "points_band": None, "points_reasons": [], "fit_grade": "A", "behaviour_grade": "2", "reasons": [words],
    }  # fmt: skip
    return pd.DataFrame([{"lead_id": lead_id, **one} for lead_id in lead_ids])


def run_of(run_id: str, *, model: str = "m1") -> ScoreRun:
    about = RunAbout.model_validate({
        "source": "small", "title": {"de": "Klein", "en": "Small"}, "observed_until": "2026-06-01T00:00:00Z",
        "targets": {"sql": {"stage": "SQL", "horizon_days": 30.0, "words": None}},
        "cutoffs": {"target": "sql", "mql": 0.2, "sal": 0.5}, "points_cutoffs": None, "averages": {"p_sql": 0.1},
        "leads": 2, "bands": {"SAL": 0, "MQL": 2, "none": 0}, "excluded": 0, "reached": 0,
    })  # fmt: skip
    return ScoreRun(run_id=run_id, model_version=model, cutoff_version="c1", about=about)


def test_ids_of_any_kind_and_scores_over_time(
    tmp_path: Path, start_server: Callable[..., object], rows_of: Callable[..., Any]
) -> None:
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    store = ScoreStore(f"sqlite:///{tmp_path}/scores.sqlite")
    first, second, third = run_of("r1"), run_of("r2", model="m2"), run_of("r3")
    store.write(rows_of(score_frame(AWKWARD_IDS, p=0.2), first), first, now=noon)
    store.write(rows_of(score_frame(AWKWARD_IDS[:1], p=0.3), second), second, now=noon + timedelta(hours=1))
    newest = score_frame(AWKWARD_IDS, as_of="2026-06-02", p=0.4)
    store.write(rows_of(newest, third), third, now=noon + timedelta(days=1))
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
        assert answer.status_code == 503  # there is a store, but no model: nothing is wrong with the request
        assert "Run 'make demo' or 'leadscore run' first" in answer.json()["detail"][0]["message"]


def test_a_run_that_was_broken_off_shows_the_leads_of_the_run_before(
    tmp_path: Path, start_server: Callable[..., object], rows_of: Callable[..., Any]
) -> None:
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    store = ScoreStore(f"sqlite:///{tmp_path}/scores.sqlite")
    first, second = run_of("r1"), run_of("r2")
    store.write(rows_of(score_frame(["a", "b"], p=0.2), first), first, now=noon)
    newer = rows_of(score_frame(["a", "b"], as_of="2026-06-02", p=0.4), second, 1)
    with pytest.raises(KeyboardInterrupt):
        store.write(newer, second, now=noon + timedelta(days=1), on_rows=stop)
    with start_server(ServeSettings(out=tmp_path, api_key=KEY)) as url:  # type: ignore[attr-defined]
        leads = httpx.get(f"{url}/v1/leads", headers={"X-API-Key": KEY}).json()["leads"]
        page = httpx.get(f"{url}/leads", headers={"X-API-Key": KEY}).text
    assert {lead["lead_id"]: lead["p_sql"] for lead in leads} == {"a": 0.2, "b": 0.2}
    assert "A scoring run is unfinished" in page


def test_a_model_that_cannot_score_is_logged_and_told(
    demo_run: Path, tmp_path: Path, start_server: Callable[..., object], caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "out"
    for part in ("train", "cutoffs", "ingest"):
        shutil.copytree(demo_run / part, out / part)
    (out / "ingest" / "leads.parquet").unlink()
    settings = ServeSettings(out=out, api_key=KEY, store=f"sqlite:///{demo_run / 'scores.sqlite'}")
    with start_server(settings) as url:  # type: ignore[attr-defined]
        deadline = time.monotonic() + 60
        while not (said := [r.message for r in caplog.records if r.name == "serve.reading.serving"]):
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
