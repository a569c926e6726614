"""The short form of the benchmark: a few kills of a small write, every lead once after the resume, no half run seen."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.parametrize("into", ["store", "tool"])
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_killed_write_is_exact_after_the_resume(database: str, into: str, project_root: Path) -> None:
    command = [sys.executable, "benchmarks/kill_writes.py", "--kills", "5", "--leads", "6000", "--seed", "3"]
    said = subprocess.run(  # it works in a folder of its own, for the same reason as `postgres`
        [*command, "--databases", database, "--into", into],
        cwd=project_root,
        env=os.environ | {"PYTHONPATH": str(project_root)},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    expected = rf"{database}, {into}: 5 of 5 exact, half runs seen 0 in (\d+) looks"
    looks = re.search(expected, said.stdout.splitlines()[-1])
    assert looks is not None, said.stdout
    assert int(looks[1]) > 2, said.stdout
