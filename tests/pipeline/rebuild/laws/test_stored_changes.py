"""What is stored of a change adds up to both scores, is what anybody else computes, and stays with its run."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from models.cutoffs.cutoffs import Cutoffs
from models.scoring.changes import CAUSES, strongest_cause, total_change
from models.scoring.groups import joined
from models.scoring.trend import LEAST_POINTS
from pipeline.champion.in_force import scoring_parts
from pipeline.history.folder import HistoryFolder
from pipeline.rebuild.changed import changes_between
from pipeline.runner.finished_run import open_run
from pipeline.runner.workspace import Workspace
from pipeline.score.changes import since_before
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.sink import ScoreRun, UndoNote
from pipeline.score.sinks.store_url import sqlite_url

Change = Callable[..., None]
Score = Callable[[], str]


def rewritten(out: Path, stage: str, edit: Callable[[Path], None]) -> None:
    """Give a stage other files, as if it had been run again with other settings."""
    inputs = Workspace(out).stamp(stage).inputs  # type: ignore[union-attr]
    with Workspace(out).writing(stage, inputs) as folder:
        shutil.copytree(out / stage, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("stage.json"))
        edit(folder)


def another_model(folder: Path) -> None:
    """Change the level of the forecasts, and sign the files anew."""
    file, manifest = folder / "model" / "forecast.json", folder / "model" / "manifest.json"
    tree = json.loads(file.read_text())
    for calibration in tree["calibrations"].values():
        calibration["intercept"] += 0.3
    file.write_text(json.dumps(tree))
    hashes = json.loads(manifest.read_text())
    hashes["sha256"]["forecast.json"] = hashlib.sha256(file.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(hashes))


def lower_cutoffs(folder: Path) -> None:
    cutoffs = Cutoffs.read((folder / "cutoffs.json").read_text())
    lower = cutoffs.model_copy(update={"mql": cutoffs.mql / 2, "sal": cutoffs.sal / 2}).with_version()
    (folder / "cutoffs.json").write_text(lower.model_dump_json())


def stored(out: Path, run_id: str) -> pd.DataFrame:
    scores = ScoreStore(sqlite_url(out / "scores.sqlite")).read()
    of_run = scores[scores["run_id"] == run_id].set_index("lead_id").astype({"joined": object})
    return of_run.assign(joined=of_run["joined"].where(of_run["joined"].notna(), None))


def listed(out: Path) -> dict[str, bool]:
    """Return who is on the list, and whether as a new lead."""
    engine = sa.create_engine(sqlite_url(out / "scores.sqlite"))
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT lead_id, place_in_new FROM open_leads")).all()
    engine.dispose()
    return {row.lead_id: row.place_in_new is not None for row in rows}


def holds(out: Path, earlier: str, later: str, scratch: Path) -> set[str]:
    """Hold the laws of all leads of a run beside the run before; return which causes moved anybody."""
    then, now, moved = stored(out, earlier), stored(out, later), set[str]()
    history = HistoryFolder(out)
    runs = {folder.run.run_id: folder for folder in history.runs()}
    scratch.mkdir()
    anew = changes_between(history, runs[earlier], runs[later], scratch)
    for lead, row in now.iterrows():
        change: list[dict[str, Any]] | None = row["change"]
        before = then.loc[lead] if lead in then.index else None
        assert (change is None) == (before is None)
        assert row["joined"] == joined([row["counted_as"]], [None if before is None else before["counted_as"]])[0]
        if before is None or not change:
            assert before is None or 1.0 in (before["p_sql"], row["p_sql"])
            continue
        assert change[0]["percentage_points"] == pytest.approx(100 * before["p_sql"], abs=1e-9)
        assert sum(part["percentage_points"] for part in change) == pytest.approx(100 * row["p_sql"], abs=1e-9)
        assert (change[0]["band"], change[-1]["band"]) == (before["band"], row["band"])
        still = [part for part, at in zip(anew[str(lead)][1:], anew[str(lead)], strict=False)
                 if not part["log_odds"] and part["band"] == at["band"]]  # fmt: skip
        assert change == [part for part in anew[str(lead)] if part not in still]
        moved |= {part["part"] for part in change[1:]}
        strongest = strongest_cause(change)
        if abs(total_change(change)) >= LEAST_POINTS and strongest is not None and strongest["part"] in CAUSES[:3]:
            assert "subject" in strongest
    assert {lead: row is not None for lead, row in now["joined"].items()} == listed(out)
    return moved


def test_two_nights_with_corrected_facts_another_model_and_other_cutoffs(
    out: Path, lead_id: str, change: Change, score: Score, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = json.loads((out / "score" / "score.json").read_text())
    assert first["before"] is None
    assert stored(out, first["run_id"])[["change", "joined"]].isna().all(axis=None)
    leads = pd.read_parquet(out / "ingest" / "leads.parquet")
    ids = pd.read_parquet(out / "score" / "scores.parquet")["lead_id"]
    absent, acting = ids[ids != lead_id].iloc[-2:]  # young enough to be open some days later
    change("leads", lambda table: table[table["lead_id"] != absent])
    second = score()
    holds(out, first["run_id"], second, tmp_path / "second")

    until = pd.Timestamp(json.loads((out / "ingest" / "ingest.json").read_text())["observed_until"])
    later = until + pd.Timedelta(days=3)
    corrected = leads.assign(employees=leads["employees"].where(leads["lead_id"] != lead_id, 5.0))
    change("leads", lambda _: corrected)
    seen = {"lead_id": acting, "event_type": "pricing_page_view", "actor": "lead", "occurred_at": later}
    change(
        "events",
        lambda events: pd.concat([events, pd.DataFrame([seen])]).sort_values(["lead_id", "occurred_at"]),
        observed_until=later.isoformat().replace("+00:00", "Z"),
    )
    rewritten(out, "train", another_model)
    rewritten(out, "cutoffs", lower_cutoffs)
    monkeypatch.setattr(since_before, "BLOCK_ROWS", 7)  # as of a big night
    third = score()
    assert holds(out, second, third, tmp_path / "third") == set(CAUSES)
    now = stored(out, third)
    assert now.loc[absent, "joined"] == "list"
    assert "band" in set(now["joined"])
    summary = json.loads((out / "score" / "score.json").read_text())
    assert summary["before"]["run_id"] == second

    file, context = out / "score" / "scores.parquet", open_run(out)
    before, run = pq.read_table(file), ScoreRun.of_summary(summary)
    monkeypatch.setattr(since_before, "BLOCK_ROWS", 5_000)
    again = since_before.compare_with_before(context, file, run, scoring_parts(context)[0])
    assert pq.read_table(file) == before  # whatever the blocks, and for a run that is in force already
    assert again.about.before == run.about.before

    ScoreStore(sqlite_url(out / "scores.sqlite")).undo(third, UndoNote(until.to_pydatetime(), "test"))
    back = stored(out, second)
    assert listed(out) == {lead: row is not None for lead, row in back["joined"].items()}


def test_a_run_that_is_no_longer_kept_leaves_the_arrow_and_says_that_nobody_knows_why(
    out: Path, change: Change, score: Score
) -> None:
    first = str(json.loads((out / "score" / "score.json").read_text())["run_id"])
    shutil.rmtree(out / "history")
    change("leads", lambda leads: leads.assign(employees=5.0))
    second = score()
    then, now = stored(out, first), stored(out, second)
    moved = 0
    for lead, row in now.iterrows():
        parts = [part["part"] for part in row["change"]]
        if parts:
            assert parts in (["earlier"], ["earlier", "not_split"])
            moved += parts == ["earlier", "not_split"]
            points = 100 * (row["p_sql"] - then.loc[lead, "p_sql"])
            assert total_change(row["change"]) == pytest.approx(points, abs=1e-9)
    assert moved
