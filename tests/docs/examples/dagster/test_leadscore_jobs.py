"""The jobs in a real Dagster: a night, one that a brake stops, and one that could not run."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.xdist_group("installed"), pytest.mark.slow]
HERE = Path(__file__).parent
NIGHTS = """
import dagster, json, os, runpy, sys
jobs = runpy.run_path(sys.argv[1])["definitions"]
print(json.dumps(sorted(schedule.name for schedule in jobs.schedules)))
for export in sys.argv[2:]:
    os.environ["LEADSCORE_DATA"] = export
    done = jobs.resolve_job_def("leadscore_nightly").execute_in_process(raise_on_error=False)
    kinds = [event.event_type_value for event in done.all_events]
    odd = [event.step_failure_data.user_failure_data for event in done.all_events if event.is_step_failure]
    told = [entry.text for failure in odd if failure for entry in failure.metadata.values()]
    print(json.dumps([done.success, kinds.count("STEP_START") + kinds.count("STEP_RESTARTED"), told]))
"""


def test_nights(nights: Any, python_of: Callable[[str, Path], Path], project_root: Path, tmp_path: Path) -> None:
    python = python_of("dagster", HERE / "requirements.lock")
    jobs = project_root / "docs" / "examples" / "dagster" / "leadscore_jobs.py"
    variables = {**nights.variables, "DAGSTER_HOME": str(tmp_path), "DAGSTER_DISABLE_TELEMETRY": "true"}

    def run(*command: object, export: Path) -> subprocess.CompletedProcess[str]:
        call = [str(part) for part in command]
        env = {**variables, "LEADSCORE_DATA": str(export)}
        return subprocess.run(call, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)

    done = run(
        python.with_name("dagster"), "job", "execute", "-f", jobs, "-j", "leadscore_nightly", export=nights.export
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert nights.run_in_force()

    exports = [nights.broken, tmp_path / "nothing-here"]
    done = run(python, "-c", NIGHTS, jobs, *exports, export=nights.export)
    assert done.returncode == 0, done.stdout + done.stderr
    schedules, braked, away = map(json.loads, done.stdout.splitlines())
    assert schedules == ["leadscore_nightly_schedule", "leadscore_training_schedule"]
    assert braked[:2] == [False, 1]  # nobody tries again by himself
    assert "nightly stopped, and nothing was written" in braked[2][0]
    assert away[:2] == [False, 3]
