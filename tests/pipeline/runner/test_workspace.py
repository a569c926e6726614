from __future__ import annotations

import subprocess
import sys

import pytest

from features.errors import InputError
from pipeline.runner.workspace import Workspace


def write(workspace, text, inputs):
    with workspace.writing("ingest", inputs) as out:
        (out / "table.txt").write_text(text)


def test_a_finished_stage_is_current_only_for_its_inputs(tmp_path):
    workspace = Workspace(tmp_path)
    write(workspace, "one", {"data": "1"})
    assert workspace.is_current("ingest", {"data": "1"})
    assert not workspace.is_current("ingest", {"data": "2"})


def test_a_file_changed_by_hand_is_noticed(tmp_path):
    workspace = Workspace(tmp_path)
    write(workspace, "one", {})
    (workspace.folder("ingest") / "table.txt").write_text("two")
    assert not workspace.is_current("ingest", {})


def test_a_crash_leaves_the_old_outputs_whole(tmp_path):
    workspace = Workspace(tmp_path)
    write(workspace, "one", {"data": "1"})
    with pytest.raises(RuntimeError), workspace.writing("ingest", {"data": "2"}) as out:
        (out / "table.txt").write_text("half")
        raise RuntimeError
    assert (workspace.folder("ingest") / "table.txt").read_text() == "one"
    assert workspace.is_current("ingest", {"data": "1"})


def test_a_crash_of_the_first_run_leaves_no_stage_and_the_next_run_starts_clean(tmp_path):
    workspace = Workspace(tmp_path)
    with pytest.raises(KeyboardInterrupt), workspace.writing("ingest", {}) as out:
        (out / "left_over.txt").write_text("half")
        raise KeyboardInterrupt
    assert not workspace.folder("ingest").exists()
    write(workspace, "one", {})
    assert sorted(p.name for p in workspace.folder("ingest").iterdir()) == ["stage.json", "table.txt"]


HOLDER = """
import sys, time
from pathlib import Path
from pipeline.runner.workspace import Workspace
with Workspace(Path(sys.argv[1])).locked():
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_second_process_is_told_and_a_dead_one_leaves_no_lock(tmp_path):
    workspace = Workspace(tmp_path / "out")
    with subprocess.Popen([sys.executable, "-c", HOLDER, workspace.root], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="another leadscore command at work there"):
            write(workspace, "one", {})
        assert not workspace.folder("ingest").exists()
        other.kill()
    write(workspace, "one", {})
    assert workspace.is_current("ingest", {})


def test_blocks_of_one_process_may_lie_in_each_other(tmp_path):
    workspace = Workspace(tmp_path)
    with workspace.locked():
        write(workspace, "one", {})
        write(workspace, "two", {})
    write(workspace, "three", {})
    assert (workspace.folder("ingest") / "table.txt").read_text() == "three"


def test_where_nothing_can_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="a folder to write into for --out"):
        write(Workspace(tmp_path / "file" / "out"), "one", {})
