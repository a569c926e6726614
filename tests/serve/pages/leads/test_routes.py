"""Pages: what they say in both languages, who may see them, and that what leads are called cannot break out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

from models.scoring.run_about import RunAbout, VerdictAbout
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.sink import ScoreRun
from serve import ServeSettings

KEY = "a-key-for-these-tests"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_pages_ask_for_the_key_and_lead_back(small: str) -> None:
    with httpx.Client(base_url=small) as client:
        asked = client.get("/leads/plain", params={"lang": "de"})
        assert asked.status_code == 303
        login = client.get(asked.headers["location"])
        assert "Zugangsschlüssel" in login.text
        wrong = client.post("/login", data={"key": "wrong", "next": "/leads"})
        assert wrong.status_code == 403
        assert "set-cookie" not in wrong.headers
        for target, expected in (("/leads/plain?lang=de", "/leads/plain?lang=de"), ("//evil.example", "/leads")):
            answer = client.post("/login", data={"key": KEY, "next": target})
            assert (answer.status_code, answer.headers["location"]) == (303, expected)
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert KEY not in cookie
        assert client.get("/leads/plain").status_code == 200
        assert client.get("/v1/leads").status_code == 401  # the cookie opens pages, not the API
        client.post("/logout")
        assert client.get("/leads/plain").status_code == 303


def test_the_list_in_german(small: str, logged_in: Callable[..., Any], text: Callable[[str], str]) -> None:
    with logged_in(small) as client:
        page = client.get("/leads", headers={"Accept-Language": "de-AT,en;q=0.5"})
    words = text(page.text)
    assert '<html lang="de">' in page.text
    assert "9 offene Leads · Datenstand 01.06.2026, 12:00 UTC" in words
    assert "MQL: ab 10 % Wahrscheinlichkeit, SAL: ab 30 %" in words
    assert re.search(r"Alle 9 SAL 1 MQL 4 noch nicht 1 ausgeschlossen 1 schon beim Vertrieb 1 SQL erreicht 1", words)
    # by band first: SAL (0.45), then MQL by probability (0.5 is held by a gate)
    assert re.findall(r'<th scope="row"><a [^>]*>(.*?)</a>', page.text) == ["best", "gated", "plain"]
    assert "+ Preisliste geladen: 3× · − Position: studierend" in words
    assert "Für SAL fehlt noch: Budget: bestätigt" in words
    assert "1.250" in words
    assert "Seite 1 von 3" in words


def test_pages_filters_and_search(small: str, logged_in: Callable[..., Any]) -> None:
    with logged_in(small) as client:

        def shown(**query: Any) -> list[str]:
            page = client.get("/leads", params={"lang": "en", **query}).text
            return re.findall(r'<th scope="row"><a [^>]*>(.*?)</a>', page)

        assert shown(page=2)[0] == ".."
        assert shown(band="reached") == ["won-soon"]
        assert shown(band="none") == ["cold"]
        assert (shown(band="excluded"), shown(band="with_sales")) == (["student"], ["in-hands"])
        assert shown(page=3) == ["student", "in-hands", "won-soon"]  # nobody is left to promote among these
        assert shown(search="LAI") == ["plain"]
        assert shown(search="%") == shown(search="_") == []
        assert "No open lead fits this choice." in client.get("/leads?lang=en&search=nobody").text
        following = re.search(r'rel="next" href="([^"]*)"', client.get("/leads?lang=en&band=MQL").text)
        assert following is not None
        assert following[1].replace("&amp;", "&") == "/leads?lang=en&band=MQL&page=2"
        assert client.get("/leads?page=0").status_code == 422


@pytest.mark.parametrize(("search", "found"), [("", None), ("LAI", 1), ("nobody", 0)])
def test_all_numbers_of_the_list_add_up(
    small: str, search: str, found: int | None, logged_in: Callable[..., Any], text: Callable[[str], str]
) -> None:
    with logged_in(small) as client:
        words = text(client.get("/leads", params={"lang": "en", "search": search}).text)
    with httpx.Client(base_url=small, headers={"X-API-Key": KEY}) as client:
        api = client.get("/v1/leads", params={"search": search}).json()
    head = "9 open leads" if found is None else f"Search “{search}”: {found} of 9 open leads"
    assert f"{head} · Data as of" in words
    tabs = re.search(
        r"All (\d+) SAL (\d+) MQL (\d+) not yet (\d+) excluded (\d+) already with sales (\d+) SQL reached (\d+)", words
    )
    assert tabs is not None
    everybody, *groups = map(int, tabs.groups())
    assert everybody == sum(groups) == api["matching"] == sum(api["counts"].values()) == (9 if found is None else found)
    assert api["total"] == 9


def judged_against(baseline: str, *, beaten: bool) -> VerdictAbout:
    return VerdictAbout(beats_baseline=beaten, baseline=baseline, leads=900, outcomes=40)


@pytest.mark.parametrize(
    ("verdict", "english", "german"),
    [
        (judged_against("points", beaten=True), None, None),
        (judged_against("points", beaten=False),
         "The model has not been shown to beat today's points; use with care.",
         "Es ist nicht gezeigt, dass das Modell die heutigen Punkte übertrifft; bitte mit Vorsicht verwenden."),
        (judged_against("naive_bayes", beaten=False), "not been shown to beat naive Bayes", "naives Bayes"),
        (None, "has not been checked; use with care.", "ist nicht geprüft; bitte mit Vorsicht verwenden."),
    ],
)  # fmt: skip
def test_an_unproven_model_says_so_everywhere(
    verdict: VerdictAbout | None,
    english: str | None,
    german: str | None,
    tmp_path: Path,
    start_server: Callable[..., Any],
    logged_in: Callable[..., Any],
    text: Callable[[str], str],
    make_lead: Callable[..., dict[str, Any]],
    rows_of: Callable[..., Any],
    about: RunAbout,
) -> None:
    judged = about.model_copy(update={"verdict": verdict})
    store = ScoreStore(f"sqlite:///{tmp_path}/scores.sqlite")
    run = ScoreRun("r1", "m1", "c1", judged)
    store.write(rows_of(pd.DataFrame([make_lead("plain")]), run), run, now=NOON)
    with start_server(ServeSettings(out=tmp_path, api_key=KEY)) as url, logged_in(url) as pages:
        said = {(path, lang): text(pages.get(f"{path}?lang={lang}").text)
                for path in ("/leads", "/leads/plain") for lang in ("en", "de")}  # fmt: skip
        api = [httpx.get(f"{url}/v1/leads{path}", headers={"X-API-Key": KEY}).json()["caution"]
               for path in ("", "/plain/score", "/plain/history")]  # fmt: skip
    for (_, lang), words in said.items():
        expected = english if lang == "en" else german
        assert expected in words if expected else not re.search("with care|mit Vorsicht", words)
    for caution in api:
        assert (english in caution["en"] and german in caution["de"]) if english and german else caution is None


def test_names_and_reasons_are_text_and_never_markup(
    small: str, logged_in: Callable[..., Any], text: Callable[[str], str]
) -> None:
    with logged_in(small) as client:
        pages = [
            client.get(path).text for path in ("/leads?page=2", "/leads?search=%3Cscript%3E", "/leads/%3Cscript%3E")
        ]
        links = re.findall(r'href="(/lead[^"]*)"', pages[1])
        own = next(link for link in links if "%3Cscript" in link and link.startswith("/leads/"))
        pages.append(client.get(own.replace("&amp;", "&")).text)
        dots = re.search(r'href="(/lead\?id[^"]*)"', pages[0])
        assert dots is not None
        assert "Lead .." in text(client.get(dots[1].replace("&amp;", "&")).text)
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&#34;&amp;" in pages[3]
    for page in pages:
        assert "<script" not in page
        assert "style=" not in page


def test_every_answer_forbids_foreign_content_and_caching(small: str) -> None:
    with httpx.Client(base_url=small, headers={"X-API-Key": KEY}) as client:
        for path in ("/leads", "/login", "/v1/health", "/nowhere", "/leads/nobody"):
            headers = client.get(path).headers
            assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cache-control"] == "no-store"
        page = client.get("/leads/plain").text
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)


def test_the_list_can_be_filtered_by_grades(small: str, logged_in: Callable[..., Any]) -> None:
    with logged_in(small) as client:
        everybody = client.get("/leads?lang=en").text
        assert client.get("/leads?lang=en&fit=A&behaviour=2").text.count("<tr>") == everybody.count("<tr>")
        assert client.get("/leads?lang=en&fit=nonsense").text.count("<tr>") == everybody.count("<tr>")
        nobody = client.get("/leads?lang=en&fit=B").text
        assert "No open lead fits" in nobody
        assert "<option selected>B</option>" in nobody
