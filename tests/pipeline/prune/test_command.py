"""What is kept goes when its time is over, the run in force never, and a decision only when no score needs it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from features.time_units import DAY_US
from pipeline.cli import main
from pipeline.history.folder import HistoryFolder
from pipeline.history.kept_run import KeptRun
from pipeline.prune.command import prune
from pipeline.settings.settings import Settings, read_settings

OLD = "an older run"


@pytest.fixture
def out(demo_run: Path, tmp_path: Path) -> Path:
    """A demo with the history and the scores of a run a hundred days before the present one."""
    out = tmp_path / "out"
    out.mkdir()
    shutil.copytree(demo_run / "history", out / "history")
    shutil.copyfile(demo_run / "scores.sqlite", out / "scores.sqlite")
    newest = HistoryFolder(out).runs()[-1]
    older = newest.path.with_name(f"000000-{OLD}")
    shutil.copytree(newest.path, older)
    moved = {"run_id": OLD, "observed_until_us": newest.run.observed_until_us - 100 * DAY_US}
    (older / "run.json").write_text(KeptRun.model_validate(newest.run.model_dump() | moved).model_dump_json())
    HistoryFolder(out).turn_into_changes()
    with sqlite3.connect(out / "scores.sqlite") as store:
        store.row_factory = sqlite3.Row
        for table, key in (("score_runs", "started_at"), ("scores", "as_of")):
            for row in store.execute(f"SELECT * FROM {table}").fetchall():
                values = dict(row) | {"run_id": OLD}
                values |= {name: "2025-01-01 00:00:00.000000" for name in (key, "finished_at") if name in values}
                values |= {"sequence": 0} if "sequence" in values else {}  # it came before the present one
                names, places = ", ".join(values), ", ".join("?" * len(values))
                store.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", list(values.values()))
    return out


def settings(**retention: str) -> Settings:
    return read_settings(None, overrides={"retention": retention})


def now_of(out: Path) -> int:
    return HistoryFolder(out).runs()[-1].run.observed_until_us


def scores_of(out: Path, run_id: str) -> int:
    with sqlite3.connect(out / "scores.sqlite") as store:
        return int(store.execute("SELECT count(*) FROM scores WHERE run_id = ?", [run_id]).fetchone()[0])


def test_without_a_period_nothing_goes(out: Path) -> None:
    answer = prune(out, settings(), now_us=now_of(out) + 10_000 * DAY_US)
    assert (answer.scores, answer.runs, answer.decisions) == (0, (), ())
    assert answer.unset == ("scores", "facts", "models")
    assert "no period is set" in answer.to_text()


def test_what_is_old_goes_and_the_run_in_force_stays(out: Path) -> None:
    present, count = HistoryFolder(out).runs()[-1].run.run_id, scores_of(out, OLD)
    kept = settings(scores="50d", facts="50d")
    trial = prune(out, kept, now_us=now_of(out) + 10_000 * DAY_US, dry_run=True)
    assert (trial.scores, trial.runs, scores_of(out, OLD)) == (count, (OLD,), count)
    assert HistoryFolder(out).run(OLD) is not None
    answer = prune(out, kept, now_us=now_of(out) + 10_000 * DAY_US)
    assert (answer.scores, answer.runs) == (count, (OLD,))
    assert HistoryFolder(out).run(OLD) is None
    assert scores_of(out, OLD) == 0
    assert scores_of(out, present) > 0
    assert [folder.run.run_id for folder in HistoryFolder(out).runs()] == [present]
    assert prune(out, kept, now_us=now_of(out) + 10_000 * DAY_US).scores == 0


def test_what_is_young_stays(out: Path) -> None:
    answer = prune(out, settings(scores="10000d", facts="150d"), now_us=now_of(out))
    assert (answer.scores, answer.runs) == (0, ())


def test_a_decision_goes_when_no_score_and_no_run_needs_it(out: Path) -> None:
    decisions = HistoryFolder(out).decisions
    used = next(decisions.iterdir())
    os.utime(used, (0, 0))
    assert prune(out, settings(models="1d"), now_us=now_of(out)).decisions == ()
    with sqlite3.connect(out / "scores.sqlite") as store:
        store.execute("UPDATE scores SET model_version = 'another'")
    for folder in HistoryFolder(out).runs():
        (folder.path / "run.json").write_text(folder.run.model_copy(update={"decision": "another"}).model_dump_json())
    assert prune(out, settings(models="1d"), now_us=now_of(out), dry_run=True).decisions == (used.name,)
    assert prune(out, settings(models="1d"), now_us=now_of(out)).decisions == (used.name,)
    assert not used.exists()


def test_the_command_says_what_it_did(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["prune", "--out", str(out), "--set", "retention.scores=50d", "--as-of", "2050-01-01"])
    assert stop.value.code == 0
    assert "dropped:" in capsys.readouterr().out
