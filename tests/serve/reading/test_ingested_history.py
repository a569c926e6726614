"""What is known about other leads, while the nightly job replaces it."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from features.errors import InputError
from features.kernel.coded_facts import coded
from features.tables.facts import FactFrames, arrow_facts
from features.time_units import to_micros
from models.feature_rows import FeatureRows
from pipeline.runner.finished_run import open_run
from serve.reading.ingested_history import IngestHistory


@pytest.fixture
def out(demo_run: Path, tmp_path: Path) -> Path:
    shutil.copytree(demo_run / "ingest", tmp_path / "out" / "ingest")
    return tmp_path / "out"


@pytest.fixture
def ask(demo_run: Path):
    """Ask for the features of a lead that shares its account with others."""
    run = open_run(demo_run)
    leads = pd.read_parquet(demo_run / "ingest" / "leads.parquet")
    lead = leads[leads["account_id"].duplicated(keep=False) & leads["account_id"].notna()].tail(1)
    as_of = int(to_micros(lead["created_at"]).iloc[0]) + 10**12
    moments = np.array([as_of])

    def features(history: IngestHistory) -> pd.DataFrame:
        spec = run.spec()
        own = coded(arrow_facts(FactFrames(lead), spec), pa.array(lead["lead_id"], pa.string()), spec)
        rows = FeatureRows.of_table(history.engine(spec, run.settings.features).table(own, moments))
        return pd.DataFrame({name: rows.values(name) for name in rows.names})

    return features


def test_while_the_folder_is_away_what_was_read_stays_in_force(out: Path, ask) -> None:
    history = IngestHistory(out)
    before = ask(history)
    (out / "ingest").rename(out / ".ingest.old")
    pd.testing.assert_frame_equal(ask(history), before)
    (out / ".ingest.old").rename(out / "ingest")
    pd.testing.assert_frame_equal(ask(history), before)


def test_without_an_ingestion_it_is_said_what_to_run(tmp_path: Path, ask) -> None:
    with pytest.raises(InputError, match="Run 'make demo' or 'leadscore run' first"):
        ask(IngestHistory(tmp_path))


def test_nobody_waits_while_new_tables_are_read(out: Path, ask, monkeypatch: pytest.MonkeyPatch) -> None:
    history = IngestHistory(out)
    before = ask(history)
    reading, may_go_on = threading.Event(), threading.Event()
    read = IngestHistory._read

    def slowly(self, spec):
        reading.set()
        assert may_go_on.wait(30)
        return read(self, spec)

    monkeypatch.setattr(history._source[1], "_make", lambda: slowly(history, history._source[0]))
    (out / "ingest" / "stage.json").touch()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, history)
        assert reading.wait(30)
        pd.testing.assert_frame_equal(ask(history), before)  # the one who noticed is still reading
        may_go_on.set()
        pd.testing.assert_frame_equal(first.result(), before)


def test_new_tables_are_read_without_a_restart(out: Path, ask) -> None:
    history = IngestHistory(out)
    before = ask(history)
    events = pd.read_parquet(out / "ingest" / "events.parquet")
    events.iloc[:0].to_parquet(out / "ingest" / "events.parquet", index=False)
    shutil.copytree(out / "ingest", out / "again")
    shutil.rmtree(out / "ingest")
    (out / "again").rename(out / "ingest")
    (out / "ingest" / "stage.json").touch()
    after = ask(history)
    account = [name for name in before if name.startswith("account_")]
    assert not before[account].equals(after[account])
