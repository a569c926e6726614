"""``leadscore write-back``: the scores in force, sent or only listed."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from features.errors import InputError
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.write_back import current_run
from pipeline.score.sinks.write_back.command import write_back_command
from pipeline.settings.settings import ScoreOptions

LEADS = {f"L{n:02d}": n / 100 for n in range(30)}


@pytest.fixture
def scored(store_url: str, rows_of: Any, a_night: Callable[..., Any]) -> str:
    """A store with a run in force."""
    scores, run = a_night(1, LEADS)
    ScoreStore(store_url).write(rows_of(scores, run), run, now=run_time(run))
    return store_url


def run_time(run: Any) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(run.about.observed_until)


def options(store: str, crm: str, **more: Any) -> ScoreOptions:
    tool = {"kind": "sql", "url": crm, "table": "t", "create": True, "fields": {"score": "score"}}
    return ScoreOptions(store=store, sinks={"crm": tool, "hubspot": {"kind": "hubspot"}, **more})


def test_a_dry_run_lists_what_would_be_sent_and_writes_nothing(scored: str, tmp_path: Path, table: Any) -> None:
    crm, out = f"sqlite:///{tmp_path}/crm.sqlite", tmp_path / "out"
    out.mkdir()
    given = options(scored, crm)
    said = write_back_command(given, out, only=None, dry_run=True, list_file=tmp_path / "all.csv")
    assert "crm: 30 of 2 records would be sent" in said  # the run of these tests says that it has two leads
    assert "  lead L07: score nothing → 7" in said
    assert "and 10 more" in said
    assert list(out.iterdir()) == []
    with (tmp_path / "all.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    assert ["crm", "L29", "score", "", "29"] in rows
    with pytest.raises(Exception, match="t"):
        table(crm, "t", ("score",))


def test_what_a_dry_run_lists_is_what_is_sent_page_by_page(
    scored: str, tmp_path: Path, table: Any, sql: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(current_run, "_AT_ONCE", 7)
    crm = f"sqlite:///{tmp_path}/crm.sqlite"
    given = options(scored, crm)
    assert "crm: 30 of" in write_back_command(given, tmp_path, only="crm", dry_run=False, list_file=None)
    assert table(crm, "t", ("score",)) == {lead: (round(100 * p),) for lead, p in LEADS.items()}
    sql(crm, "UPDATE t SET score = 99 WHERE lead_id = 'L03'")
    said = write_back_command(given, tmp_path, only="crm", dry_run=True, list_file=None)
    assert said.splitlines() == ["crm: 1 of 2 records would be sent", "  lead L03: score 99 → 3"]
    assert "crm: 1 of" in write_back_command(given, tmp_path, only="crm", dry_run=False, list_file=None)


def test_what_cannot_be_sent_is_said(scored: str, tmp_path: Path) -> None:
    given = options(scored, f"sqlite:///{tmp_path}/crm.sqlite")
    with pytest.raises(InputError, match="none called pipedrive"):
        write_back_command(given, tmp_path, only="pipedrive", dry_run=True, list_file=None)
    with pytest.raises(InputError, match="--dry-run"):
        write_back_command(given, tmp_path, only=None, dry_run=False, list_file=tmp_path / "x.csv")
    empty = options(f"sqlite:///{tmp_path}/nothing.sqlite", f"sqlite:///{tmp_path}/crm.sqlite")
    with pytest.raises(InputError, match="no run in force"):
        write_back_command(empty, tmp_path, only=None, dry_run=True, list_file=None)
    assert not (tmp_path / "nothing.sqlite").exists()
