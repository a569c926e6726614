"""A demo of its own for each test, on which a night can be ingested anew and scored."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from pipeline.runner.finished_run import open_run
from pipeline.runner.stages import run_stage
from pipeline.runner.workspace import Workspace

Edit = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture
def out(demo_run: Path, tmp_path: Path) -> Path:
    """A copy of the demo, whose stages are taken for finished, and whose history begins with its own run."""
    copy = tmp_path / "out"
    shutil.copytree(demo_run, copy, ignore=shutil.ignore_patterns("mlflow", "simulate", "history"))
    run_stage("score", open_run(copy), force=True)
    return copy


@pytest.fixture
def change(out: Path) -> Callable[..., None]:
    """Ingest other facts, as if the export had changed, and compute the features anew."""

    def changed(table: str, edit: Edit, *, observed_until: str | None = None) -> None:
        context = open_run(out)
        before = {file.name: file.read_bytes() for file in (out / "ingest").iterdir() if file.name != "stage.json"}
        inputs = {**context.stamp("ingest").inputs, "changed": len(before[f"{table}.parquet"]), "at": observed_until}
        with Workspace(out).writing("ingest", inputs) as folder:
            for name, content in before.items():
                (folder / name).write_bytes(content)
            edit(pd.read_parquet(folder / f"{table}.parquet")).to_parquet(folder / f"{table}.parquet", index=False)
            if observed_until is not None:
                summary = json.loads(before["ingest.json"]) | {"observed_until": observed_until}
                (folder / "ingest.json").write_text(json.dumps(summary))
        run_stage("features", context)

    return changed


@pytest.fixture
def score(out: Path) -> Callable[[], str]:
    """Score the open leads and return the run's id."""

    def scored() -> str:
        run_stage("score", open_run(out), force=True)
        return str(json.loads((out / "score" / "score.json").read_text())["run_id"])

    return scored


@pytest.fixture
def lead_id(out: Path) -> str:
    """The newest lead that no other group than its band counts: it is looked at for some time yet."""
    scores = pd.read_parquet(out / "score" / "scores.parquet")
    return str(scores.loc[scores["counted_as"] == "none", "lead_id"].iloc[-1])
