"""A store of an earlier version keeps its history and its list, and a migration that is killed has changed nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from models.scoring.run_about import RunAbout
from pipeline.score.sinks import score_store
from pipeline.score.sinks.one_writer import alone
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.sink import UndoNote
from pipeline.score.sinks.store_url import read_url
from serve.reading.open_leads import LeadsWanted
from serve.reading.score_store import ScoreReader

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ABOUT = RunAbout.model_validate(
    {
        "source": "demo", "title": {"de": "Demo", "en": "Demo"}, "observed_until": "2026-06-01T12:00:00Z",
        "targets": {"sql": {"stage": "SQL", "horizon_days": 30.0, "words": None}},
        "cutoffs": {"target": "sql", "mql": 0.2, "sal": 0.5}, "points_cutoffs": None, "averages": {"p_sql": 0.1},
        "leads": 2, "bands": {"SAL": 0, "MQL": 2, "none": 0}, "excluded": 0, "reached": 0,
    }
).model_dump(mode="json")  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/scores.sqlite"
    return str(request.getfixturevalue("postgres_url"))


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(read_url(url))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def migrate(connection: sa.Connection, version: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(score_store.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, version)


def fill_earlier(url: str) -> None:
    """Leave a store as version 0006 left it: three nights, the last one never finished, and a clock that ran ahead."""
    with connected(url) as connection:
        migrate(connection, "0006")
        tables = sa.MetaData()
        tables.reflect(connection)
        runs, scores, listed = (tables.tables[name] for name in ("score_runs", "scores", "open_leads"))
        began = {"r1": NOON + timedelta(days=400), "r2": NOON, "r3": NOON + timedelta(days=500)}
        for run_id, at in began.items():
            finished = None if run_id == "r3" else at
            run = {"run_id": run_id, "model_version": "m", "cutoff_version": "c", "leads": 2, "about": ABOUT}
            connection.execute(runs.insert(), run | {"started_at": at, "finished_at": finished})
        connection.execute(
            scores.insert(), [row(lead, run_id) for run_id in ("r1", "r2") for lead in ("a", "b")] + [row("c", "r3")]
        )
        for place, lead in enumerate(("a", "b"), start=1):
            key = {"place": place, "lead_id": lead, "as_of": as_of("r1"), "model_version": "m", "counted_as": "MQL"}
            places = dict.fromkeys(("place_in_fit", "place_in_behaviour", "place_in_both"), place)
            connection.execute(listed.insert(), key | places)
        connection.execute(runs.update().where(runs.c.run_id == "r1").values(counts=[counted(2)]))


def as_of(run_id: str) -> datetime:
    return NOON + timedelta(days=int(run_id[1:]))


def counted(leads: int) -> dict[str, Any]:
    return {"counted_as": "MQL", "fit_grade": None, "behaviour_grade": None, "leads": leads}


def row(lead_id: str, run_id: str) -> dict[str, Any]:
    empty: dict[str, Any] = {name: [] for name in ("exclusions", "gates_missing", "points_reasons", "reasons")}
    return {
        "lead_id": lead_id, "as_of": as_of(run_id), "model_version": "m", "run_id": run_id, "band": "MQL", "p_sql": 0.3,
        "counted_as": "MQL", "reached": False, "excluded": False, "cutoff_version": "c", "scored_at": NOON, **empty,
    }  # fmt: skip


def everything(url: str) -> dict[str, list[Any]]:
    """Return all rows of all tables."""
    with connected(url) as connection:
        tables = sa.MetaData()
        tables.reflect(connection)
        names = [name for name in sorted(tables.tables) if not name.startswith("open_lead_search")]
        return {name: sorted(map(repr, connection.execute(sa.select(tables.tables[name])))) for name in names}


def test_history_and_list_of_an_earlier_version_stay(url: str) -> None:
    fill_earlier(url)
    store, reader = ScoreStore(url), ScoreReader(url)
    store.migrate()
    assert [(run["run_id"], run["sequence"], run["source"]) for run in store.runs()] == [
        ("r2", 1, "demo"), ("r1", 2, "demo"), ("r3", None, "demo"),
    ]  # fmt: skip
    assert len(store.read()) == 5
    with reader.state() as state:
        assert state.run is not None
        assert state.run.run_id == "r1"  # as before: it began last of those that were finished
        assert [(row["lead_id"], row["run_id"]) for row in state.open_leads(LeadsWanted()).rows] == [
            ("a", "r1"), ("b", "r1"),
        ]  # fmt: skip
        assert [(row["run_id"], row["sequence"]) for row in state.history("a")] == [("r1", 2), ("r2", 1)]
        assert state.history("c") == []  # that run was never finished
    assert store.undo("r1", UndoNote(NOON, "Ada")).in_force == "r2"
    reader.close()


def test_a_store_that_is_up_to_date_is_left_as_it_is(url: str) -> None:
    fill_earlier(url)
    ScoreStore(url).migrate()
    before = everything(url)
    ScoreStore(url).migrate()
    assert everything(url) == before


def test_a_migration_that_is_killed_has_changed_nothing(url: str) -> None:
    fill_earlier(url)
    before = everything(url)
    for statements in (1, 5, 9, 14):
        child = os.fork()
        if child == 0:  # pragma: no cover - it is killed
            die_after(url, statements)
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
        assert everything(url) == before
    ScoreStore(url).migrate()
    assert [run["run_id"] for run in ScoreStore(url).runs()] == ["r2", "r1", "r3"]


def die_after(url: str, changes: int) -> None:
    """Migrate, and be killed after so many statements that change something."""
    seen = 0

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal seen
        seen += not statement.lstrip().startswith(("SELECT", "PRAGMA", "BEGIN", "SET"))
        if seen == changes:
            os.kill(os.getpid(), signal.SIGKILL)

    with alone(read_url(url)) as connection:
        sa.event.listen(connection, "after_cursor_execute", count)
        with connection.begin():
            migrate(connection, "head")
    os._exit(0)
