"""Nights of a small list, servers that listen, and channels that tell them."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from models.scoring.run_about import RunAbout
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.sink import ScoreRun, UndoNote
from pipeline.settings.settings import Settings
from pipeline.telling.tell import Telling, Told

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
CHANCES = {"SAL": 0.6, "MQL": 0.3, "none": 0.04, "with_sales": 0.7, "excluded": 0.3, "reached": 0.9}
ABOUT_LEADS = ["lead.above", "lead.below", "lead.left", "lead.drawn"]


class Nights:
    """An OUT with a score store, and what happens to it."""

    def __init__(self, out: Path, rows_of: Callable[..., Any], store: str | None) -> None:
        self.out, self._rows_of, self._store_url, self._count = out, rows_of, store, 0
        self.store = ScoreStore(store or f"sqlite:///{out}/scores.sqlite")

    def night(self, groups: Mapping[str, str], *, version: str | None = None, at: datetime | None = None) -> str:
        """Put a run in force in which leads are counted as these groups; ``drawn`` is below the cut-offs and drawn."""
        self._count += 1
        run = _run(self._count, groups, version)
        self.store.write(self._rows_of(_scores(groups), run), run, now=at or datetime.now(UTC))
        return run.run_id

    def undo(self, run_id: str, why: str | None = None) -> None:
        self.store.undo(run_id, UndoNote(datetime.now(UTC), "A. Beck", why))

    def settings(self, **channels: Mapping[str, Any]) -> Settings:
        return Settings.model_validate({"score": {"store": self._store_url}, "telling": channels})

    def tell(self, record: Callable[..., Any] | None = None, **channels: Mapping[str, Any]) -> Told:
        return Telling(self.settings(**channels), self.out).tell(record)

    def lines(self, name: str = "telling/news.jsonl") -> list[dict[str, Any]]:
        file = self.out / name
        return [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []


def _run(number: int, groups: Mapping[str, str], version: str | None) -> ScoreRun:
    as_of = datetime(2026, 6, 1, 6, tzinfo=UTC) + timedelta(days=number)
    counted = list(groups.values())
    about = {
        "source": "demo", "title": {"de": "Demo", "en": "Demo"}, "observed_until": as_of.isoformat(),
        "targets": {"sql": {"stage": "SQL", "horizon_days": 30.0, "words": None}},
        "cutoffs": {"target": "sql", "mql": 0.2, "sal": 0.5}, "points_cutoffs": None, "averages": {"p_sql": 0.1},
        "leads": len(groups), "excluded": 0, "reached": 0,
        "bands": {"SAL": counted.count("SAL"), "MQL": counted.count("MQL"), "none": counted.count("none")},
        "decision": {"state": "champion", "version": version, "since": "2026-06-01T08:00:00Z", "signed_by": ["B", "S"]}
        if version else {"state": "no_receipt"},
    }  # fmt: skip
    return ScoreRun(f"run{number}", "model1", "cut1", RunAbout.model_validate(about))


def _scores(groups: Mapping[str, str]) -> pd.DataFrame:
    many, counted = len(groups), ["none" if group == "drawn" else group for group in groups.values()]
    reason = {"family": "behaviour", "subject": "demo", "feature": "x", "value": 2.0, "log_odds": 1.0}
    return pd.DataFrame(
        {
            "lead_id": list(groups),
            "as_of": pd.Series([pd.Timestamp("2026-06-01T06:00Z")] * many).dt.as_unit("us"),
            "p_sql": [CHANCES[group] for group in counted],
            "band": [group if group in ("SAL", "MQL") else "none" for group in counted],
            "counted_as": counted,
            "handed_over_by": ["exploration" if group == "drawn" else None for group in groups.values()],
            "reached": False,
            "excluded": [group == "excluded" for group in counted],
            "exclusions": [[] for _ in range(many)],
            "gates_missing": [[] for _ in range(many)],
            "points_reasons": [[] for _ in range(many)],
            "reasons": [[{**reason, "percentage_points": round(100 * CHANCES[group], 3)}] for group in counted],
        }
    )


@pytest.fixture
def nights(tmp_path: Path, rows_of: Callable[..., Any]) -> Nights:
    return Nights(tmp_path / "out", rows_of, None)


@pytest.fixture
def nights_in(tmp_path: Path, rows_of: Callable[..., Any]) -> Callable[[str | None], Nights]:
    """Return what makes the nights of a store."""
    return lambda store: Nights(tmp_path / "out", rows_of, store)


class Listener:
    """An HTTP server that checks every signature as the specification's own library does, and keeps what it got.

    ``answers`` says what it answers to the next requests; then it answers 200.
    """

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[int] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.unsigned = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def ids(self) -> list[str]:
        return [name for name, _ in self.got]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.paths.append(self.path)
                status = listener.answers.pop(0) if listener.answers else 200
                if status == 200:
                    listener.take(dict(self.headers), body)
                self.send_response(status)
                if status in (301, 302, 307, 308):
                    self.send_header("Location", f"{listener.url}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

        return Handler

    def take(self, headers: dict[str, str], body: bytes) -> None:
        try:
            content = Verifier(SECRET).verify(body, headers)
        except Exception:
            self.unsigned += 1
            raise
        self.headers.append(headers)
        self.got.append((headers["webhook-id"], content))


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    monkeypatch.setenv("LEADSCORE_SALES_SECRET", SECRET)
    made = Listener()
    yield made
    made.close()
    assert made.unsigned == 0
