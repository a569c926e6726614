"""No fitting step sees an outcome of the test period: turn them all round, and all that was fitted stays."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from pipeline.cutoffs import stage as cutoffs
from pipeline.evaluate import stage as evaluate
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import Workspace, tree_digest
from pipeline.train import stage as train


def turned_round(context: StageContext, out: Path) -> StageContext:
    """Copy a run, with every outcome of the test period turned into its opposite."""
    shutil.copytree(context.workspace.root, out)
    for file in (out / "labels" / "labels.parquet", out / "train" / "predictions.parquet"):
        rows = pd.read_parquet(file)
        test = (rows["part"] == "test") & rows["y"].notna()
        rows.loc[test, "y"] = 1 - rows.loc[test, "y"]
        rows.to_parquet(file, index=False)
    return replace(context, workspace=Workspace(out))


def forecasts_of_the_bins(folder: Path) -> list[float]:
    return [point["forecast"] for point in json.loads((folder / "plots" / "reliability.json").read_text())]


@pytest.mark.parametrize("judged", ["judged_by_points", "judged_by_naive_bayes"])
def test_model_baseline_and_cutoffs_stay(judged: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    context: StageContext = request.getfixturevalue(judged)
    turned = turned_round(context, tmp_path / "turned")
    for module in (train, cutoffs):
        name = module.__name__.split(".")[1]
        again = tmp_path / name
        again.mkdir()
        module.run(turned, again)
        for file in sorted(p for p in again.rglob("*") if p.is_file() and p.suffix != ".parquet"):
            if file.name != "train.json":  # it counts the outcomes of the test as well
                kept = context.folder(name) / file.relative_to(again)
                assert file.read_bytes() == kept.read_bytes(), file.name


def test_the_probabilities_of_the_points_stay(judged_by_points: StageContext, tmp_path: Path) -> None:
    turned = turned_round(judged_by_points, tmp_path / "turned")
    again = tmp_path / "evaluate"
    again.mkdir()
    evaluate.run(turned, again)
    before = judged_by_points.folder("evaluate")
    assert forecasts_of_the_bins(again) == forecasts_of_the_bins(before)
    assert tree_digest([again / "plots"]) != tree_digest([before / "plots"])  # what is measured does change
