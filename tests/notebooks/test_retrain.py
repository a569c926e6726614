"""The notebook as it stands in git, run from top to bottom on a real run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from pipeline.registry.model_registry import CHALLENGER, CHAMPION, open_registry
from pipeline.runner.finished_run import open_run
from pipeline.runner.stages import run_stage


@pytest.fixture(scope="module")
def notebook(project_root) -> Path:
    return project_root / "notebooks" / "retrain.ipynb"


@pytest.fixture
def workspace(demo_run, tmp_path) -> Path:
    """A copy of the run with a registry of its own, since the notebook registers a model."""
    out = tmp_path / "out"
    shutil.copytree(demo_run, out, ignore=shutil.ignore_patterns("mlflow", "register", "simulate", "score*"))
    for stage in ("receipt", "register"):
        run_stage(stage, open_run(out))
    return out


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*zmq.*")
def test_it_runs_from_top_to_bottom_and_registers_a_version(notebook, workspace, project_root, monkeypatch):
    monkeypatch.setenv("LEADSCORE_OUT", str(workspace))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(project_root), os.environ.get("PYTHONPATH", "")]))
    told = nbformat.read(notebook, as_version=4)
    client = NotebookClient(told, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(workspace)}})
    client.execute()
    texts = [output.get("text", "") for cell in told.cells if cell.cell_type == "code" for output in cell.outputs]
    [end] = [text for text in texts if text.startswith("leadscore-demo version 2")]
    assert "not promoted because it has no receipt" in end
    errors = [output for cell in told.cells for output in cell.get("outputs", []) if output.get("name") == "stderr"]
    assert not [text for text in errors if "Warning" in text["text"]]
    run = open_run(workspace)
    registry = open_registry(workspace, run.settings.mlflow, "demo")
    assert registry.version_of(CHALLENGER) == "1"  # that one has a receipt, and the notebook's has none
    assert registry.version_of(CHAMPION) is None  # nobody has signed the receipt of the run either


def test_outputs_are_stripped_in_git(notebook):
    check = [str(Path(sys.executable).parent / "nbstripout"), "--verify", str(notebook)]
    assert subprocess.run(check, check=False).returncode == 0
    for cell in nbformat.read(notebook, as_version=4).cells:
        assert cell.cell_type == "markdown" or (not cell.outputs and cell.execution_count is None)


def test_it_uses_public_functions_only(notebook):
    code = "\n".join(cell.source for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code")
    imported = [line for line in code.splitlines() if line.startswith(("from ", "import "))]
    assert imported
    assert not [line for line in imported if " _" in line or "._" in line]
    assert "def " not in code, "what deserves a function belongs into the packages"
