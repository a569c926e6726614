"""A store that a killed job left heals, one that takes the place of another is noticed, and what is wrong is said."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
import sqlalchemy as sa

from features.errors import InputError
from models.scoring.run_about import RunAbout
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.sink import ScoreRun
from serve import ServeSettings
from serve.reading.open_leads import LeadsWanted
from serve.reading.score_store import ScoreReader

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
NOBODY = 65_534


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that any user may enter."""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o755)
    yield made
    made.chmod(0o755)
    shutil.rmtree(made)


@pytest.fixture
def write(
    make_lead: Callable[..., dict[str, Any]], rows_of: Callable[..., Any], about: RunAbout
) -> Callable[..., None]:
    """Return what writes a run of two leads."""

    def written(file: Path, run_id: str = "r1") -> None:
        run = ScoreRun(run_id, "m1", "c1", about)
        frame = pd.DataFrame([make_lead("a"), make_lead("b")])
        ScoreStore(f"sqlite:///{file}").write(rows_of(frame, run), run, now=NOON)

    return written


def leave_half_way(file: Path, journal: str) -> None:
    """Be killed in the middle of a transaction that has reached the file."""
    child = os.fork()
    if child == 0:  # pragma: no cover - it is killed
        connection = sqlite3.connect(file, isolation_level=None)
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("PRAGMA cache_spill = 1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE scores SET p_sql = 0.99, stage = hex(randomblob(20000))")
        connection.execute("UPDATE open_leads SET lead_id = hex(randomblob(20000))")
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert Path(f"{file}{'-journal' if journal == 'DELETE' else '-wal'}").stat().st_size > 0


def read(file: Path) -> list[str]:
    reader = ScoreReader(f"sqlite:///{file}")
    try:
        return [row["lead_id"] for row in reader.open_leads(LeadsWanted()).rows]
    finally:
        reader.close()


def read_as_nobody(file: Path, user: int) -> str:
    """Return what a user without the right to write reads, or is told."""
    told, say = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - a process of its own
        if os.getuid() == 0:
            os.setgid(user)
            os.setuid(user)
        try:
            text = ",".join(read(file))
        except InputError as error:
            text = str(error)
        except Exception as error:  # noqa: BLE001 (it is told to the other process)
            text = f"{type(error).__name__}: {error}"
        os.write(say, text.encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(say)
    return os.read(told, 10_000).decode()


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_a_store_that_a_killed_writer_left_heals_when_it_is_read(
    journal: str, folder: Path, write: Callable[..., None]
) -> None:
    file = folder / "scores.sqlite"
    write(file)
    leave_half_way(file, journal)
    assert read(file) == ["a", "b"]
    assert not Path(f"{file}-journal").exists()


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_who_may_not_write_reads_or_is_told_what_to_do(journal: str, folder: Path, write: Callable[..., None]) -> None:
    file = folder / "scores.sqlite"
    write(file)
    assert read_as_nobody(file, NOBODY) == "a,b"
    leave_half_way(file, journal)
    for left in folder.iterdir():
        left.chmod(0o444)
    folder.chmod(0o555)
    said = read_as_nobody(file, NOBODY)
    assert said == "a,b" or "Nothing is lost. Let the server's user write to the file and its folder, or run" in said
    if journal == "DELETE":
        assert "one that a killed job left half-way" in said
    for left in folder.iterdir():
        left.chmod(0o644)
    folder.chmod(0o755)
    write(file)  # the job again: nothing changes, and whoever writes puts it right
    assert read_as_nobody(file, NOBODY) == "a,b"


def test_the_server_never_writes(folder: Path, write: Callable[..., None]) -> None:
    file = folder / "scores.sqlite"
    write(file)
    reader = ScoreReader(f"sqlite:///{file}")
    with pytest.raises(InputError, match="attempt to write a readonly database"), reader.state() as state:
        state._connection.execute(sa.text("DELETE FROM scores"))
    reader.close()
    assert read(file) == ["a", "b"]


def test_a_backup_that_is_put_back_under_the_server_is_read(folder: Path, write: Callable[..., None]) -> None:
    file, backup = folder / "scores.sqlite", folder / "backup.sqlite"
    write(file)
    shutil.copy(file, backup)
    write(file, "r2")
    reader = ScoreReader(f"sqlite:///{file}")
    assert [row["run_id"] for row in reader.open_leads(LeadsWanted()).rows] == ["r2", "r2"]
    backup.replace(file)
    assert [row["run_id"] for row in reader.open_leads(LeadsWanted()).rows] == ["r1", "r1"]
    file.unlink()
    for _ in range(2):  # not from what it has in memory, and not the second time either
        with pytest.raises(InputError, match=r"Run 'leadscore score' first|look whether the database runs"):
            reader.open_leads(LeadsWanted())
    write(file, "r3")
    assert [row["run_id"] for row in reader.open_leads(LeadsWanted()).rows] == ["r3", "r3"]
    reader.close()


def test_answers_name_their_run_and_a_store_that_breaks_is_503_until_it_is_mended(
    folder: Path, write: Callable[..., None], start_server: Callable[..., Any], api_key: str
) -> None:
    file, headers = folder / "scores.sqlite", {"X-API-Key": api_key}
    write(file)
    with start_server(ServeSettings(out=folder, api_key=api_key)) as url, ExitStack() as context:
        client = context.enter_context(httpx.Client(base_url=url, headers=headers))
        answers = [client.get(path).json() for path in ("/v1/leads", "/v1/leads/a/history", "/v1/leads/a/score")]
        assert [(answer["run_id"], answer["sequence"]) for answer in answers] == [("r1", 1)] * 3
        assert {(lead["run_id"], lead["sequence"]) for lead in answers[0]["leads"]} == {("r1", 1)}
        good = file.read_bytes()
        file.write_bytes(b"not a database" * 1_000)
        for path in ("/v1/leads", "/v1/leads/a/history", "/v1/leads/a/score", "/v1/health", "/leads", "/leads/a"):
            assert client.get(path).status_code == 503, path
        assert "file is not a database" in client.get("/v1/health").json()["store"]
        file.write_bytes(good)
        assert client.get("/v1/leads").json()["run_id"] == "r1"
