from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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


KILLED_BETWEEN_THE_RENAMES = """
import sys, time
from pathlib import Path
from pipeline.runner import workspace
from pipeline.runner.workspace import Workspace
workspace.exchange = lambda one, other: False  # as where two folders cannot trade places in one step
rename = Path.rename
def stop_at_the_second(self, target):
    if self.name == ".ingest.partial":
        print("between", flush=True)
        time.sleep(600)
    return rename(self, target)
Path.rename = stop_at_the_second
with Workspace(Path(sys.argv[1])).writing("ingest", {"data": "2"}) as out:
    (out / "table.txt").write_text("two")
"""


@pytest.fixture
def replacing(tmp_path):
    """A workspace whose stage is being replaced by another process, which has just taken the earlier outputs away."""
    workspace = Workspace(tmp_path / "out")
    write(workspace, "one", {"data": "1"})
    command = [sys.executable, "-c", KILLED_BETWEEN_THE_RENAMES, workspace.root]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "between\n"
        yield workspace, other
        other.kill()


def test_a_kill_between_the_renames_leaves_the_earlier_outputs(replacing):
    workspace, other = replacing
    assert not (workspace.root / "ingest").exists()
    other.kill()
    other.wait()
    assert (workspace.folder("ingest") / "table.txt").read_text() == "one"
    assert workspace.is_current("ingest", {"data": "1"})


def test_what_writes_after_such_a_kill_may_fail_and_still_leaves_the_earlier_outputs(replacing):
    workspace, other = replacing
    other.kill()
    other.wait()
    with pytest.raises(RuntimeError), workspace.writing("ingest", {"data": "3"}):
        raise RuntimeError
    assert workspace.is_current("ingest", {"data": "1"})
    write(workspace, "four", {"data": "4"})
    assert workspace.is_current("ingest", {"data": "4"})
    assert sorted(p.name for p in workspace.root.iterdir() if p.is_dir()) == ["ingest"]


def test_a_reader_does_not_take_the_place_from_a_process_that_is_alive(replacing):
    workspace, _ = replacing
    assert not workspace.folder("ingest").exists()
    assert (workspace.root / ".ingest.old" / "table.txt").read_text() == "one"


SCRATCH = """
import sys, time
from pathlib import Path
from pipeline.runner.workspace import Workspace
with Workspace(Path(sys.argv[1])).scratch("looks") as scratch:
    (scratch / "looks.parquet").write_text("much")
    print(scratch, flush=True)
    time.sleep(600)
"""


def test_the_scratch_of_a_killed_process_is_cleared_away_and_that_of_a_living_one_is_not(tmp_path):
    workspace = Workspace(tmp_path)
    with subprocess.Popen([sys.executable, "-c", SCRATCH, tmp_path], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        used = Path(other.stdout.readline().strip())
        with workspace.scratch("looks") as scratch:
            assert scratch != used
            assert (used / "looks.parquet").is_file()
        other.kill()
    assert used.is_dir()
    with workspace.scratch("looks"):
        assert not used.exists()
    assert not list(tmp_path.iterdir())
