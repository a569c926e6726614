"""A person is forgotten where scores and ledger are in PostgreSQL: gone from each table, and from the files below."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from pipeline.forget.command import forget
from pipeline.runner.finished_run import open_run
from pipeline.runner.stages import run_stage
from pipeline.settings.settings import Settings, read_settings


@pytest.fixture
def out(demo_run: Path, tmp_path: Path) -> Path:
    shutil.copytree(demo_run, tmp_path / "out", ignore=shutil.ignore_patterns("simulate", "scores.sqlite*"))
    return tmp_path / "out"


@pytest.fixture
def given(postgres_url: str, tmp_path: Path) -> dict[str, Any]:
    """Settings with a store in PostgreSQL, a table of a tool beside it, and files for an import."""
    crm = {"kind": "sql", "url": f"sqlite:///{tmp_path}/crm.sqlite", "table": "lead_scores", "create": True}
    return {"score": {"store": postgres_url, "sinks": {"crm": crm, "files": {"kind": "hubspot"}}}}


@pytest.fixture
def settings(out: Path, given: dict[str, Any]) -> Settings:
    """The demo's scores in that store, sent to both tools."""
    context = open_run(out)
    settings = context.settings.model_copy(update={"score": read_settings(None, overrides=given).score})
    run_stage("score", replace(context, settings=settings))
    return settings


@pytest.fixture
def lead_id(out: Path) -> str:
    """An open lead that has an e-mail address."""
    scored = pd.read_parquet(out / "score" / "scores.parquet")["lead_id"]
    people = pd.read_parquet(out / "ingest" / "leads.parquet")
    return str(people.loc[people["lead_id"].isin(scored) & people["email"].notna(), "lead_id"].iloc[0])


def tables_with(url: str, text: str) -> set[str]:
    """Search every table of every schema, the statistics of the database among them, a row as one text."""
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        names = connection.execute(
            sa.text("SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables")
        ).scalars().all()  # fmt: skip
        holding = {
            str(name)
            for name in names
            if connection.execute(
                sa.text(f"SELECT count(*) FROM {name} AS one WHERE one::text LIKE :text"), {"text": f"%{text}%"}
            ).scalar()
        }
    engine.dispose()
    return holding


def analyze(url: str) -> None:
    """Let the statistics of the database hold every value."""
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("SET default_statistics_target = 10000")
        connection.exec_driver_sql("ANALYZE")
    engine.dispose()


def files_with(url: str, text: str) -> Iterator[str]:
    """Search the files of this database on the disk, once PostgreSQL has written them."""
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("CHECKPOINT")
        folder = Path(str(connection.exec_driver_sql("SHOW data_directory").scalar()))
        number = connection.exec_driver_sql("SELECT oid FROM pg_database WHERE datname = current_database()").scalar()
    engine.dispose()
    for file in sorted((folder / "base" / str(number)).iterdir()):
        if text.encode() in file.read_bytes():
            yield file.name


def test_a_person_is_gone_from_every_table_and_file(
    out: Path, settings: Settings, postgres_url: str, lead_id: str
) -> None:
    analyze(postgres_url)
    before = tables_with(postgres_url, lead_id)
    assert {"public.scores", "public.open_leads", "public.sent_records", "pg_catalog.pg_statistic"} <= before
    assert list(files_with(postgres_url, lead_id))
    [imports] = (out / "write_back" / "files").glob("*.csv")
    assert lead_id in imports.read_text()
    lines = len(imports.read_text().splitlines())
    answer = forget(out, lead_id, settings)
    assert answer.left == ()
    assert {"scores", "sent_records"} <= set(answer.rows)
    assert tables_with(postgres_url, lead_id) == set()
    assert list(files_with(postgres_url, lead_id)) == []
    assert lead_id not in imports.read_text()
    assert len(imports.read_text().splitlines()) == lines - 1
    assert forget(out, lead_id, settings).rows == {}
