"""Runs of scores to write back, a store of each kind for the ledger, and a server that answers as Dataverse does."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pandas as pd
import pytest
import sqlalchemy as sa

from models.log_odds import probability_to_log_odds
from models.scoring.changes import PathPoint, split_changes
from models.scoring.run_about import RunAbout
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.sink import ScoreRun, UndoNote
from pipeline.score.sinks.store_url import read_url
from pipeline.score.sinks.write_back_sink import WriteBackSink

MONDAY = datetime(2026, 6, 1, 6, tzinfo=UTC)


def a_run(number: int, day: int = 0) -> ScoreRun:
    """Return the run of a night; its average is 10 %, and leads are MQL from 20 %, SAL from 50 %."""
    night = MONDAY + timedelta(days=day)
    about = {
        "source": "demo", "title": {"de": "Demo", "en": "Demo"}, "observed_until": night.isoformat(),
        "targets": {"sql": {"stage": "SQL", "horizon_days": 30.0, "words": None}},
        "cutoffs": {"target": "sql", "mql": 0.2, "sal": 0.5}, "points_cutoffs": None, "averages": {"p_sql": 0.1},
        "leads": 2, "bands": {"SAL": 0, "MQL": 2, "none": 0}, "excluded": 0, "reached": 0,
    }  # fmt: skip
    return ScoreRun(f"run{number}", "model1", "cut1", RunAbout.model_validate(about))


def scores_of(probabilities: Mapping[str, float]) -> pd.DataFrame:
    """Return score rows of leads with these probabilities."""
    bands = ["SAL" if p >= 0.5 else "MQL" if p >= 0.2 else "none" for p in probabilities.values()]
    many = len(probabilities)
    reasons = [
        [
            {"family": "behaviour", "subject": "demo", "feature": "x", "value": 2.0, "log_odds": 1.0,
             "percentage_points": round(100 * p, 3)},
            {"family": "fit", "subject": "=industry", "feature": "y", "value": "retail", "log_odds": -0.5,
             "percentage_points": -4.25},
            {"family": "other", "subject": "other", "feature": None, "value": None, "log_odds": 0.1,
             "percentage_points": 1.0},
        ]
        for p in probabilities.values()
    ]  # fmt: skip
    return pd.DataFrame(
        {
            "lead_id": list(probabilities),
            "as_of": pd.Series([pd.Timestamp(MONDAY)] * many).dt.as_unit("us"),
            "p_sql": list(probabilities.values()),
            "band": bands,
            "counted_as": bands,
            "reached": False,
            "excluded": False,
            "exclusions": [[] for _ in range(many)],
            "gates_missing": [[] for _ in range(many)],
            "points_reasons": [[] for _ in range(many)],
            "reasons": reasons,
        }
    )


def _changed(before: float | None, now: float) -> list[dict[str, Any]] | None:
    """Return a change as a run of the stage stores it, all of it by time."""
    if before is None:
        return None
    earlier, later = (PathPoint(probability_to_log_odds([p]), ["none"]) for p in (before, now))
    return split_changes([earlier, earlier, later, later, later, later])[0]


class Nights:
    """What the nightly job does with one tool: each run's scores into it, and a run taken back."""

    def __init__(self, sink: WriteBackSink, rows_of: Callable[..., Any]) -> None:
        self.sink, self._rows_of = sink, rows_of
        self._nights: list[tuple[int, Mapping[str, float]]] = []

    def night(self, number: int, probabilities: Mapping[str, float], *, day: int | None = None) -> int:
        run, before = a_run(number, number if day is None else day), self._before(number)
        self._nights.append((number, probabilities))
        changes = [_changed(before.get(lead), p) for lead, p in probabilities.items()]
        new = [None if not before or lead in before else "list" for lead in probabilities]
        scores = scores_of(probabilities).assign(change=changes, joined=new)
        return self.sink.write(self._rows_of(scores, run), run, now=MONDAY)

    def _before(self, number: int) -> Mapping[str, float]:
        return next((scores for night, scores in reversed(self._nights) if night != number), {})

    def undo(self, number: int) -> Any:
        return self.sink.undo(f"run{number}", UndoNote(MONDAY, "tests"))


@pytest.fixture
def a_night() -> Callable[..., Any]:
    """Return what makes the scores of a night and its run."""
    return lambda number, probabilities: (scores_of(probabilities), a_run(number))


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A score store of each kind, with its tables."""
    url = (
        f"sqlite:///{tmp_path}/scores.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    )
    ScoreStore(url).migrate()
    return str(url)


@pytest.fixture
def sqlite_store(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/scores.sqlite"
    ScoreStore(url).migrate()
    return url


@pytest.fixture
def nights_of(rows_of: Callable[..., Any], tmp_path: Path) -> Callable[..., Nights]:
    """Return what makes the nights of a tool with these settings."""

    def made(store: str, name: str = "crm", **settings: Any) -> Nights:
        sink = WriteBackSink.from_settings({"name": name, "store": read_url(store), **settings}, tmp_path / "out")
        return Nights(sink, rows_of)

    return made


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(read_url(url))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def table_of(url: str, table: str = "lead_scores", columns: Iterable[str] = ("score", "band")) -> dict[str, tuple]:
    """Return a table by lead id, and check that no lead stands there twice."""
    with connected(url) as connection:
        stored = sa.Table(table, sa.MetaData(), autoload_with=connection)
        rows = [
            (row["lead_id"], tuple(row[name] for name in columns))
            for row in connection.execute(sa.select(stored)).mappings()
        ]
    assert len({lead_id for lead_id, _ in rows}) == len(rows)
    return dict(rows)


@pytest.fixture
def table() -> Callable[..., dict[str, tuple]]:
    return table_of


@pytest.fixture
def sql() -> Callable[[str, str], Any]:
    """Return what somebody else does in a database."""

    def done(url: str, text: str) -> Any:
        with connected(url) as connection:
            answer = connection.execute(sa.text(text))
            return answer.fetchall() if answer.returns_rows else answer.rowcount

    return done


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
