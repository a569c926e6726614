"""A stage folder is there at every moment: killed at any step, the earlier or the new outputs lie there."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from pipeline.runner import workspace as of_workspace
from pipeline.runner.exchange import exchange
from pipeline.runner.workspace import Workspace


def write(workspace: Workspace, text: str) -> None:
    with workspace.writing("ingest", {"data": text}) as out:
        (out / "table.txt").write_text(text)


def test_two_folders_trade_places(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "said").write_text(name)
    if not exchange(tmp_path / "one", tmp_path / "other"):
        pytest.skip("this system cannot")
    assert [(tmp_path / name / "said").read_text() for name in ("one", "other")] == ["other", "one"]
    assert not exchange(tmp_path / "one", tmp_path / "nowhere")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["one", "other"]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", range(1, 5))
def test_a_kill_at_any_step_leaves_the_earlier_or_the_new_outputs(step: int, *, after: bool, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(Workspace(out), "one")
    if not exchange(out, out):
        pytest.skip("this system cannot trade places in one step")
    child = os.fork()
    if child == 0:  # pragma: no cover - it is killed
        die_at(step, after=after)
        write(Workspace(out), "two")
        os._exit(0)
    ended = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(ended) or step == 4  # there are three steps
    assert (out / "ingest" / "table.txt").read_text() in ("one", "two")  # as it lies there, without anybody's help
    assert Workspace(out).stamp("ingest") is not None
    write(Workspace(out), "three")
    assert [folder.name for folder in out.iterdir() if folder.is_dir()] == ["ingest"]


def die_at(step: int, *, after: bool) -> None:
    """Be killed before or after the step of this number by which folders get other names."""
    rename, trade, steps = Path.rename, of_workspace.exchange, 0

    def counted(work: object, *given: Path) -> object:
        nonlocal steps
        steps += 1
        if steps == step and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = work(*given)  # type: ignore[operator]
        if steps == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    Path.rename = lambda *given: counted(rename, *given)  # type: ignore[method-assign,assignment]
    of_workspace.exchange = lambda *given: counted(trade, *given)  # type: ignore[assignment]
