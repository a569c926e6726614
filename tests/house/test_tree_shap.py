"""Exact shares of columns come from one place, and its compiler is not loaded before somebody asks for a reason."""

from __future__ import annotations

import ast
import subprocess
import sys

PACKAGES = ("features", "models", "pipeline", "serve")


def sources(project_root):
    for package in PACKAGES:
        for file in (project_root / package).rglob("*.py"):
            yield file.relative_to(project_root).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


def test_nobody_asks_lightgbm_for_contributions(project_root):
    asking = [
        name
        for name, tree in sources(project_root)
        if any(isinstance(node, ast.keyword) and node.arg == "pred_contrib" for node in ast.walk(tree))
    ]
    assert not asking


def test_numba_stays_out_of_what_must_start_quickly():
    imports = "import sys, features, models, pipeline.cli, models.estimator.boosters; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", imports], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
