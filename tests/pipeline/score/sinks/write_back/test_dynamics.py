"""Dynamics 365 over HTTP, beside a server that answers as the Web API is documented to."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from features.errors import InputError

LEADS = {"00aa-1": 0.6, "O'Brien": 0.25, "ä/ö?": 0.04}
KEY = re.compile(r"msdyn_entityid='((?:[^']|'')*)',msdyn_entitytype='lead'")
ASKED = re.compile(r"msdyn_entityid eq '((?:[^']|'')*)'")
PAGE = 2


class DataverseServer(ThreadingHTTPServer):
    """Rows of ``msdyn_predictivescores`` behind a token, and what may go wrong on the way."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.rows: dict[str, dict[str, Any]] = {}
        self.changes: list[tuple[str, str]] = []
        self.refused: set[str] = set()
        self.troubles: list[str] = []
        self.tokens = 0
        self.moments: list[float] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: DataverseServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def answer(self, status: int, body: Any = None, **headers: str) -> None:
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def troubled(self) -> bool:
        """What goes wrong on the way; ``lost``: the request is carried out, and its answer does not arrive."""
        self.server.moments.append(time.monotonic())
        trouble = self.server.troubles.pop(0) if self.server.troubles else ""
        if trouble == "429":
            self.answer(429, {"error": {"code": "0x80072322", "message": "limit"}}, Retry_After="1")
        elif trouble == "503":
            self.answer(503)
        elif trouble == "slow":
            time.sleep(1.5)
        self.lost = trouble == "lost"
        return trouble in ("429", "503")

    def known(self) -> bool:
        if self.headers["Authorization"] == f"Bearer token{self.server.tokens}":
            return True
        self.answer(401, {"error": {"message": "expired"}})
        return False

    def done(self, status: int) -> None:
        if self.lost:
            self.close_connection = True
            self.connection.close()
        else:
            self.answer(status)

    def do_POST(self) -> None:
        form = parse_qs(self.body().decode())
        if form["client_secret"] != ["s3cret"] or form["grant_type"] != ["client_credentials"]:
            self.answer(401, {"error": "invalid_client"})
            return
        self.server.tokens += 1
        self.answer(200, {"access_token": f"token{self.server.tokens}", "expires_in": 3599})

    def key(self) -> str:
        found = KEY.search(unquote(urlsplit(self.path).path))
        assert found, self.path
        return found[1].replace("''", "'")

    def do_PATCH(self) -> None:
        row = json.loads(self.body())
        if self.troubled() or not self.known():
            return
        lead = self.key()
        if lead in self.server.refused or row["msdyn_grade"] not in range(4) or row["msdyn_scoretrend"] not in range(4):
            self.answer(400, {"error": {"code": "0x80040265", "message": "no such lead"}})
            return
        self.server.rows.setdefault(lead, {"msdyn_entityid": lead}).update(row)
        self.server.changes.append(("PATCH", lead))
        self.done(204)

    def do_DELETE(self) -> None:
        if self.troubled() or not self.known():
            return
        self.server.changes.append(("DELETE", self.key()))
        self.done(204 if self.server.rows.pop(self.key(), None) else 404)

    def do_GET(self) -> None:
        if self.troubled() or not self.known():
            return
        query = parse_qs(urlsplit(self.path).query)
        wanted = [lead.replace("''", "'") for lead in ASKED.findall(query["$filter"][0])]
        names = query["$select"][0].split(",")
        skip = int(query.get("skip", ["0"])[0])
        rows = [self.server.rows[lead] for lead in wanted if lead in self.server.rows]
        page: dict[str, Any] = {"value": [{n: row.get(n) for n in names} for row in rows[skip : skip + PAGE]]}
        if len(rows) > skip + PAGE:
            page["@odata.nextLink"] = f"{self.server.url}{self.path.split('&skip')[0]}&skip={skip + PAGE}"
        self.answer(200, page)


@pytest.fixture
def dataverse() -> Iterator[DataverseServer]:
    server = DataverseServer()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def nights(nights_of: Any, sqlite_store: str, dataverse: DataverseServer, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("LEADSCORE_CRM_PASSWORD", "s3cret")
    application = {"token_url": f"{dataverse.url}/token", "client_id": "app"}
    return nights_of(sqlite_store, kind="dynamics", url=dataverse.url, rate=500, timeout_s=1, **application)


def test_a_row_a_lead_with_score_grade_trend_and_reasons(nights: Any, dataverse: DataverseServer) -> None:
    assert nights.night(1, LEADS) == 3
    row = dataverse.rows["00aa-1"]
    # Grade A is 0; trend 3 is "not enough info".
    assert (row["msdyn_score"], row["msdyn_grade"], row["msdyn_scoretrend"]) == (60, 0, 3)
    assert json.loads(row["msdyn_scorereasons"]) == [
        {"reason": "demo", "percentage_points": 60.0}, {"reason": "=industry", "percentage_points": -4.2},
    ]  # fmt: skip
    assert row["msdyn_scoredon"] == "2026-06-01T06:00:00Z"
    assert set(dataverse.rows) == set(LEADS)


def test_only_what_changed_is_sent_and_an_undo_says_what_stood_there(nights: Any, dataverse: DataverseServer) -> None:
    nights.night(1, LEADS, day=0)
    nights.night(2, LEADS, day=1)
    before = {lead: dict(row) for lead, row in dataverse.rows.items()}  # "steady" everywhere by now
    dataverse.changes.clear()
    assert nights.night(3, LEADS | {"O'Brien": 0.55, "new": 0.3}, day=2) == 2
    assert dataverse.changes == [("PATCH", "O'Brien"), ("PATCH", "new")]
    assert (dataverse.rows["O'Brien"]["msdyn_scoretrend"], dataverse.rows["O'Brien"]["msdyn_grade"]) == (0, 0)
    assert nights.undo(3).not_restored == ()
    assert dataverse.rows == before


@pytest.mark.parametrize("trouble", ["429", "503", "slow", "lost"])
def test_a_request_that_fails_on_its_way_is_repeated(trouble: str, nights: Any, dataverse: DataverseServer) -> None:
    dataverse.troubles = ["", trouble, "", trouble]
    began = time.monotonic()
    assert nights.night(1, LEADS) == 3
    assert {lead: row["msdyn_score"] for lead, row in dataverse.rows.items()} == {
        lead: round(100 * p) for lead, p in LEADS.items()
    }
    if trouble == "429":
        assert time.monotonic() - began >= 2  # twice, the second that the server asks for


def test_a_token_that_is_over_is_replaced(nights: Any, dataverse: DataverseServer) -> None:
    sink = nights.sink
    with sink.target.opened("run") as opened:
        dataverse.tokens += 1
        assert opened.read(["x"]) == {}


def test_what_the_crm_refuses_is_named_and_the_rest_is_sent(nights: Any, dataverse: DataverseServer, capsys: Any):
    dataverse.refused = {"O'Brien"}
    assert nights.night(1, LEADS) == 2
    assert "lead O'Brien was not written: no such lead" in capsys.readouterr().err
    dataverse.refused = set()
    assert nights.night(2, LEADS) >= 1  # it is tried again
    assert set(dataverse.rows) == set(LEADS)


def test_a_crm_that_stays_away_is_a_message_without_secrets_and_the_next_run_catches_up(
    nights_of: Any, nights: Any, sqlite_store: str, dataverse: DataverseServer
) -> None:
    options = nights.sink.target.options.model_dump(exclude_unset=True)
    hasty = nights_of(sqlite_store, **options | {"retries": 1})
    dataverse.troubles = ["", "", "503", "503"]  # the first row arrives, the second does not
    with pytest.raises(InputError, match=r"score\.sinks\.crm: .*status 503") as refused:
        hasty.night(1, LEADS)
    assert "s3cret" not in str(refused.value)
    assert dataverse.changes == [("PATCH", "00aa-1")]
    assert nights.night(1, LEADS) == 2
    assert dataverse.changes == [("PATCH", lead) for lead in LEADS]
    assert nights.undo(1).not_restored == ()
    assert dataverse.rows == {}


def test_requests_keep_to_the_rate(nights_of: Any, nights: Any, sqlite_store: str, dataverse: DataverseServer) -> None:
    options = nights.sink.target.options.model_dump(exclude_unset=True)
    paced = nights_of(sqlite_store, **options | {"rate": 20})
    paced.night(1, {f"lead{n}": 0.5 for n in range(20)})
    took = dataverse.moments[-1] - dataverse.moments[0]
    assert took >= (len(dataverse.moments) - 2) / 20


def test_a_wrong_secret_is_said(nights: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADSCORE_CRM_PASSWORD", "wrong")
    with pytest.raises(InputError, match="status 401") as refused:
        nights.night(1, LEADS)
    assert "wrong" not in str(refused.value)
