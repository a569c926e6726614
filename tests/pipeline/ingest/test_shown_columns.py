"""What is shown is kept beside the tables: it stands in no table, and nothing that a model reads changes with it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from features.errors import InputError
from pipeline.ingest.stage import ingest
from pipeline.settings.settings import IngestOptions
from pipeline.source.folder import read_source

SOURCE = """\
name: shown
title: {de: Gezeigt, en: Shown}
targets:
  sql: {stage: SQL, horizon: 30d}
fit:
  trade: {type: category}
"""


def ingested(folder: Path, show: str, *, phone: str = "phone") -> Path:
    (folder / "source").mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "out").mkdir()
    (folder / "source" / "source.yaml").write_text(SOURCE + show, encoding="utf-8")
    (folder / "data" / "leads.csv").write_text(
        f"lead_id,created_at,trade,person,{phone}\n"
        "B,2025-01-02,a,Mia Kern, 0171 1 \nA,2025-01-01,b,,0172 2\nC,x,b,No One,1\n"
    )
    ingest(read_source(folder / "source"), folder / "data", IngestOptions(max_reject_share=0.5), folder / "out")
    return folder / "out"


def test_shown_columns_stand_apart_one_row_a_lead_that_was_kept(tmp_path):
    out = ingested(tmp_path / "shown", "show: [person, phone]\n")
    shown = pd.read_parquet(out / "shown.parquet")
    assert shown.astype(object).where(shown.notna(), None).to_numpy().tolist() == [
        ["A", None, "0172 2"], ["B", "Mia Kern", "0171 1"],
    ]  # fmt: skip
    plain = ingested(tmp_path / "plain", "")
    assert not (plain / "shown.parquet").exists()
    for table in ("leads", "events", "stages", "changes", "handovers", "rejects"):
        assert (out / f"{table}.parquet").read_bytes() == (plain / f"{table}.parquet").read_bytes()


def test_a_shown_column_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"leads\.phone: expected this column, which source.yaml names under show"):
        ingested(tmp_path, "show: [phone]\n", phone="phones")


def test_a_column_is_shown_or_read_by_features_never_both(tmp_path):
    with pytest.raises(InputError, match="show names 'trade', which is read already"):
        ingested(tmp_path, "show: [trade]\n")
