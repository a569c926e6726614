"""A past score is what stored model, cut-offs, rules and facts give; whoever alters one of them is found out."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from features.errors import InputError
from pipeline.cli import main
from pipeline.history.folder import HistoryFolder
from pipeline.rebuild.command import replayed
from pipeline.rebuild.comparison import differences
from pipeline.rebuild.rebuilt import rebuilt_scores
from pipeline.settings.settings import Settings

Change = Callable[..., None]
Score = Callable[[], str]


def test_every_score_of_two_nights_is_identical_though_facts_were_corrected(
    out: Path, tmp_path: Path, lead_id: str, change: Change, score: Score
) -> None:
    first = json.loads((out / "score" / "score.json").read_text())["run_id"]
    stored = {first: pd.read_parquet(out / "score" / "scores.parquet")}

    def corrected(leads: pd.DataFrame) -> pd.DataFrame:
        return leads.assign(employees=leads["employees"].where(leads["lead_id"] != lead_id, 5.0))

    change("leads", corrected)
    second = score()
    stored[second] = pd.read_parquet(out / "score" / "scores.parquet")
    history = HistoryFolder(out)
    assert [folder.run.run_id for folder in history.runs()] == list(stored)
    for place, folder in enumerate(history.runs()):
        scratch = tmp_path / f"then{place}"
        scratch.mkdir()
        rebuilt = {row["lead_id"]: row for row in rebuilt_scores(history, folder, scratch).to_pylist()}
        rows = stored[folder.run.run_id].to_dict("records")
        assert len(rows) == len(rebuilt) == folder.run.leads
        for row in rows:
            lists = {
                name: json.loads(value) for name, value in row.items() if isinstance(value, str) and value[:1] == "["
            }
            assert differences(row | lists, rebuilt[row["lead_id"]]) == ()
    assert not history.runs()[0].facts.exists()
    again = replayed(out, lead_id, Settings())
    assert again.differences == ()
    assert again.today == ()


def test_what_todays_facts_would_have_given_is_said(out: Path, lead_id: str, change: Change) -> None:
    change("events", lambda events: events[events["lead_id"] != lead_id])
    answer = replayed(out, lead_id, Settings())
    assert answer.differences == ()
    assert "reasons" in {part.column for part in answer.today or ()}
    assert "identical" in answer.to_text()
    assert "would have given" in answer.to_text()
    assert json.loads(answer.to_json())["answer"] == "identical"
    change("leads", lambda leads: leads[leads["lead_id"] != lead_id])
    assert "no longer on record" in replayed(out, lead_id, Settings()).to_text()


def test_an_altered_score_is_found(out: Path, lead_id: str) -> None:
    with sqlite3.connect(out / "scores.sqlite") as store:
        store.execute("UPDATE scores SET p_sql = p_sql * 0.999 WHERE lead_id = ?", [lead_id])
    answer = replayed(out, lead_id, Settings())
    assert [part.column for part in answer.differences] == ["p_sql"]
    assert "differs" in answer.to_text()
    with pytest.raises(SystemExit) as stop:
        main(["replay", lead_id, "--out", str(out)])
    assert stop.value.code == 1


def test_what_cannot_be_shown_is_said(out: Path, lead_id: str) -> None:
    with pytest.raises(InputError, match="a lead that has a score"):
        replayed(out, lead_id, Settings(), at_us=0)
    model = next((out / "history" / "decisions").glob("*/cutoffs.json"))
    model.write_text(model.read_text().replace("0", "1", 1))
    with pytest.raises(InputError, match="as it was kept"):
        replayed(out, lead_id, Settings())
    shutil.rmtree(out / "history")
    with pytest.raises(InputError, match="what is kept of run"):
        replayed(out, lead_id, Settings())


def test_a_history_that_a_kill_left_is_read_and_put_in_order(
    out: Path, lead_id: str, change: Change, score: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    change("events", lambda events: events[events["lead_id"] != lead_id])
    monkeypatch.setattr(HistoryFolder, "turn_into_changes", lambda self: None)
    score()
    monkeypatch.undo()
    history = HistoryFolder(out)
    assert [folder.facts.is_dir() for folder in history.runs()] == [True, True]
    assert replayed(out, lead_id, Settings()).differences == ()
    history.turn_into_changes()
    assert [folder.facts.is_dir() for folder in history.runs()] == [False, True]
    assert replayed(out, lead_id, Settings()).differences == ()
