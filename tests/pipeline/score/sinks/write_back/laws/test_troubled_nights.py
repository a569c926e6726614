"""Nights in which the tool is away, fails half-way, answers too late, or refuses half of the leads."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.cli import main
from pipeline.nightly.history import Nights

END = pd.Timestamp("2026-02-05", tz="UTC")


def command(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """Run the command line; return exit code and what it said."""
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return int(stopped.value.code or 0), said.out + said.err


class Company:
    """A small company with a signed champion, whose nights write into Dynamics."""

    def __init__(self, export: Path, folder: Path, source: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.export, self.data, self.source, self.out, self._capsys = export, folder / "data", source, out, capsys

    def goes_on(self, days_before_end: float) -> None:
        """Let the export be what it was so many days before its end."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir()
        end = END - days_before_end * pd.Timedelta(days=1)
        for name, column in (("leads", "created_at"), ("events", "occurred_at"), ("stages", "entered_at")):
            rows = pd.read_parquet(self.export / f"{name}.parquet")
            rows[rows[column] < end].to_parquet(self.data / f"{name}.parquet", index=False)

    def night(self, url: str | None, *further: str) -> tuple[int, str]:
        """Run the nightly job; the tool is reached there, and waited for but shortly."""
        crm = {"kind": "dynamics", "url": url, "token_url": f"{url}/token", "client_id": "app", "rate": 1_000}
        given = crm | {"retries": 0, "timeout_s": 0.7} if url else {}
        settings = [part for name, value in given.items() for part in ("--set", f"score.sinks.crm.{name}={value}")]
        where = ("--source", self.source, "--data", self.data, "--out", self.out)
        return command(self._capsys, "nightly", *where, *settings, *further)

    def scores(self) -> dict[str, int]:
        """Return the points of the open leads that are in force, which must be those of the newest files too."""
        with closing(sqlite3.connect(self.out / "scores.sqlite")) as store:
            rows = store.execute("SELECT lead_id, p_sql, run_id FROM current_scores").fetchall()
        assert {run_id for *_, run_id in rows} == {
            json.loads((self.out / "score" / "score.json").read_text())["run_id"]
        }
        files = pd.read_parquet(self.out / "score" / "scores.parquet").set_index("lead_id")["p_sql"]
        assert files.to_dict() == {lead_id: p for lead_id, p, _ in rows}
        return {lead_id: round(100 * p) for lead_id, p, _ in rows}


@pytest.fixture
def company(
    judged_by_points: Any, won_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Company:  # fmt: skip
    monkeypatch.setenv("LEADSCORE_CRM_PASSWORD", "s3cret")
    source = Path(shutil.copytree(str(judged_by_points.source_dir), tmp_path / "source"))
    spec = source / "source.yaml"
    spec.write_text("\n".join(line for line in spec.read_text().splitlines() if "observed_until" not in line) + "\n")
    out = Path(shutil.copytree(won_run, tmp_path / "out"))
    for team in ("marketing", "sales"):
        assert command(capsys, "approve", "--as", team, "--name", team, "--out", out)[0] == 0
    company = Company(Path(str(judged_by_points.data_dir)), tmp_path, source, out, capsys)
    company.goes_on(3)
    code, said = company.night(None, "--accept", "me", "--why", "the first night after the training")
    assert code == 0, said
    return company


def nobody_there() -> str:
    """Return an address at which connections are refused."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def points_of(dataverse: Any) -> dict[str, int]:
    return {lead: row["msdyn_score"] for lead, row in dataverse.rows.items()}


def test_scores_are_in_force_what_waits_is_named_and_each_lead_is_sent_once(company: Company, dataverse: Any) -> None:
    before, nights = company.scores(), len(Nights(company.out).past())
    company.goes_on(2)
    code, said = company.night(nobody_there())
    leads = company.scores()
    assert leads != before
    assert len(Nights(company.out).past()) == nights + 1  # the night counts: the next one is held against it
    waiting = f"crm: {len(leads)} of {len(leads)} leads wait for the next run"
    for sentence in ("no connection", waiting, "the store has them", f"nightly: {len(leads)} open leads scored"):
        assert sentence in said
    assert code == 2
    assert "s3cret" not in said

    dataverse.troubles = ["", "", "503"]  # two are written, and then it fails
    code, said = company.night(dataverse.url)
    assert (code, "status 503" in said, company.scores()) == (2, True, leads)
    dataverse.troubles = ["", "slow"]  # one is written, and its answer comes too late
    code, said = company.night(dataverse.url)
    assert (code, "none in time" in said, company.scores()) == (2, True, leads)

    company.goes_on(1)  # the next night sends all that waits
    code, said = company.night(dataverse.url)
    assert code == 0, said
    assert company.scores().items() <= points_of(dataverse).items()
    assert "nightly: nothing changed" in company.night(dataverse.url)[1]
    count = Counter(lead for _, lead in dataverse.changes)
    early = {lead for _, lead in dataverse.changes[:2]}
    assert set(dataverse.rows) - set(company.scores()) <= early  # who is no longer open keeps the last score
    assert {lead for lead, times in count.items() if times > 1} <= early  # those of the night before may say more now


def test_half_of_the_leads_refused(company: Company, dataverse: Any) -> None:
    company.goes_on(2)
    leads = sorted(company.scores())
    dataverse.refused = set(leads[::2])
    code, said = company.night(dataverse.url)
    assert code == 0, said
    there = company.scores()
    refused = dataverse.refused & set(there)
    assert points_of(dataverse) == {lead: points for lead, points in there.items() if lead not in refused}
    assert said.count("was not written: no such lead") == min(20, len(refused))
    dataverse.refused, dataverse.changes = set(), []
    company.goes_on(1)
    code, said = company.night(dataverse.url)
    assert code == 0, said
    assert company.scores().items() <= points_of(dataverse).items()
    assert max(Counter(lead for _, lead in dataverse.changes).values()) == 1
