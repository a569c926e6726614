"""Scoring keeps what it scored with beside the outputs: tests of it work on a copy, for the demo is shared."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def demo_run(demo_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the finished run that other workers read at the same time."""
    copy = tmp_path_factory.mktemp("demo") / "out"
    return Path(shutil.copytree(demo_run, copy, ignore=shutil.ignore_patterns(".lock")))
