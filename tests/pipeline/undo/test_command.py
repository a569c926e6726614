"""``leadscore undo``: the list of the run before again, what is said of it, and what cannot be restored."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.runner.finished_run import open_run
from pipeline.runner.stages import StageContext, run_stage
from pipeline.settings.settings import ScoreOptions
from serve.reading.open_leads import LeadsWanted
from serve.reading.score_store import ScoreReader, StoredRun


def command(*arguments: object) -> object:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    return stop.value.code


def in_force(out: Path) -> tuple[StoredRun | None, list[object]]:
    reader = ScoreReader(f"sqlite:///{out}/scores.sqlite")
    with reader.state() as state:
        run, page = state.run, state.open_leads(LeadsWanted(limit=10_000))
    reader.close()
    return run, [(row["lead_id"], row["run_id"], len(row["reasons"])) for row in page.rows]


def score_with(out: Path, reasons: int) -> None:
    opened = open_run(out)
    settings = opened.settings.model_copy(update={"score": ScoreOptions(reasons=reasons)})
    run_stage("score", StageContext(opened.workspace, settings, None, None, {}))


@pytest.fixture
def out(demo_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(demo_run, tmp_path / "out", ignore=shutil.ignore_patterns("mlflow", "simulate")))


def test_the_list_of_the_run_before_is_read_again(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = in_force(out)
    score_with(out, reasons=2)
    second, _ = in_force(out)
    assert before[0] is not None
    assert second is not None
    assert before[0].run_id != second.run_id
    assert command("undo", second.run_id, "--out", out, "--why", "two reasons are too few") == 0
    said = capsys.readouterr().out
    assert f"store: run {second.run_id} is taken back; run {before[0].run_id} is in force" in said
    assert f"not restored: {out / 'score'} holds the files of run {second.run_id}" in said
    assert "not restored: What people and other programs did" in said
    assert in_force(out) == before
    score_with(out, reasons=2)  # the same job again has nothing to do
    assert in_force(out) == before


def test_a_run_that_is_not_there_is_one_message_that_names_the_newest(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, _ = in_force(out)
    assert run is not None
    assert command("undo", "no-such-run", "--out", out) == 2
    assert f"The newest are {run.run_id} (" in capsys.readouterr().err
    assert command("undo", run.run_id, "--out", tmp_path / "nowhere") == 2
    assert not (tmp_path / "nowhere").exists()
