"""What is known about other leads, while the nightly job replaces it."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

import pandas as pd
import pytest

from features.errors import InputError
from features.tables.facts import FactFrames
from features.time_units import to_micros
from pipeline.runner.finished_run import open_run
from serve.reading import ingested_history
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
    snapshots = pd.DataFrame({"lead_id": lead["lead_id"].to_numpy(), "as_of_us": [as_of]})

    def features(history: IngestHistory) -> pd.DataFrame:
        own = FactFrames(lead.reset_index(drop=True))
        return history.features_of(own, snapshots, spec=run.spec(), options=run.settings.features)

    return features


def test_a_folder_that_is_being_replaced_is_waited_for(out: Path, ask) -> None:
    history = IngestHistory(out)
    before = ask(history)
    (out / "ingest").rename(out / ".ingest.old")

    def put_there() -> None:
        time.sleep(0.2)
        (out / ".ingest.old").rename(out / "ingest")

    thread = threading.Thread(target=put_there)
    thread.start()
    pd.testing.assert_frame_equal(ask(history), before)
    thread.join()
    history.close()


def test_a_folder_that_stays_away_is_said(out: Path, ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingested_history, "PAUSE_SECONDS", 0.001)
    history = IngestHistory(out)
    ask(history)
    shutil.rmtree(out / "ingest")
    with pytest.raises(InputError, match="Run 'leadscore ingest', or try again"):
        ask(history)
    history.close()


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
    history.close()
