"""Requests that may be repeated are; others only where they cannot have arrived."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from features.errors import InputError
from pipeline.remote.paced_session import PacedSession, RemoteOptions

COUNT: list[str] = []


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        COUNT.append(self.path)
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
        else:
            self.send_response(503)
        self.end_headers()


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    COUNT.clear()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(("repeatable", "times"), [(True, 3), (False, 1)])
def test_what_may_not_be_done_twice_is_asked_once(repeatable: bool, times: int, url: str) -> None:
    with PacedSession(RemoteOptions(rate=1_000, retries=2), "here") as session:
        assert session.ask("POST", url, headers={}, repeatable=repeatable).status_code == 503
    assert len(COUNT) == times


def test_nothing_is_sent_elsewhere_because_somebody_says_so(url: str) -> None:
    with PacedSession(RemoteOptions(rate=1_000), "here") as session:
        answer = session.ask("POST", f"{url}/redirect", headers={"Authorization": "secret"})
    assert answer.status_code == 302
    assert COUNT == ["/redirect"]


def test_nobody_at_home_is_a_message(url: str) -> None:
    with (
        PacedSession(RemoteOptions(rate=1_000, retries=0, timeout_s=2), "score.sinks.crm") as session,
        pytest.raises(
            InputError, match=r"score\.sinks\.crm: expected an answer of 127\.0\.0\.1:9, found no connection"
        ),
    ):
        session.ask("GET", "http://127.0.0.1:9/x", headers={"Authorization": "secret"})
