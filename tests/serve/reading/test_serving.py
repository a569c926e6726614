"""What requests are scored with: read in a thread of its own, whole, and the old one until then."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from features.errors import InputError
from models.stage_stamps import STAMP, Stamp
from serve.reading import serving
from serve.reading.ingested_history import IngestHistory
from serve.reading.score_store import ScoreReader
from serve.reading.served_model import ServedModel
from serve.reading.serving import CurrentServing, Serving


@pytest.fixture
def out(demo_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is served, in a folder of its own; somebody looks for newer outputs all the time."""
    monkeypatch.setattr(serving, "LOOK_EVERY_SECONDS", 0.02)
    for stage in ("ingest", "train", "cutoffs"):
        shutil.copytree(demo_run / stage, tmp_path / "out" / stage)
    return tmp_path / "out"


@pytest.fixture
def current(out: Path) -> Iterator[CurrentServing]:
    made = CurrentServing(ServedModel(out), IngestHistory(out), ScoreReader(f"sqlite:///{out}/scores.sqlite"))
    yield made
    made.stop()


def completed_again(out: Path, stage: str, outputs: str) -> None:
    """Put a stamp in place of a stage's own, as a stage does that was run again."""
    file = out / stage / STAMP
    again = replace(Stamp.from_json(file.read_text()), outputs=outputs)
    file.unlink()
    file.write_text(again.to_json())


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def nothing(_: Serving) -> None:
    """Prove nothing."""


def test_a_new_ingestion_is_read_by_nobody_who_asks(out: Path, current: CurrentServing) -> None:
    asked_by: list[str] = []

    def slow(_: Serving) -> None:
        import threading

        asked_by.append(threading.current_thread().name)
        time.sleep(0.3)

    current.start(slow)
    before = current.current()
    completed_again(out, "ingest", "the tables of tuesday")
    until(lambda: len(asked_by) == 2)
    assert current.current() is before or current.current().loaded is before.loaded  # until the new one stands whole
    until(lambda: current.current().loaded is not before.loaded)
    after = current.current()
    assert after.engine is not before.engine  # model and other leads are replaced together
    assert asked_by[1] == "newer outputs"


def test_what_is_newer_and_cannot_score_is_told_and_not_used(
    out: Path, current: CurrentServing, caplog: pytest.LogCaptureFixture
) -> None:
    served: list[Serving] = []

    def prove(tried: Serving) -> None:
        if served:
            raise InputError(expected="a column that is there", found="none")
        served.append(tried)

    current.start(prove)
    with caplog.at_level(logging.WARNING):
        completed_again(out, "ingest", "the tables of tuesday")
        until(lambda: current.failure is not None)
        time.sleep(0.1)
    assert "a column that is there" in str(current.failure)
    assert [record.message.partition(":")[0] for record in caplog.records] == ["not in use yet"]  # once, not each time
    assert current.current().loaded is served[0].loaded


def test_a_fault_of_ours_does_not_end_the_looking(
    out: Path, current: CurrentServing, monkeypatch: pytest.MonkeyPatch
) -> None:
    current.start(nothing)
    before = current.current()
    with monkeypatch.context() as broken:
        broken.setattr(ServedModel, "current", lambda _: 1 / 0)
        until(lambda: current.failure is not None)
        assert "ZeroDivisionError" in str(current.failure)
        assert current.current().loaded is before.loaded
    until(lambda: current.failure is None)
    completed_again(out, "ingest", "the tables of tuesday")
    until(lambda: current.current().loaded is not before.loaded)


def test_the_files_of_a_damaged_ingestion_leave_the_old_in_force(out: Path, current: CurrentServing) -> None:
    current.start(nothing)
    before = current.current()
    (out / "ingest" / "leads.parquet").write_bytes(b"damaged")
    completed_again(out, "ingest", "damaged tables")
    until(lambda: current.failure is not None)
    assert current.current().engine is before.engine


def test_it_stops(out: Path, current: CurrentServing) -> None:
    current.start(nothing)
    thread = current._thread
    current.stop()
    assert thread is not None
    assert not thread.is_alive()
    current.start(nothing)
    assert current._thread is not None


def test_where_there_is_nothing_yet_the_thread_waits_for_it(tmp_path: Path, demo_run: Path) -> None:
    made = CurrentServing(
        ServedModel(tmp_path), IngestHistory(tmp_path), ScoreReader(f"sqlite:///{tmp_path}/scores.sqlite")
    )
    made.start(nothing)
    try:
        assert "a finished run" in str(made.failure)
        with pytest.raises(InputError, match="a finished run"):
            made.current()
    finally:
        made.stop()
