"""What changed since the run before, as people and tools read it: arrow, why in a line, who is new, the whole split."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, expect

from models.log_odds import probability_to_log_odds
from models.scoring.changes import PathPoint, split_changes, total_change
from models.scoring.run_about import BeforeAbout, RunAbout
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.sink import ScoreRun, UndoNote
from serve import ServeSettings
from serve.pages.leads.changes import since_words
from serve.pages.leads.view import history_rows

CONTRAST = Path(__file__).parent.with_name("contrast.js")
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
RISES, FALLS, STANDS, THERE = "Rises & shines", "falls", "stands", "there"
NEW = [f"new-{number}" for number in range(5)]


def change(*chances: float, bands: tuple[str, ...] = ("MQL",) * 6, **subject: Any) -> list[dict[str, Any]]:
    """Return a change along these six points; new behaviour is about a subject."""
    points = [PathPoint(probability_to_log_odds([p]), [band]) for p, band in zip(chances, bands, strict=True)]
    parts = split_changes(points)[0]
    parts[3] |= subject
    return parts


@pytest.fixture(scope="module")
def store(
    tmp_path_factory: pytest.TempPathFactory, rows_of: Callable[..., Any], make_lead: Any, about: RunAbout
) -> Path:
    """A store with two runs: in the second, leads rise, fall, stand and are new."""
    out = tmp_path_factory.mktemp("changes")
    asked = {"family": "behaviour", "subject": "Asked for a demo", "feature": "gone", "value": 1.0}
    leads = [
        make_lead(RISES, p_sql=0.25, joined="band",
                  change=change(0.1, 0.1, 0.09, 0.22, 0.25, 0.25, bands=("none", *("MQL",) * 5), **asked)),
        make_lead(FALLS, p_sql=0.12, joined=None, change=change(0.2, 0.2, 0.12, 0.12, 0.12, 0.12)),
        make_lead(STANDS, p_sql=0.11, joined=None, change=change(0.11, 0.11, 0.105, 0.105, 0.11, 0.11)),
        make_lead(THERE, p_sql=1.0, joined=None, change=[], reached=True, counted_as="reached"),
        *(make_lead(name, p_sql=0.3 + number / 100, change=None, joined="list") for number, name in enumerate(NEW)),
    ]  # fmt: skip
    before = BeforeAbout(run_id="r0", observed_until=(NOON - timedelta(days=1)).isoformat())
    writer = ScoreStore(f"sqlite:///{out}/scores.sqlite")
    for number, (rows, said) in enumerate(((leads[:3], about), (leads, about.model_copy(update={"before": before})))):
        frame = pd.DataFrame([row | ({} if number else {"change": None, "joined": None}) for row in rows])
        run = ScoreRun(f"r{number}", "m", "c", said.model_copy(update={"leads": len(rows)}))
        writer.write(rows_of(frame, run), run, now=NOON)
    return out


@pytest.fixture(scope="module")
def url(store: Path, start_server: Callable[..., AbstractContextManager[str]], api_key: str) -> Iterator[str]:
    with start_server(ServeSettings(out=store, api_key=api_key, page_rows=2)) as address:
        yield address


@pytest.fixture
def tool(url: str, api_key: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, headers={"X-API-Key": api_key}) as client:
        yield client


@pytest.fixture
def reader(browser: Browser, url: str, api_key: str) -> Iterator[Page]:
    """A browser that is logged in."""
    context = browser.new_context(base_url=url, locale="en-GB")
    page = context.new_page()
    page.goto("/leads")
    page.fill("#key", api_key)
    page.keyboard.press("Enter")
    page.wait_for_selector("table.leads")
    yield page
    context.close()


def test_the_api_says_trend_change_and_who_is_new(tool: httpx.Client) -> None:
    whole = tool.get("/v1/leads").json()
    assert whole["before"] == {"run_id": "r0", "observed_until": (NOON - timedelta(days=1)).isoformat()}
    leads = {lead["lead_id"]: lead for lead in whole["leads"]}
    assert {name: leads[name]["trend"] for name in (RISES, FALLS, STANDS)} == {
        RISES: "up", FALLS: "down", STANDS: "same"
    }  # fmt: skip
    assert {
        name: (leads[name]["trend"], leads[name]["change"], leads[name]["joined"]) for name in NEW
    } == dict.fromkeys(NEW, (None, None, "list"))
    parts = leads[RISES]["change"]
    assert sum(part["percentage_points"] for part in parts) == pytest.approx(25.0, abs=1e-9)
    assert total_change(parts) == pytest.approx(15.0, abs=1e-9)
    (behaviour,) = (part for part in parts if part["part"] == "new_behaviour")
    assert (behaviour["de"], behaviour["en"]) == (
        "Asked for a demo (neues Verhalten)", "Asked for a demo (new behaviour)"
    )  # fmt: skip

    new = tool.get("/v1/leads", params={"new": True}).json()
    assert [lead["lead_id"] for lead in new["leads"]] == [*reversed(NEW), RISES]
    assert (new["matching"], new["total"], new["counts"]) == (6, 9, {"MQL": 6})
    page = tool.get("/v1/leads", params={"new": True, "band": "MQL", "limit": 2, "offset": 4}).json()
    assert [lead["lead_id"] for lead in page["leads"]] == [NEW[0], RISES]
    assert tool.get("/v1/leads", params={"new": True, "search": "shines"}).json()["matching"] == 1


@pytest.mark.browser
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", {"rises": "rises", "falls": "falls", "same": "about the same", "since": "New since yesterday",
                "line": "+15.0 percentage points: Asked for a demo (new behaviour)", "new": "new in MQL",
                "split": "What changed"}),
        ("de", {"rises": "steigt", "falls": "fällt", "same": "etwa gleich", "since": "Neu seit gestern",
                "line": "+15,0 Prozentpunkte: Asked for a demo (neues Verhalten)", "new": "neu in MQL",
                "split": "Was sich geändert hat"}),
    ],
)  # fmt: skip
def test_arrow_filter_and_split_in_a_browser(reader: Page, language: str, words: dict[str, str]) -> None:
    reader.set_viewport_size({"width": 375, "height": 800})
    for name, word, arrow in ((RISES, "rises", "↑"), (FALLS, "falls", "↓"), (STANDS, "same", "→")):
        reader.goto(f"/leads?lang={language}&search={name.split()[0]}")
        trend = reader.locator("tbody .trend")
        expect(trend).to_have_count(1)
        expect(trend.locator("[aria-hidden]")).to_have_text(arrow)
        snapshot = reader.locator("table.leads").aria_snapshot()  # what a screen reader gets
        assert words[word] in snapshot
        assert arrow not in snapshot
    reader.goto(f"/leads?lang={language}")
    box = reader.get_by_label(words["since"])
    expect(box).not_to_be_checked()
    box.check()
    box.press("Enter")
    reader.wait_for_url("**new=true*")
    expect(reader.get_by_label(words["since"])).to_be_checked()
    seen: list[str] = []
    while True:
        seen += reader.locator("table.leads tbody th a").all_inner_texts()
        assert reader.evaluate("document.documentElement.scrollWidth") <= 375
        assert reader.evaluate(CONTRAST.read_text()) == []
        following = reader.locator("a[rel=next]")
        if not following.count():
            break
        following.click()
        reader.wait_for_load_state()
    assert seen == [*reversed(NEW), RISES]
    last = reader.locator("table.leads tbody tr").last
    expect(last.locator(".new")).to_have_text(words["new"])
    expect(last.locator(".why strong")).to_have_text(words["line"])
    last.locator("th a").click()
    expect(reader.locator("h2#change")).to_have_text(words["split"])
    expect(reader.locator(".moved")).to_contain_text(words["line"])
    points = [float(re.sub("[^0-9,.−-]", "", cell).replace("−", "-").replace(",", "."))
              for cell in reader.locator("table.changes td.number").all_inner_texts()]  # fmt: skip
    assert sum(points[:-1]) == pytest.approx(points[-1], abs=0.051 * len(points))
    assert points[-1] == 15.0
    assert reader.evaluate("document.documentElement.scrollWidth") <= 375
    assert reader.evaluate(CONTRAST.read_text()) == []
    expect(reader.locator("section[aria-labelledby=change]")).to_have_accessible_name(words["split"])


def test_after_an_undo_arrows_belong_to_the_run_in_force(
    store: Path, tmp_path: Path, start_server: Callable[..., AbstractContextManager[str]], api_key: str
) -> None:
    (tmp_path / "scores.sqlite").write_bytes((store / "scores.sqlite").read_bytes())
    ScoreStore(f"sqlite:///{tmp_path}/scores.sqlite").undo("r1", UndoNote(NOON, "test"))
    headers = {"X-API-Key": api_key}
    with (
        start_server(ServeSettings(out=tmp_path, api_key=api_key)) as address,
        httpx.Client(base_url=address, headers=headers) as client,
    ):
        answer = client.get("/v1/leads").json()
        assert (answer["run_id"], answer["before"]) == ("r0", None)
        assert {lead["trend"] for lead in answer["leads"]} == {None}
        assert client.get("/v1/leads", params={"new": True}).json()["matching"] == 0
        client.post("/login", data={"key": api_key})
        page = client.get("/leads?lang=en").text
        assert "New since" not in page
        assert 'class="trend' not in page


def test_a_lead_at_the_goal_has_a_page_too(reader: Page) -> None:
    answer = reader.goto(f"/leads/{THERE}?lang=en")
    assert answer is not None
    assert answer.status == 200
    expect(reader.locator("section[aria-labelledby=change]")).to_contain_text("there is nothing to split")


def test_days_are_those_of_the_company(about: RunAbout) -> None:
    """Two runs an hour apart, one before and one after midnight in Berlin: there the earlier one is of yesterday."""
    then, now = "2026-06-30T21:30:00Z", "2026-06-30T22:30:00Z"
    told = about.model_copy(update={"observed_until": now, "before": BeforeAbout(run_id="r", observed_until=then)})
    assert since_words(told, "de") == "Neu seit 30.06.2026"
    assert since_words(told.model_copy(update={"timezone": "Europe/Berlin"}), "de") == "Neu seit gestern"
    row = {"as_of": datetime(2026, 6, 30, 22, 30, tzinfo=UTC), "counted_as": "MQL", "p_sql": 0.2, "points": 1.0}
    for timezone, day in (("UTC", "30.06.2026"), ("Europe/Berlin", "01.07.2026")):
        [line] = history_rows([row], about.model_copy(update={"timezone": timezone}), "de")
        assert line["as_of"] == day
