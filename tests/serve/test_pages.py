"""Pages: what they say in both languages, who may see them, and that what leads are called cannot break out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

from pipeline.score_store import ScoreRun, open_store
from serve import ServeSettings
from serve.formats import date, number, of_many, percent
from serve.words import WORDS

KEY = "a-key-for-these-tests"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
EVIL = "<script>alert('x')</script>\"&"
ABOUT: dict[str, Any] = {
    "source": "small", "title": {"de": "Klein & Söhne", "en": "Small & Sons"}, "observed_until": "2026-06-01T12:00:00Z",
    "targets": {
        "close": {"stage": "WON", "horizon_days": 90.0, "words": {"de": "Abschluss", "en": "deal won"}},
        "sql": {"stage": "SQL", "horizon_days": 30.0, "words": None},
    },
    "cutoffs": {"target": "sql", "mql": 0.1, "sal": 0.3}, "points_cutoffs": {"mql": 40.0, "sal": 70.0},
    "averages": {"p_sql": 0.0512, "p_close": 0.01}, "sales_stages": ["SAL", "SQL", "WON"],
    "verdict": {"beats_baseline": False, "baseline": "points", "leads": 900, "outcomes": 40},
}  # fmt: skip


def reason(points: float, de: str, en: str, *, family: str = "behaviour", subject: str = "s") -> dict[str, Any]:
    return {
        "family": family,
        "subject": subject,
        "log_odds": points / 10,
        "percentage_points": points,
        "value": 3,
        "de": de,
        "en": en,
    }


def lead(lead_id: str, **given: Any) -> dict[str, Any]:
    return {
        "lead_id": lead_id, "as_of": pd.Timestamp(NOON), "p_sql": 0.143, "p_close": 0.004, "band": "MQL",
        "stage": "MQL", "reached": False, "excluded": False, "exclusions": [], "gates_missing": [], "points": 1250.0,
        "points_band": "SAL", "points_reasons": [{"points": 1250.5, "de": "Preisliste", "en": "Price list"}],
        "fit_grade": "A", "behaviour_grade": "2",
        "reasons": [
            reason(6.26, "Preisliste geladen: 3×", "Price list downloaded: 3×"),
            reason(-1.5, "Position: studierend", "Job title: student", family="fit"),
            reason(0.5, "Sonstiges", "Other", family="other"),
        ],
    } | given  # fmt: skip


LEADS = [
    lead("plain"),
    lead(
        "gated",
        p_sql=0.5,
        gates_missing=[{"column": "fit_budget", "de": "Budget: bestätigt", "en": "Budget: confirmed"}],
    ),
    lead(
        "student",
        p_sql=0.6,
        band="none",
        excluded=True,
        exclusions=[{"name": "s", "de": "Studierende", "en": "Students"}],
    ),
    lead("won-soon", p_sql=1.0, reached=True, band="SAL", stage="SQL"),
    lead("best", p_sql=0.45, band="SAL"),
    lead(
        "cold",
        p_sql=0.0004,
        band="none",
        reasons=[],
        points_reasons=[],
        points=0.0,
        points_band="none",
        handed_over_by="exploration",
        handover_probability=0.005,
    ),
    lead(EVIL, p_sql=0.11, reasons=[reason(1.0, EVIL, EVIL)]),
    lead("..", p_sql=0.12),
    lead(
        "in-hands",
        p_sql=0.7,
        stage="SAL",
        gates_missing=[{"column": "fit_budget", "de": "Budget: bestätigt", "en": "Budget: confirmed"}],
        reasons=[
            reason(9.0, "Steht auf Stufe SAL", "Stands at stage SAL", family="journey", subject="stage"),
            reason(5.0, "Preisliste geladen: 3×", "Price list downloaded: 3×"),
            reason(4.0, "Branche: Chemie", "Industry: chemicals", family="fit"),
        ],
    ),
]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, start_server: Callable[..., Any]) -> Iterator[str]:
    """The address of a server over a few leads made by hand."""
    out = tmp_path_factory.mktemp("small")
    with open_store(f"sqlite:///{out}/scores.sqlite") as store:
        yesterday = pd.DataFrame([lead("plain", as_of=pd.Timestamp(NOON - timedelta(days=1)), p_sql=0.05, band="none")])
        store.write(yesterday, run=ScoreRun("r0", "m0", "c0", ABOUT), now=NOON - timedelta(days=1))
        store.write(pd.DataFrame(LEADS), run=ScoreRun("r1", "m1", "c1", ABOUT), now=NOON)
    with start_server(ServeSettings(out=out, api_key=KEY, page_rows=3)) as url:
        yield url


@contextmanager
def logged_in(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, follow_redirects=True) as client:
        client.post("/login", data={"key": KEY})
        yield client


def text(html: str) -> str:
    """Return what a reader sees, spaces joined."""
    body = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body)).replace("&#39;", "'").replace("&amp;", "&")


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


def test_the_list_in_german(small: str) -> None:
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


def test_pages_filters_and_search(small: str) -> None:
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


@pytest.mark.parametrize(
    ("lead_id", "language", "sentences"),
    [
        ("plain", "en", ["14 of 100 leads like this one reach SQL within 30 days.",
                         "4 of 1,000 leads like this one reach WON (deal won) within 90 days.",
                         "Band MQL: 14% is above the cut-off for MQL (10%) and below the one for SAL (30%).",
                         "Today's points rules would give another band: 1,250 points, band SAL.",
                         "Price list downloaded: 3× – speaks for +6.3", "Job title: student – speaks against −1.5",
                         "Everything else together – speaks for +0.5",
                         "Average of the open leads that have not reached SQL yet: 5.1%.",
                         "31 May 2026", "Model version m1", "Price list +1,250.5"]),
        ("plain", "de", ["14 von 100 Leads wie diesem erreichen SQL innerhalb von 30 Tagen.",
                         "Preisliste geladen: 3× – spricht dafür +6,3", "Position: studierend – spricht dagegen −1,5",
                         "Stufe MQL: 14 % liegt über der Schwelle für MQL (10 %)",
                         "31.05.2026"]),
        ("gated", "en", ["Band MQL, although 50% is above the cut-off for SAL (30%).",
                         "The probability is enough for SAL; still missing: Budget: confirmed."]),
        ("student", "en", ["Not promoted, because the lead is excluded.", "whatever its probability: Students."]),
        ("in-hands", "en", ["Already with sales: the lead stands at SAL and is not promoted any more.",
                            "Today's points rules give 1,250 points, band SAL."]),
        ("in-hands", "de", ["schon beim Vertrieb", "Der Lead steht auf SAL und wird nicht mehr übergeben."]),
        ("won-soon", "en", ["This lead has reached SQL already.", "the probability of WON (deal won)", "SQL reached"]),
        ("best", "en", ["Band SAL: 45% is above the cut-off for SAL (30%)."]),
        ("cold", "en", ["fewer than 1 of 1,000 leads like this one reach SQL within 30 days.",
                        "Not promoted yet: <0.1% is below the cut-off for MQL (10%).",
                        "There are no reasons to give for this lead."]),
    ],
)  # fmt: skip
def test_a_lead_in_words(small: str, lead_id: str, language: str, sentences: list[str]) -> None:
    with logged_in(small) as client:
        words = text(client.get(f"/leads/{lead_id}", params={"lang": language}).text).replace("&lt;", "<")
    for sentence in sentences:
        assert sentence in words, f"{sentence!r} is not in {words}"


def test_what_sales_has_already_misses_nothing_and_its_stage_is_not_the_first_reason(small: str) -> None:
    with logged_in(small) as client:
        listed = text(client.get("/leads?lang=en&band=with_sales").text)
        own = text(client.get("/leads/in-hands?lang=en").text)
    assert "+ Price list downloaded: 3× · + Stands at stage SAL" in listed
    for words in (listed, own):
        assert "missing" not in words
        assert "Budget: confirmed" not in words
    with httpx.Client(base_url=small, headers={"X-API-Key": KEY}) as client:
        answer = client.get("/v1/leads/in-hands/score").json()
    assert (answer["group"], answer["gates_missing"]) == ("with_sales", [])


@pytest.mark.parametrize(("search", "found"), [("", None), ("LAI", 1), ("nobody", 0)])
def test_all_numbers_of_the_list_add_up(small: str, search: str, found: int | None) -> None:
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


@pytest.mark.parametrize(
    ("verdict", "english", "german"),
    [
        ({"beats_baseline": True, "baseline": "points"}, None, None),
        ({"beats_baseline": False, "baseline": "points"},
         "The model has not been shown to beat today's points; use with care.",
         "Es ist nicht gezeigt, dass das Modell die heutigen Punkte übertrifft; bitte mit Vorsicht verwenden."),
        ({"beats_baseline": False, "baseline": "naive_bayes"}, "not been shown to beat naive Bayes", "naives Bayes"),
        (None, "has not been checked; use with care.", "ist nicht geprüft; bitte mit Vorsicht verwenden."),
    ],
)  # fmt: skip
def test_an_unproven_model_says_so_everywhere(
    verdict: dict[str, Any] | None, english: str | None, german: str | None, tmp_path: Path,
    start_server: Callable[..., Any],
) -> None:  # fmt: skip
    about = {**ABOUT, "verdict": verdict}
    with open_store(f"sqlite:///{tmp_path}/scores.sqlite") as store:
        store.write(pd.DataFrame([lead("plain")]), run=ScoreRun("r1", "m1", "c1", about), now=NOON)
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


def test_names_and_reasons_are_text_and_never_markup(small: str) -> None:
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


def test_a_lead_out_of_the_lane_says_so_plainly(small: str) -> None:
    with logged_in(small) as client:
        english, german = (text(client.get(f"/leads/cold?lang={language}").text) for language in ("en", "de"))
        other = text(client.get("/leads/plain?lang=en").text)
    assert re.search(
        r"Handed over by random draw on .{6,20} to learn from, not for its probability \(p = 0\.5%\)", english
    )
    assert re.search(r"durch Zufallsauswahl übergeben, um daraus zu lernen.*\(p = 0,5.%\)", german)
    assert "random draw" not in other
    with httpx.Client(base_url=small, headers={"X-API-Key": KEY}) as client:
        told = [client.get(f"/v1/leads/{name}/score").json() for name in ("cold", "plain")]
    keys = ("handed_over_by", "handover_probability")
    assert [[score[key] for key in keys] for score in told] == [["exploration", 0.005], [None, None]]


def test_an_unknown_lead_is_told_kindly(small: str) -> None:
    with logged_in(small) as client:
        answer = client.get("/leads/nobody?lang=de")
    assert answer.status_code == 404
    assert "Diesen Lead kennt leadscore nicht." in answer.text


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


def test_both_languages_say_the_same_things() -> None:
    places = {
        language: {key: sorted(re.findall(r"\{(\w+)\}", sentence)) for key, sentence in words.items()}
        for language, words in WORDS.items()
    }
    assert places["de"] == places["en"]


def test_every_sentence_is_used() -> None:
    folder = Path(__file__).resolve().parents[2] / "serve"
    code = "".join(
        file.read_text()
        for file in [*folder.glob("*.py"), *folder.glob("templates/*")]
        if not file.name.endswith("words.py")
    )
    prefixes = (
        "ask_", "badge_", "band_help_", "base_", "changes_", "chart_", "column_", "head_", "limit_", "people_",
        "stage_", "verdict_",
    )  # fmt: skip
    assert [
        key for key in WORDS["en"] if f'"{key}"' not in code and f"'{key}'" not in code and not key.startswith(prefixes)
    ] == []


def test_numbers_and_dates_as_each_language_writes_them() -> None:
    assert (number(1234567.891, "de", digits=2), number(1234567.891, "en", digits=2)) == (
        "1.234.567,89",
        "1,234,567.89",
    )
    assert (number(-0.04, "en", digits=1, signed=True), number(2.5, "de", digits=1, signed=True)) == ("0.0", "+2,5")
    assert (date(NOON, "de"), date(NOON, "en")) == ("01.06.2026", "1 Jun 2026")
    # never "100 %" or "0 %" for what is not certain
    assert (percent(0.99999, "de"), percent(1e-9, "de")) == (">99\N{NO-BREAK SPACE}%", "<0,1\N{NO-BREAK SPACE}%")
    assert [of_many(p, "en") for p in (0.0, 0.0094, 0.0096, 0.145, 1.0)] == [
        "fewer than 1 of 1,000", "9 of 1,000", "1 of 100", "14 of 100", "100 of 100",
    ]  # fmt: skip


def test_the_list_can_be_filtered_by_grades(small: str) -> None:
    with logged_in(small) as client:
        everybody = client.get("/leads?lang=en").text
        assert client.get("/leads?lang=en&fit=A&behaviour=2").text.count("<tr>") == everybody.count("<tr>")
        assert client.get("/leads?lang=en&fit=nonsense").text.count("<tr>") == everybody.count("<tr>")
        nobody = client.get("/leads?lang=en&fit=B").text
        assert "No open lead fits" in nobody
        assert "<option selected>B</option>" in nobody
