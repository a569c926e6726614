"""A real server on a real port, over the small demo run."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, StorageState, sync_playwright

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
        deadline = time.monotonic() + 10
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
