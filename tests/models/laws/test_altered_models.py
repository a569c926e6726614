from __future__ import annotations

import subprocess
import sys

import pytest

from pipeline.outputs.model_files import write_forecast


@pytest.mark.slow
def test_no_altered_model_ends_or_hangs_the_process_that_reads_it(forecast, tmp_path, project_root):
    """Two of each kind; `N of N` is the last line, and the exit code says so too."""
    write_forecast(forecast, tmp_path / "model")
    script = project_root / "benchmarks" / "altered_models.py"
    command = [sys.executable, str(script), "--model", str(tmp_path / "model"), "--each", "2", "--seconds", "60"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=project_root, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    right, _, cases, *_ = done.stdout.splitlines()[-1].split()
    assert right == cases
    assert int(cases) >= 100
