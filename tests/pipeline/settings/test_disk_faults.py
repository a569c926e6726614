"""A disk that is full is one message and exit code 2, and leaves nothing half-written."""

from __future__ import annotations

import errno
import resource
import shutil
import subprocess
import sys

import pytest
import sqlalchemy as sa

from pipeline.runner.workspace import tree_digest
from pipeline.settings.disk_faults import disk_fault


@pytest.mark.parametrize("stage", ["ingest", "features", "labels", "score"])
def test_a_stage_that_may_not_write_ends_with_one_message(demo_run, small_demo, project_root, tmp_path, stage):
    """A limit of 4 kB a file stands for the disk; it lies in the operating system, as a full disk does."""
    out = shutil.copytree(demo_run, tmp_path / "out")
    (out / ".lock").unlink(missing_ok=True)
    before = tree_digest([out])
    knobs = [part for assignment in small_demo for part in ("--set", assignment)]
    folders = ["--source", "sources/demo", "--data", str(out / "simulate" / "export"), "--out", str(out)]
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", stage, *folders, *knobs, "--force"],
        capture_output=True, text=True, cwd=project_root, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: expected to read and write files, found ")
    (out / ".lock").unlink(missing_ok=True)
    assert tree_digest([out]) == before


def test_what_libraries_say_of_a_disk_is_understood():
    full = OSError(errno.ENOSPC, "No space left on device")
    assert "no space left" in disk_fault(full).found
    wrapped = RuntimeError("a library's own words")
    wrapped.__cause__ = full
    assert "no space left" in disk_fault(wrapped).found
    of_sqlite = sa.exc.OperationalError("INSERT", {}, Exception("database or disk is full"))
    assert "no space left" in disk_fault(of_sqlite).found
    assert disk_fault(RuntimeError("another matter")) is None
    assert disk_fault(FileNotFoundError(errno.ENOENT, "No such file")) is None


def test_a_name_that_is_too_long_is_one_message(project_root, capsys):
    from pipeline.cli import main

    for arguments in (
        ["ingest", "--source", "sources/demo", "--data", "x" * 300, "--out", "y"],
        ["summary", "--out", "x" * 300],
        ["init", "a" * 300, "--from", "leads.csv"],
        ["check", "x" * 300, "--data", "y"],
    ):
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        said = capsys.readouterr().err.strip().splitlines()
        assert stopped.value.code == 2
        assert len(said) == 1
        assert said[0].startswith("error: ")
