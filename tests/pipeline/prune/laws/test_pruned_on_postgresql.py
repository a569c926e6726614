"""What is old goes from a store in PostgreSQL too, with what tools were sent of it; the run in force stays."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from features.time_units import DAY_US
from pipeline.history.folder import HistoryFolder
from pipeline.prune.command import prune
from pipeline.runner.finished_run import open_run
from pipeline.runner.stages import run_stage
from pipeline.score.sinks.store_tables import SCORE_RUNS, SCORES, SENT_RECORDS, WRITE_BACKS
from pipeline.score.sinks.store_url import read_url
from pipeline.settings.settings import read_settings

OLD = "an older run"
GONE = "a lead that is no longer open"
LONG_AGO = timedelta(days=100)


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(read_url(url))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def rows(connection: sa.Connection, table: sa.Table) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(sa.select(table)).mappings()]


@pytest.fixture
def out(demo_run: Path, postgres_url: str, tmp_path: Path) -> Path:
    """A demo whose store and ledger hold a run of a hundred days before the present one, of one lead more."""
    out = tmp_path / "out"
    shutil.copytree(demo_run, out, ignore=shutil.ignore_patterns("simulate", "mlflow"))
    crm = {"kind": "sql", "url": f"sqlite:///{tmp_path}/crm.sqlite", "table": "lead_scores", "create": True}
    score = read_settings(None, overrides={"score": {"store": postgres_url, "sinks": {"crm": crm}}}).score
    context = open_run(out)
    run_stage("score", replace(context, settings=context.settings.model_copy(update={"score": score})))
    with connected(postgres_url) as connection:
        [run] = rows(connection, SCORE_RUNS)
        [sent_run] = rows(connection, WRITE_BACKS)
        scores, sent = rows(connection, SCORES), rows(connection, SENT_RECORDS)
        connection.execute(sa.insert(SCORE_RUNS), [run | {"run_id": OLD, "sequence": 0}])
        earlier = {"run_id": OLD, "as_of": sent_run["as_of"] - LONG_AGO, "position": 0}
        connection.execute(sa.insert(WRITE_BACKS), [sent_run | earlier])
        past = [row | {"run_id": OLD, "as_of": row["as_of"] - LONG_AGO} for row in scores]
        connection.execute(sa.insert(SCORES), [*past, past[0] | {"lead_id": GONE}])
        past = [row | {"position": 0} for row in sent]
        connection.execute(sa.insert(SENT_RECORDS), [*past, past[0] | {"lead_id": GONE}])
    return out


def test_old_scores_go_with_what_was_sent_of_them(out: Path, postgres_url: str) -> None:
    overrides = {"score": {"store": postgres_url}, "retention": {"scores": "50d"}}
    settings = read_settings(None, overrides=overrides)
    now_us = HistoryFolder(out).runs()[-1].run.observed_until_us + DAY_US
    with connected(postgres_url) as connection:
        before = {table.name: rows(connection, table) for table in (SCORES, SENT_RECORDS, SCORE_RUNS)}
    old = sum(row["run_id"] == OLD for row in before["scores"])
    assert old > 100
    trial = prune(out, settings, now_us=now_us, dry_run=True)
    assert trial.scores == old
    with connected(postgres_url) as connection:
        assert rows(connection, SENT_RECORDS) == before["sent_records"]
    assert prune(out, settings, now_us=now_us).scores == old
    with connected(postgres_url) as connection:
        scores, sent = rows(connection, SCORES), rows(connection, SENT_RECORDS)
        [listed] = connection.execute(sa.text("SELECT count(*) FROM current_scores")).scalars()
    assert {row["run_id"] for row in scores} == {row["run_id"] for row in before["scores"]} - {OLD}
    assert len(scores) == listed == len(before["scores"]) - old
    assert {row["position"] for row in sent} == {1}
    assert {row["lead_id"] for row in sent} == {row["lead_id"] for row in before["sent_records"]} - {GONE}
    assert prune(out, settings, now_us=now_us).scores == 0


def test_the_last_that_a_record_was_sent_stays_while_the_lead_has_a_score(out: Path, postgres_url: str) -> None:
    with connected(postgres_url) as connection:
        lead = rows(connection, SENT_RECORDS)[0]["lead_id"]
        of_lead = (SENT_RECORDS.c.lead_id == lead, SENT_RECORDS.c.position == 1)
        connection.execute(sa.delete(SENT_RECORDS).where(*of_lead))  # nothing changed since: it was not sent again
    settings = read_settings(None, overrides={"score": {"store": postgres_url}, "retention": {"scores": "50d"}})
    prune(out, settings, now_us=HistoryFolder(out).runs()[-1].run.observed_until_us + DAY_US)
    with connected(postgres_url) as connection:
        left = [row["position"] for row in rows(connection, SENT_RECORDS) if row["lead_id"] == lead]
    assert left == [0]
