"""The server reads what a run says of itself once, whichever version wrote it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from features.errors import InputError
from models.scoring.run_about import RunAbout
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.store_tables import SCORE_RUNS
from serve.reading.score_store import WORDING, ScoreReader, StoredRun

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def store_with(file: Path, about: dict[str, Any]) -> str:
    url = f"sqlite:///{file}"
    ScoreStore(url).migrate()
    engine = sa.create_engine(url)
    run = {
        "run_id": "r1", "model_version": "m1", "cutoff_version": "c1", "leads": 9, "about": about,
        "started_at": NOON, "finished_at": NOON, "sequence": 1,
    }  # fmt: skip
    with engine.begin() as connection:
        connection.execute(SCORE_RUNS.insert(), [run])
    engine.dispose()
    return url


def latest_run(url: str) -> StoredRun | None:
    reader = ScoreReader(url)
    try:
        return reader.latest_run()
    finally:
        reader.close()


def test_the_server_reads_of_a_run_what_the_job_writes() -> None:
    """But for the words, which are long and read when somebody asks for them, and the counts, which the list reads."""
    assert {*StoredRun.model_fields, WORDING, "counts"} == {column.name for column in SCORE_RUNS.columns}


def test_what_an_older_version_did_not_say_has_its_meaning_when_it_is_read(tmp_path: Path, about: RunAbout) -> None:
    later = {"verdict", "lane", "with_sales", "top_reasons"}
    run = latest_run(store_with(tmp_path / "scores.sqlite", about.model_dump(mode="json", exclude=later)))
    assert run is not None
    assert run.finished_at == NOON
    assert run.about.goal == about.goal
    assert (run.about.verdict, run.about.with_sales) == (None, 0)


def test_a_run_that_says_something_else_is_one_message(tmp_path: Path, about: RunAbout) -> None:
    damaged = about.model_dump(mode="json") | {"cutoffs": {"target": "sql", "mql": "much"}}
    with pytest.raises(InputError, match=r"score_runs\.about\.cutoffs\.mql, row r1: expected a run that says"):
        latest_run(store_with(tmp_path / "scores.sqlite", damaged))
