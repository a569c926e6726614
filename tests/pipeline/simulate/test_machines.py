"""Scanners and second entries are laid over the export; the truth, and the usual demo, stay as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.settings.simulate_options import SimulateOptions
from pipeline.simulate.stage import simulate
from pipeline.source.folder import read_source

DEMO = Path(__file__).resolve().parents[3] / "sources" / "demo"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Three exports of one seed: the usual one, with scanners, with second entries."""
    folder, spec = tmp_path_factory.mktemp("made"), read_source(DEMO).spec
    for name, more in (("usual", {}), ("machines", {"machines": 0.3}), ("doubles", {"doubles": 0.1})):
        (folder / name).mkdir()
        simulate(SimulateOptions(leads=1_000, events_per_lead=40, **more), spec, 4, folder / name)
    return {name: folder / name for name in ("usual", "machines", "doubles")}


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(folder / f"{name}.parquet")


def test_truth_and_outcomes_do_not_change(made):
    for name in ("machines", "doubles"):
        for file in ("truth/truth", "truth/latents", "export/stages", "export/changes"):
            assert (made[name] / f"{file}.parquet").read_bytes() == (made["usual"] / f"{file}.parquet").read_bytes()


def test_scanners_do_the_asked_share_of_clicks(made):
    events, bursts = table(made["machines"], "export/events"), table(made["machines"], "truth/bursts")
    clicks = (events["event_type"] == "newsletter_click").sum()
    by_machines = (bursts["is_machine"] & (bursts["event_type"] == "newsletter_click")).sum()
    assert by_machines / clicks == pytest.approx(0.3, abs=0.03)
    assert len(events) == len(table(made["usual"], "export/events")) + len(bursts)


def test_a_second_entry_takes_facts_and_makes_none(made):
    leads, usual = table(made["doubles"], "export/leads"), table(made["usual"], "export/leads")
    second = leads[leads["lead_id"].str.startswith("D")].assign(first=lambda rows: rows["lead_id"].str[1:])
    assert len(second) / len(usual) == pytest.approx(0.1, abs=0.03)
    pairs = second.merge(usual, left_on="first", right_on="lead_id", suffixes=("", "_first"))
    assert (pairs["created_at"] > pairs["created_at_first"]).all()
    assert (pairs["email"].str.lower() == pairs["email_first"].str.lower())[pairs["email"].notna()].all()
    events, before = table(made["doubles"], "export/events"), table(made["usual"], "export/events")
    moved = events["lead_id"].str.startswith("D").to_numpy()
    assert 0 < moved.mean() < 0.1
    ids = np.where(moved, events["lead_id"].str[1:], events["lead_id"])
    pd.testing.assert_frame_equal(events.assign(lead_id=pd.array(ids, events["lead_id"].dtype)), before)
