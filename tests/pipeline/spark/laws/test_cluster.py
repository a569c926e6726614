"""A whole job on a standalone cluster, and a quick one in this process, give what the laptop gives."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.runner.stages import StageContext, run_stage
from pipeline.runner.workspace import Workspace
from pipeline.settings.settings import EngineOptions

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.xdist_group("spark")]


@pytest.fixture(scope="module")
def on_laptop(judged_by_points: StageContext, tmp_path_factory: pytest.TempPathFactory) -> StageContext:
    out = tmp_path_factory.mktemp("on_laptop") / "out"
    shutil.copytree(judged_by_points.workspace.root, out)
    context = replace(judged_by_points, workspace=Workspace(out))
    run_stage("score", context, force=True)
    return context


def again(context: StageContext, out: Path, engine: dict[str, object], *stages: str) -> Path:
    """Run stages on Spark on a copy of the laptop's outputs; its score store is left behind."""
    shutil.copytree(context.workspace.root, out, ignore=shutil.ignore_patterns("scores.sqlite*", "score"))
    settings = context.settings.model_copy(update={"engine": EngineOptions.model_validate(engine)})
    own = replace(context, workspace=Workspace(out), settings=settings)
    for stage in stages:
        run_stage(stage, own, force=True)
    return out


def assert_equal_frames(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert list(found.columns) == list(expected.columns)
    for name in expected:
        if expected[name].dtype == "float64":
            np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=1.1e-9, equal_nan=True, err_msg=name)
        else:
            pd.testing.assert_series_equal(found[name], expected[name])


def assert_same_job(out: Path, laptop: Path) -> None:
    for name in ("history", "open"):
        found, expected = (pd.read_parquet(root / "features" / f"{name}.parquet") for root in (out, laptop))
        assert len(expected)
        assert_equal_frames(found, expected)
    found, expected = (pd.read_parquet(root / "score" / "scores.parquet") for root in (out, laptop))
    assert set(expected["band"]) == {"none", "MQL", "SAL"}
    assert_equal_frames(found.drop(columns="run_id"), expected.drop(columns="run_id"))
    found, expected = (json.loads((root / "score" / "score.json").read_text()) for root in (out, laptop))
    assert found["bands"] == expected["bands"]


def test_a_cluster_gives_what_the_laptop_gives(on_laptop, cluster, engine_settings, tmp_path, capfd):
    engine = engine_settings(cluster, partition_rows=800, scored_rows=60)
    out = again(on_laptop, tmp_path / "out", engine, "features", "score")
    assert_same_job(out, on_laptop.workspace.root)
    assert f"on {cluster}" in capfd.readouterr().err
    assert not [
        left.name for left in out.iterdir() if left.name.startswith((".features-", ".features.", ".score-", ".score."))
    ]


def test_a_company_without_open_leads_has_no_scores(nothing_open, engine_settings, tmp_path):
    out = again(nothing_open, tmp_path / "out", engine_settings("local[2]"), "features", "score")
    assert len(pd.read_parquet(out / "features" / "history.parquet"))
    assert pd.read_parquet(out / "score" / "scores.parquet").empty
