"""A real server on a real port: over the small demo run, and over a few leads made by hand."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, StorageState, sync_playwright

from models.scoring.groups import counted_as
from models.scoring.run_about import RunAbout
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.sink import ScoreRun
from serve import ServeSettings, create_app

KEY = "a-key-for-these-tests"
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip


@contextmanager
def serving(settings: ServeSettings) -> Iterator[str]:
    """Run the server in a thread and give its address."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 120  # what nobody compiled yet is compiled before the first answer
        while not server.started:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


@pytest.fixture(scope="session")
def address(demo_run: Path) -> Iterator[str]:
    """The address of a server over the demo run."""
    with serving(ServeSettings(out=demo_run, api_key=KEY, page_rows=20)) as url:
        yield url


@pytest.fixture(scope="session")
def start_server() -> Callable[[ServeSettings], object]:
    return serving


@pytest.fixture(scope="session")
def api_key() -> str:
    return KEY


@pytest.fixture
def api(address: str) -> Iterator[httpx.Client]:
    """A client that has the key."""
    with httpx.Client(base_url=address, headers={"X-API-Key": KEY}, timeout=30) as client:
        yield client


@pytest.fixture
def anonymous(address: str) -> Iterator[httpx.Client]:
    """A client without a key."""
    with httpx.Client(base_url=address, timeout=30) as client:
        yield client


NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
EVIL = "<script>alert('x')</script>\"&"
ABOUT_JSON: dict[str, Any] = {
    "source": "small", "title": {"de": "Klein & Söhne", "en": "Small & Sons"}, "observed_until": "2026-06-01T12:00:00Z",
    "targets": {
        "close": {"stage": "WON", "horizon_days": 90.0, "words": {"de": "Abschluss", "en": "deal won"}},
        "sql": {"stage": "SQL", "horizon_days": 30.0, "words": None},
    },
    "cutoffs": {"target": "sql", "mql": 0.1, "sal": 0.3}, "points_cutoffs": {"mql": 40.0, "sal": 70.0},
    "averages": {"p_sql": 0.0512, "p_close": 0.01},
    "leads": 9, "bands": {"SAL": 1, "MQL": 4, "none": 1}, "excluded": 1, "with_sales": 1, "reached": 1,
    "verdict": {"beats_baseline": False, "baseline": "points", "leads": 900, "outcomes": 40},
}  # fmt: skip
ABOUT = RunAbout.model_validate(ABOUT_JSON)


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


def curve(p_sql: float, p_close: float) -> list[dict[str, float | None]]:
    """Return a curve that meets both probabilities at their horizons, 30 and 90 days."""
    of_sql, of_close = (0.3, 0.5, 1.0, None, None), (0.1, 0.2, 0.5, 0.8, 1.0)
    return [
        {"days": float(days), "p_sql": None if sql is None else p_sql * sql, "p_close": p_close * close}
        for days, sql, close in zip((7, 14, 30, 60, 90), of_sql, of_close, strict=True)
    ]


def lead(lead_id: str, **given: Any) -> dict[str, Any]:
    row = {
        "lead_id": lead_id, "as_of": pd.Timestamp(NOON), "p_sql": 0.143, "p_close": 0.004, "band": "MQL",
        "stage": "MQL", "reached": False, "excluded": False, "exclusions": [], "gates_missing": [], "points": 1250.0,
        "points_band": "SAL", "points_reasons": [{"points": 1250.5, "de": "Preisliste", "en": "Price list"}],
        "fit_grade": "A", "behaviour_grade": "2", "curve": curve(given.get("p_sql", 0.143), 0.004),
        "expected_days_sql": 12.4, "expected_days_close": 41.0,
        "reasons": [
            reason(6.26, "Preisliste geladen: 3×", "Price list downloaded: 3×"),
            reason(-1.5, "Position: studierend", "Job title: student", family="fit"),
            reason(0.5, "Alles Übrige zusammen", "Everything else together", family="other"),
        ],
    } | given  # fmt: skip
    with_sales = row["stage"] in ("SAL", "SQL", "WON")
    (group,) = counted_as(
        [row["band"]], reached=[row["reached"]], with_sales=[with_sales], excluded=[row["excluded"]]
    ).tolist()
    return row | {"counted_as": group}


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
        curve=None,  # as versions wrote it that knew of none
        expected_days_sql=None,
        expected_days_close=None,
    ),
    lead(EVIL, p_sql=0.11, reasons=[reason(1.0, EVIL, EVIL)]),
    lead("..", p_sql=0.12),
    lead(
        "in-hands",
        p_sql=0.7,
        stage="SAL",
        gates_missing=[{"column": "fit_budget", "de": "Budget: bestätigt", "en": "Budget: confirmed"}],
        reasons=[
            reason(
                9.0, "Im Vertriebsprozess bei SAL", "In the sales process at SAL", family="journey", subject="stage"
            ),
            reason(5.0, "Preisliste geladen: 3×", "Price list downloaded: 3×"),
            reason(4.0, "Branche: Chemie", "Industry: chemicals", family="fit"),
        ],
    ),
]


@pytest.fixture(scope="session")
def about() -> RunAbout:
    """What the runs made by hand say of themselves."""
    return ABOUT


@pytest.fixture(scope="session")
def make_lead() -> Callable[..., dict[str, Any]]:
    return lead


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory, rows_of: Callable[..., Any]) -> Iterator[str]:
    """The address of a server over a few leads made by hand."""
    out = tmp_path_factory.mktemp("small")
    store = ScoreStore(f"sqlite:///{out}/scores.sqlite")
    yesterday = pd.DataFrame([lead("plain", as_of=pd.Timestamp(NOON - timedelta(days=1)), p_sql=0.05, band="none")])
    before, last = ScoreRun("r0", "m0", "c0", ABOUT), ScoreRun("r1", "m1", "c1", ABOUT)
    store.write(rows_of(yesterday, before), before, now=NOON - timedelta(days=1))
    store.write(rows_of(pd.DataFrame(LEADS), last), last, now=NOON)
    with serving(ServeSettings(out=out, api_key=KEY, page_rows=3)) as url:
        yield url


@pytest.fixture(scope="session")
def logged_in() -> Callable[[str], AbstractContextManager[httpx.Client]]:
    """Return what opens a browser's session at an address."""
    return session_at


@contextmanager
def session_at(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, follow_redirects=True) as client:
        client.post("/login", data={"key": KEY})
        yield client


@pytest.fixture(scope="session")
def text() -> Callable[[str], str]:
    """Return what turns a page into what a reader sees, spaces joined."""

    def visible(html: str) -> str:
        body = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
        return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body)).replace("&#39;", "'").replace("&amp;", "&")

    return visible


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def session(browser: Browser, address: str, api_key: str) -> StorageState:
    """What a browser keeps after logging in by keyboard alone."""
    context = browser.new_context(base_url=address)
    opened = context.new_page()
    opened.goto("/leads")
    opened.wait_for_function("document.activeElement.id === 'key'")  # the field has the focus
    opened.keyboard.type(api_key)
    opened.keyboard.press("Enter")
    opened.wait_for_selector("table.leads")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def page(browser: Browser, address: str, session: StorageState) -> Iterator[Page]:
    """The list as a German reader sees it; whatever the browser complains about fails the test."""
    context = browser.new_context(locale="de-DE", base_url=address, storage_state=session)
    opened = context.new_page()
    complaints: list[str] = []
    foreign: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def see(request: Request) -> None:
        if not request.url.startswith((address, "data:")):
            foreign.append(request.url)

    opened.on("console", hear)
    opened.on("request", see)
    opened.goto("/leads")
    yield opened
    context.close()
    assert (complaints, foreign) == ([], [])
