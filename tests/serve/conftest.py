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

from serve import ServeSettings, create_app

KEY = "a-key-for-these-tests"


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
