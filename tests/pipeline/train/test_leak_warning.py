"""What training says of columns of ``fit``: leaks, and columns of which nobody can tell."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from pipeline.outputs.training_files import LEAKS_FILE
from pipeline.runner.finished_run import open_run
from pipeline.train.leak_warning import warn_of_leaks


def test_a_leak_is_written_down_and_a_doubt_is_said_aloud(demo_run, tmp_path, capsys):
    context = open_run(demo_run)
    labels = pd.read_parquet(demo_run / "labels" / "labels.parquet")
    won = set(labels.loc[(labels["target"] == context.spec().primary_target) & (labels["y"] == 1), "lead_id"])
    (tmp_path / "ingest").mkdir()
    for file in (demo_run / "ingest").iterdir():
        (tmp_path / "ingest" / file.name).symlink_to(file)
    leads = pd.read_parquet(demo_run / "ingest" / "leads.parquet")
    (tmp_path / "ingest" / "leads.parquet").unlink()
    leads.assign(country=np.where(leads["lead_id"].isin(won), "X", None)).to_parquet(tmp_path / "ingest/leads.parquet")
    warn_of_leaks(open_run(tmp_path), labels, tmp_path)
    [leak] = json.loads((tmp_path / LEAKS_FILE).read_text())
    assert list(leak) == ["column", "answer", "why", "auc", "remedy"]
    assert (leak["column"], leak["answer"]) == ("country", "leak")
    assert f"WARNING, country looks like a leak: {leak['why']}; {leak['remedy']}" in capsys.readouterr().err


def test_without_training_rows_no_column_passes_in_silence(demo_run, tmp_path, capsys):
    labels = pd.read_parquet(demo_run / "labels" / "labels.parquet").assign(part="test")
    warn_of_leaks(open_run(demo_run), labels, tmp_path)
    assert json.loads((tmp_path / LEAKS_FILE).read_text()) == []
    said = capsys.readouterr().err
    assert "nobody can tell whether these know the outcome" in said
    assert "country" in said
    assert "campaign" in said
