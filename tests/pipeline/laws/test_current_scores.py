"""The view ``current_scores``: which rows it shows, what older scores are counted as, and who may read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from features.errors import InputError
from pipeline.score.sinks import score_store
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.store_tables import SCORES
from pipeline.score.sinks.store_url import read_url
from serve.reading.open_leads import LeadsWanted
from serve.reading.score_store import ScoreReader

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
PLAIN: dict[str, Any] = {
    "lead_id": "x", "as_of": MONDAY, "model_version": "m", "run_id": "r", "p_sql": 0.25, "p_close": None,
    "band": "MQL", "stage": None, "reached": False, "excluded": False, "exclusions": [], "gates_missing": [],
    "points": 40.0, "points_band": "MQL", "points_reasons": [], "fit_grade": "A", "behaviour_grade": "1",
    "reasons": [{"family": "fit", "de": "Größe", "en": "size"}], "cutoff_version": "c", "scored_at": NOON,
}  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/scores.sqlite"
    return str(request.getfixturevalue("postgres_url"))


@contextmanager
def migrated(url: str) -> Iterator[sa.Connection]:
    """Bring a store up to date and open it as an administrator would."""
    ScoreStore(url).migrate()
    engine = sa.create_engine(read_url(url))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def fill_older(url: str, runs: list[dict[str, Any]], rows: list[dict[str, Any]], *, version: str = "0003") -> None:
    """Write a store as an earlier version wrote it."""
    engine, config = sa.create_engine(read_url(url)), Config()
    config.set_main_option("script_location", str(Path(score_store.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        tables = sa.MetaData()
        tables.reflect(connection)
        connection.execute(tables.tables["score_runs"].insert(), runs)
        connection.execute(tables.tables["scores"].insert(), rows)
    engine.dispose()


def run_of(run_id: str, about: dict[str, Any], at: datetime) -> dict[str, Any]:
    return {
        "run_id": run_id, "model_version": "m", "cutoff_version": "c", "leads": 1, "about": about,
        "started_at": at, "finished_at": at,
    }  # fmt: skip


def test_the_view_has_every_column_of_a_score(url: str) -> None:
    with migrated(url) as connection:
        view = [column["name"] for column in sa.inspect(connection).get_columns("current_scores")]
    assert sorted(view) == sorted(column.name for column in SCORES.columns)


def test_scores_of_an_earlier_version_are_counted_as_its_pages_counted_them(url: str) -> None:
    told = [  # lead, run, stage, reached, excluded, and what it is counted as
        ("promoted", "r1", "SRL", False, False, "MQL"),
        ("in-hands", "r1", "SAL", False, False, "with_sales"),
        ("at-goal", "r1", "SAL", True, True, "reached"),
        ("student", "r1", None, False, True, "excluded"),
        ("run-of-no-words", "r0", "SAL", False, False, "MQL"),  # that run did not say which stages are with sales
        ("run-unknown", "r?", "SAL", False, False, "MQL"),
    ]
    rows = [
        PLAIN | {"lead_id": lead, "run_id": run, "stage": stage, "reached": goal, "excluded": rule}
        for lead, run, stage, goal, rule, _ in told
    ]
    runs = [run_of("r0", {}, NOON), run_of("r1", {"sales_stages": ["SAL", "SQL"]}, NOON + timedelta(days=1))]
    fill_older(url, runs, rows)
    reader = ScoreReader(url)
    with pytest.raises(InputError, match="Run 'leadscore score' again: it brings the store of an earlier version up"):
        reader.latest_run()
    store = ScoreStore(url)
    store.migrate()
    groups = store.read().set_index("lead_id")["counted_as"].to_dict()
    assert groups == {lead: group for lead, *_, group in told}
    page = reader.open_leads(LeadsWanted())  # the same reader, without a restart
    reader.close()
    assert {row["lead_id"]: row["counted_as"] for row in page.rows} == {
        lead: group for lead, run, *_, group in told if run == "r1"
    }
    assert (page.rows[0]["reasons"], page.rows[0]["as_of"]) == (PLAIN["reasons"], MONDAY)


@pytest.mark.parametrize("seed", range(4))
def test_the_view_shows_the_newest_row_of_each_lead_out_of_the_runs_that_count(url: str, seed: int) -> None:
    """Where an earlier version wrote: of the run completed last and those begun since, in whatever order."""
    draw = np.random.default_rng(seed)
    runs = [
        {
            "run_id": f"r{number}", "model_version": f"m{draw.integers(2)}", "cutoff_version": "c", "leads": 1,
            "about": {}, "started_at": NOON + timedelta(hours=int(draw.integers(4))),
            "finished_at": None if draw.random() < 0.5 else NOON,
        }
        for number in range(5)
    ]  # fmt: skip
    plain = PLAIN | {"counted_as": "MQL"}
    rows: dict[tuple[object, ...], dict[str, object]] = {}
    for run in draw.choice(runs, 30):  # type: ignore[arg-type]
        lead, as_of = f"l{draw.integers(4)}", MONDAY + timedelta(days=int(draw.integers(3)))
        key = {"lead_id": lead, "as_of": as_of, "model_version": run["model_version"]}
        rows[tuple(key.values())] = plain | key | {"run_id": run["run_id"]}
    in_order = sorted(runs, key=lambda run: (-run["started_at"].timestamp(), run["run_id"]))
    count = next((n for n, run in enumerate(in_order, 1) if run["finished_at"] is not None), len(in_order))
    place = {run["run_id"]: place for place, run in enumerate(in_order[:count])}
    begun = {run["run_id"]: run["started_at"].timestamp() for run in runs}
    expected: dict[object, object] = {}
    for row in sorted(rows.values(), key=lambda r: (r["as_of"], begun[r["run_id"]], -int(r["model_version"][1:]))):
        if row["run_id"] in place:
            expected[row["lead_id"]] = (row["as_of"], row["model_version"], row["run_id"])
    if all(run["finished_at"] is None for run in runs):
        expected = {}  # nobody reads a run before it is complete
    fill_older(url, runs, list(rows.values()), version="0004")
    with migrated(url) as connection:
        view = sa.Table("current_scores", sa.MetaData(), *(sa.Column(c.name, c.type) for c in SCORES.columns))
        found = connection.execute(sa.select(view)).all()
    assert {row.lead_id: (row.as_of, row.model_version, row.run_id) for row in found} == expected
    assert len(found) == len(expected)


def test_a_role_that_may_not_read_the_view_is_told_so(postgres_url: str) -> None:
    fill_older(postgres_url, [run_of("r", {}, NOON)], [PLAIN])
    with migrated(postgres_url) as connection:
        connection.execute(sa.text("CREATE ROLE page_reader LOGIN PASSWORD 'page_reader'"))
        connection.execute(sa.text("GRANT SELECT ON scores, score_runs TO page_reader"))
    reader = ScoreReader(
        sa.make_url(postgres_url)
        .set(username="page_reader", password="page_reader")
        .render_as_string(hide_password=False)
    )
    with pytest.raises(InputError, match="the server's role needs SELECT on open_leads too"):
        reader.open_leads(LeadsWanted())
    with migrated(postgres_url) as connection:
        connection.execute(sa.text("GRANT SELECT ON open_leads TO page_reader"))
    assert reader.open_leads(LeadsWanted()).counts == {"MQL": 1}
    reader.close()
    with migrated(postgres_url) as connection:
        connection.execute(sa.text("DROP OWNED BY page_reader"))
        connection.execute(sa.text("DROP ROLE page_reader"))
