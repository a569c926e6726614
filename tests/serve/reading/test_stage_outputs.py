"""A value made of two stages: whole sets only, the last one while another is being made."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from features.errors import InputError
from models.stage_stamps import STAMP, Stamp
from serve.reading.stage_outputs import StageOutputs


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., None]:
    """Write a stage as the pipeline does: beside its place, then moved there."""
    at = iter(range(1, 10_000))

    def stage(name: str, text: str, **inputs: str) -> None:
        partial = tmp_path / f".{name}.partial"
        partial.mkdir()
        (partial / "file.txt").write_text(text)
        stamp = partial / STAMP
        stamp.write_text(Stamp(name, inputs, outputs=text).to_json())
        os.utime(stamp, ns=(0, next(at)))
        shutil.rmtree(tmp_path / name, ignore_errors=True)
        partial.rename(tmp_path / name)

    return stage


@pytest.fixture
def outputs(tmp_path: Path) -> StageOutputs[str]:
    def make() -> str:
        return " ".join((tmp_path / stage / "file.txt").read_text() for stage in ("train", "cutoffs"))

    return StageOutputs(tmp_path, ("train", "cutoffs"), make, nightly=("ingest",))


def test_the_last_whole_set_stays_in_force_until_the_next_is_whole(
    write: Callable[..., None], outputs: StageOutputs[str]
) -> None:
    write("ingest", "monday")
    write("train", "old")
    write("cutoffs", "cut_old", train="old")
    assert (outputs.current().value, outputs.newer()) == ("old cut_old", None)
    write("train", "new")
    assert outputs.current().value == "old cut_old"
    assert "those of stage cutoffs made from other outputs of stage train" in str(outputs.newer())
    write("cutoffs", "cut_new", train="new")
    assert (outputs.current().value, outputs.newer()) == ("new cut_new", None)


def test_without_any_whole_set_it_is_said_what_to_run(write: Callable[..., None], outputs: StageOutputs[str]) -> None:
    with pytest.raises(InputError, match=r"found no train/stage.json\. Run 'make demo' or 'leadscore run' first"):
        outputs.current()
    write("ingest", "monday")
    write("train", "new")
    write("cutoffs", "cut_old", train="old")
    for _ in range(2):
        with pytest.raises(InputError, match="Run 'leadscore cutoffs', or wait"):
            outputs.current()
    write("cutoffs", "cut_new", train="new")
    assert outputs.current().value == "new cut_new"


def test_what_the_nightly_job_replaces_is_read_again_whatever_the_others_were_made_from(
    write: Callable[..., None], outputs: StageOutputs[str]
) -> None:
    write("ingest", "monday")
    write("train", "old", ingest="monday")
    write("cutoffs", "cut_old", train="old", ingest="monday")
    before = outputs.current()
    assert outputs.current() is before
    write("ingest", "tuesday")
    after = outputs.current()
    assert after is not before
    assert after.value == before.value


def test_a_folder_that_is_gone_for_a_moment_is_not_missed(
    write: Callable[..., None], outputs: StageOutputs[str], tmp_path: Path
) -> None:
    write("ingest", "monday")
    write("train", "old")
    write("cutoffs", "cut_old", train="old")
    before = outputs.current()
    (tmp_path / "train").rename(tmp_path / ".train.old")
    assert outputs.current() is before


def test_a_stage_that_is_replaced_while_it_is_read_is_not_half_of_a_set(
    write: Callable[..., None], tmp_path: Path
) -> None:
    write("train", "old")
    write("cutoffs", "cut_old", train="old")
    replace = threading.Event()

    def make() -> str:
        first = (tmp_path / "train" / "file.txt").read_text()
        if replace.is_set():
            replace.clear()
            write("train", "new")
            write("cutoffs", "cut_new", train="new")
        return f"{first} {(tmp_path / 'cutoffs' / 'file.txt').read_text()}"

    outputs = StageOutputs(tmp_path, ("train", "cutoffs"), make)
    assert outputs.current().value == "old cut_old"
    write("cutoffs", "cut_old_again", train="old")
    replace.set()
    assert outputs.current().value == "old cut_old"
    assert outputs.current().value == "new cut_new"
