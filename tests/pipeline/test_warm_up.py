"""What is compiled ahead is what the stages ask for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_after_it_no_stage_compiles_anything(demo_run, small_demo, project_root, tmp_path):
    code, out = tmp_path / "code", tmp_path / "out"
    environment = os.environ | {"NUMBA_CACHE_DIR": str(code), "PYTHONPATH": str(project_root)}
    shutil.copytree(demo_run, out)

    def run(*arguments):
        command = [sys.executable, "-m", *map(str, arguments)]
        subprocess.run(command, check=True, cwd=project_root, env=environment, capture_output=True)
        return {file.name for file in code.rglob("*.nbc")}

    ahead = run("pipeline.warm_up")
    assert ahead
    knobs = [part for assignment in small_demo for part in ("--set", assignment)]
    for stage in ("features", "score"):
        assert run("pipeline.cli", stage, "--out", out, "--force", *knobs) == ahead
