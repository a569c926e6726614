from __future__ import annotations

import pytest

from pipeline.workspace import Workspace


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
