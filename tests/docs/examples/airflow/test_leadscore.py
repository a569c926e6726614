"""The DAG of the night in a real Airflow: a night, one that a brake stops, and one that could not run."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.xdist_group("installed"), pytest.mark.slow]
HERE = Path(__file__).parent


def test_nights(nights: Any, python_of: Callable[[str, Path], Path], project_root: Path, tmp_path: Path) -> None:
    airflow = python_of("airflow", HERE / "requirements.lock")
    dags = project_root / "docs" / "examples" / "airflow"
    variables = {
        **nights.variables,
        "PATH": f"{airflow.parent}:{nights.variables['PATH']}",
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
    }

    def run(*command: object) -> str:
        done = subprocess.run(
            [str(part) for part in command], env=variables, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    run(airflow.with_name("airflow"), "db", "migrate")
    exports = [nights.export, nights.broken, tmp_path / "nothing-here"]
    log = run(airflow, HERE / "run_dag.py", dags / "leadscore.py", tmp_path / "results", *exports)
    results = [json.loads(line) for line in (tmp_path / "results").read_text().splitlines()]
    assert results == [
        {"run": "success", "task": "success", "tries": 1},
        {"run": "failed", "task": "failed", "tries": 1},  # a brake: nobody tries again by himself
        {"run": "failed", "task": "failed", "tries": 3},
    ]
    assert nights.run_in_force()
    assert "nightly stopped, and nothing was written" in log
    assert "A brake stopped the night and nothing was written" in log
