"""Leads that had one look each, long ago: there is nothing to score, and the run says so without an error."""

from __future__ import annotations

import json

import pandas as pd

from pipeline.runner.stages import StageContext
from pipeline.summary import summary_table


def test_no_lead_is_scored_when_every_outcome_window_is_over(nothing_open: StageContext) -> None:
    assert pd.read_parquet(nothing_open.folder("features") / "open.parquet").empty
    assert pd.read_parquet(nothing_open.folder("score") / "scores.parquet").empty
    assert json.loads((nothing_open.folder("score") / "score.json").read_text())["leads"] == 0


def test_report_and_evaluation_are_written_all_the_same(nothing_open: StageContext) -> None:
    folder = nothing_open.folder("evaluate")
    assert json.loads((folder / "evaluation.json").read_text())["source"]
    assert "</html>" in (folder / "report.html").read_text(encoding="utf-8")
    assert summary_table(nothing_open.workspace.root)
