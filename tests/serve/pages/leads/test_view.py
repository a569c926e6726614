"""A lead's page: why it has its score, when it is due, what sales and the points make of it, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

KEY = "a-key-for-these-tests"


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
        ("in-hands", "en", ["Already with sales: SAL (accepted by sales). It is not handed over again.",
                            "Today's points rules give 1,250 points, band SAL."]),
        ("in-hands", "de", ["schon beim Vertrieb", "Der Lead wird nicht noch einmal übergeben."]),
        ("won-soon", "en", ["This lead has reached SQL already.", "the probability of WON (deal won)", "SQL reached"]),
        ("best", "en", ["Band SAL: 45% is above the cut-off for SAL (30%)."]),
        ("cold", "en", ["fewer than 1 of 1,000 leads like this one reach SQL within 30 days.",
                        "Not promoted yet: <0.1% is below the cut-off for MQL (10%).",
                        "There are no reasons to give for this lead."]),
    ],
)  # fmt: skip
def test_a_lead_in_words(
    small: str,
    lead_id: str,
    language: str,
    sentences: list[str],
    logged_in: Callable[..., Any],
    text: Callable[[str], str],
) -> None:
    with logged_in(small) as client:
        words = text(client.get(f"/leads/{lead_id}", params={"lang": language}).text).replace("&lt;", "<")
    for sentence in sentences:
        assert sentence in words, f"{sentence!r} is not in {words}"


def test_what_sales_has_already_misses_nothing_and_its_stage_is_not_the_first_reason(
    small: str, logged_in: Callable[..., Any], text: Callable[[str], str]
) -> None:
    with logged_in(small) as client:
        listed = text(client.get("/leads?lang=en&band=with_sales").text)
        own = text(client.get("/leads/in-hands?lang=en").text)
    assert "+ Price list downloaded: 3× · + Industry: chemicals" in listed
    for words in (listed, own):
        assert "missing" not in words
        assert "Budget: confirmed" not in words
    with httpx.Client(base_url=small, headers={"X-API-Key": KEY}) as client:
        answer = client.get("/v1/leads/in-hands/score").json()
    assert (answer["group"], answer["gates_missing"]) == ("with_sales", [])


def test_a_lead_out_of_the_lane_says_so_plainly(
    small: str, logged_in: Callable[..., Any], text: Callable[[str], str]
) -> None:
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


def test_an_unknown_lead_is_told_kindly(small: str, logged_in: Callable[..., Any]) -> None:
    with logged_in(small) as client:
        answer = client.get("/leads/nobody?lang=de")
    assert answer.status_code == 404
    assert "Diesen Lead kennt leadscore nicht." in answer.text


def test_when_it_is_due_is_a_curve_and_a_table_that_says_the_same(
    small: str, logged_in: Callable[..., Any], text: Callable[[str], str]
) -> None:
    with logged_in(small) as client:
        page = client.get("/leads/plain?lang=en").text
        german = text(client.get("/leads/plain?lang=de").text)
    assert (
        "When? 14% now 15 30 days How likely SQL is to be reached by when. SQL WON within 7 days 4.3% <0.1% "
        "within 14 days 7.1% 0.1% within 30 days 14% 0.2% within 60 days – 0.3% within 90 days – 0.4% "
        "If it comes, on average after about 12 days about 41 days"
    ) in text(page).replace("&lt;", "<")
    assert "innerhalb von 30 Tagen 14 % 0,2 %" in german.replace("\N{NO-BREAK SPACE}", " ")
    assert "Wenn, dann im Mittel nach etwa 12 Tagen etwa 41 Tagen" in german
    words = re.search(r'class="due"[^>]*aria-label="([^"]*)"', page)
    assert words is not None
    assert words[1] == "Probability of SQL: within 7 days 4.3%, within 14 days 7.1%, within 30 days 14%."
    drawn = re.search(r'<polyline points="([\d., ]+)" fill="none" stroke="#1f6fb5" stroke-width="3" stroke-l', page)
    assert drawn is not None
    # From now to the horizon of SQL: 0, 30 %, 50 % and all of what there is to reach, 108 high, at 0, 7, 14, 30 days.
    assert drawn[1] == "46.0,122.0 116.9,89.6 187.9,68.0 350.0,14.0"


def test_when_speaks_of_the_close_once_sql_is_reached_and_not_at_all_in_older_scores(
    small: str, logged_in: Callable[..., Any], text: Callable[[str], str]
) -> None:
    with logged_in(small) as client:
        reached, old = (text(client.get(f"/leads/{name}?lang=en").text) for name in ("won-soon", "cold"))
    assert "How likely WON is to be reached by when. WON within 7 days <0.1% within 14 days 0.1%" in reached.replace(
        "&lt;", "<"
    )
    assert "When?" not in old
    with httpx.Client(base_url=small, headers={"X-API-Key": KEY}) as client:
        now, before = (client.get(f"/v1/leads/{name}/score").json() for name in ("plain", "cold"))
    assert now["curve"][2:4] == [
        {"days": 30.0, "p_sql": 0.143, "p_close": 0.002}, {"days": 60.0, "p_sql": None, "p_close": 0.0032},
    ]  # fmt: skip
    assert (now["expected_days_sql"], now["expected_days_close"]) == (12.4, 41.0)
    assert (before["curve"], before["expected_days_sql"]) == (None, None)
