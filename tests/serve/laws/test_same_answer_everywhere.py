"""Cut-offs on the page and in the API: the command's figures, both languages, and what a wrong question gets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.what_if.answer_part import Figure
from pipeline.what_if.command import answered
from serve import ServeSettings
from serve.pages.cutoffs.form import read_form
from serve.pages.cutoffs.view import bounds, figure

QUESTION = {"sal_per_week": 2, "mql_per_week": 12, "promise": 0.08}
FORM = {"sal": "2", "mql": "12", "promise": "8"}


@pytest.fixture(scope="module")
def reader(address: str, api_key: str) -> Iterator[httpx.Client]:
    """Somebody who has logged in."""
    with httpx.Client(base_url=address, follow_redirects=True, timeout=30) as client:
        client.post("/login", data={"key": api_key})
        yield client


def words(html: str) -> str:
    body = re.sub(r"<(style|script)>.*?</\1>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body)).replace("&#39;", "'").replace("&amp;", "&")


@pytest.fixture(scope="module")
def answer(demo_run: Path) -> dict[str, Any]:
    """What the command says."""
    told = answered(demo_run, {"sal_per_week": "2/week", "mql_per_week": "12", "promise": 0.08}, as_json=True)
    tree: dict[str, Any] = json.loads(told)
    return tree


def test_the_api_says_what_the_command_says(api: httpx.Client, answer: dict[str, Any]) -> None:
    told = api.get("/v1/cutoffs", params=QUESTION)
    assert told.status_code == 200
    assert told.json() == answer


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_says_what_the_command_says(reader: httpx.Client, answer: dict[str, Any], language: Any) -> None:
    page = reader.get("/cutoffs", params={**FORM, "lang": language})
    assert page.status_code == 200
    assert f'<html lang="{language}">' in page.text
    text = words(page.text)
    assert answer["version"] in text
    for stage in answer["stages"].values():
        for side in stage.values():
            quarter, test = side["next_quarter"], side["test"]
            for told in (quarter["leads"], quarter["outcomes"], quarter["deals"], test["outcomes_per_week"]):
                number = None if told is None else Figure.model_validate(told)
                shown = f"{figure(number, language)} {bounds(number, language)}".strip()
                assert f" {shown} " in text
            share = None if quarter["precision"] is None else Figure.model_validate(quarter["precision"])
            shown = f"{figure(share, language, share=True)} {bounds(share, language, share=True)}".strip()
            assert f" {words(shown)} " in text
    rows = answer["monday"]["rows"]
    for row in rows[:25]:
        assert f">{row['lead_id']}</a>" in page.text
    assert page.text.count("<h2") >= 6


def test_every_lead_named_has_a_page(reader: httpx.Client) -> None:
    page = reader.get("/cutoffs", params={"mql": "40", "lang": "en"}).text
    links = set(re.findall(r'href="(/lead[^"]+)"', page.split('id="answer"')[1]))
    assert links
    for link in sorted(links)[:5]:
        assert reader.get(link.replace("&amp;", "&")).status_code == 200


def test_only_who_may_sees_it(anonymous: httpx.Client) -> None:
    page = anonymous.get("/cutoffs?sal=3")
    assert page.status_code == 303
    assert page.headers["location"].startswith("/login?next=%2Fcutoffs%3Fsal%3D3")
    assert anonymous.get("/v1/cutoffs").status_code == 401


def test_its_script_runs_and_nothing_else(reader: httpx.Client) -> None:
    policy = reader.get("/cutoffs").headers["content-security-policy"]
    assert re.search(r"script-src 'sha256-[\w+/=]+'; connect-src 'self';", policy)
    assert "unsafe" not in policy
    assert "script-src" not in reader.get("/leads").headers["content-security-policy"]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"sal": "many"}, "expected a number above 0, found “many”"),
        ({"sal": "-3"}, "expected a number above 0"),
        ({"sal": "0"}, "expected a number above 0"),
        ({"sal": "1e9"}, "expected a number above 0"),
        ({"promise": "120"}, "120 is outside of what is possible"),
        ({"sure": "20"}, "20 is outside"),
        ({"sal": "30", "mql": "10"}, "every SAL is an MQL"),
        ({"deal": "1000"}, "please give both"),
        ({"missed": "1000"}, "please give both"),
        ({"sal": '"><script>alert(1)</script>'}, "expected a number above 0"),
    ],
)
def test_a_wrong_form_says_so_and_keeps_what_was_typed(reader: httpx.Client, form: dict[str, str], said: str) -> None:
    page = reader.get("/cutoffs", params={**form, "lang": "en"})
    assert page.status_code == 422
    assert said in words(page.text)
    assert "<script>alert" not in page.text
    assert 'role="alert"' in page.text
    name, text = next(iter(form.items()))
    if text.isdecimal():
        assert f'name="{name}" value="{text}"' in page.text


def test_a_promise_that_cannot_be_kept_offers_the_best(reader: httpx.Client, api: httpx.Client) -> None:
    page = reader.get("/cutoffs", params={"promise": "97", "sal": "2", "lang": "en"})
    assert page.status_code == 422
    text = words(page.text)
    assert "cannot be promised with 90% confidence" in text
    offered = re.search(r'name="promise" value="(\d+)">\s*<button class="go">Take', page.text)
    if offered:  # with few outcomes nothing may be possible, and then it says that
        taken = reader.get("/cutoffs", params={"promise": offered.group(1), "lang": "en"})
        assert taken.status_code == 200
        assert "Promise kept" in taken.text
    else:
        assert "Nothing can be promised" in text
    told = api.get("/v1/cutoffs", params={"promise": 0.97})
    assert told.status_code == 422
    assert "at least 97% reach the target" in told.json()["detail"][0]["message"]


@pytest.mark.parametrize(
    "query",
    [
        {"promise": 3},
        {"nonsense": 1},
        {"sal_per_week": "abc"},
        {"deal_value": 5},
        {"sal_per_week": 9, "mql_per_week": 3},
    ],
)
def test_a_wrong_question_to_the_api_is_422(api: httpx.Client, query: dict[str, Any]) -> None:
    told = api.get("/v1/cutoffs", params=query)
    assert told.status_code == 422
    assert told.json()["detail"][0]["message"]


def test_without_a_complete_run_the_page_says_what_is_missing(tmp_path: Path, start_server: Any, api_key: str) -> None:
    with start_server(ServeSettings(out=tmp_path, api_key=api_key)) as url, httpx.Client(base_url=url) as client:
        client.post("/login", data={"key": api_key})
        page = client.get("/cutoffs?lang=en")
        assert page.status_code == 503
        assert "needs a complete run" in words(page.text)
        told = client.get("/v1/cutoffs", headers={"X-API-Key": api_key})
        assert told.status_code == 503


def test_numbers_as_germans_type_them() -> None:
    question, problems = read_form(
        {"sal": " 7,5 ", "promise": "30", "sure": "95", "deal": "10000", "handover": "120,50"}
    )
    assert problems == []
    assert question is not None
    assert (question.sal_per_week, question.promise, question.confidence) == (7.5, 0.3, 0.95)
    assert question.value is not None
    assert question.value.handover == 120.5
