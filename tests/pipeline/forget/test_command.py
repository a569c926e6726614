"""A forgotten person is gone from every file and table, by a search of its own; nobody else loses anything."""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.errors import InputError
from pipeline.cli import main
from pipeline.forget.command import forget
from pipeline.ingest.stage import run as ingest
from pipeline.nightly.trial import TrialWorkspace
from pipeline.outputs.forgotten import read_marks
from pipeline.rebuild.command import replayed
from pipeline.runner.finished_run import open_run
from pipeline.runner.stages import STAGES, StageContext, run_stage
from pipeline.runner.workspace import Workspace
from pipeline.settings.settings import Settings


@pytest.fixture
def out(demo_run: Path, tmp_path: Path) -> Path:
    shutil.copytree(demo_run, tmp_path / "out", ignore=shutil.ignore_patterns("simulate"))
    return tmp_path / "out"


@pytest.fixture
def lead_id(out: Path) -> str:
    """An open lead that has an e-mail address."""
    scored = pd.read_parquet(out / "score" / "scores.parquet")["lead_id"]
    people = pd.read_parquet(out / "ingest" / "leads.parquet")
    return str(people.loc[people["lead_id"].isin(scored) & people["email"].notna(), "lead_id"].iloc[0])


def address_of(out: Path, lead_id: str) -> str:
    people = pd.read_parquet(out / "ingest" / "leads.parquet").set_index("lead_id")
    return str(people.loc[lead_id, "email"])


def places(out: Path, *texts: str) -> list[str]:
    """Search everything again, more plainly than the command does: raw bytes, all cells of all tables."""
    found = []
    for file in sorted(path for path in out.rglob("*") if path.is_file()):
        content = file.read_bytes()
        cells = [content.decode("latin-1")]
        if content[:4] == b"PAR1":
            cells += [str(row) for row in pq.read_table(file).to_pylist()]
        if content.startswith(b"SQLite"):
            with sqlite3.connect(file) as database:
                for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                    cells += [str(row) for row in database.execute(f'SELECT * FROM "{name}"').fetchall()]
        if any(text in cell for text in texts for cell in cells):
            found.append(file.relative_to(out).as_posix())
    return found


def test_nothing_is_left_by_a_search_of_its_own(out: Path, lead_id: str) -> None:
    address = address_of(out, lead_id)
    before = places(out, lead_id, address)
    assert {"ingest/leads.parquet", "ingest/events.parquet", "features/open.parquet", "scores.sqlite"} <= set(before)
    assert any(place.startswith("history/") for place in before)
    answer = forget(out, lead_id, Settings())
    assert answer.left == ()
    assert answer.rows["scores"] >= 1
    assert places(out, lead_id, address) == []
    assert address not in answer.to_text()
    assert json.loads(answer.to_json())["left"] == []


def test_nobody_else_loses_anything(out: Path, lead_id: str) -> None:
    def others(file: Path) -> pd.DataFrame:
        rows = pd.read_parquet(file)
        return rows[rows["lead_id"] != lead_id].reset_index(drop=True)

    names = ["ingest/leads", "ingest/events", "features/history", "labels/labels", "score/scores", "train/predictions"]
    before = {name: others(out / f"{name}.parquet") for name in names}
    doubles = {lead_id, *forget(out, lead_id, Settings()).rows} - {lead_id}
    assert doubles
    for name in names:
        pd.testing.assert_frame_equal(pd.read_parquet(out / f"{name}.parquet"), before[name])
    with sqlite3.connect(out / "scores.sqlite") as store:
        scores, listed = (store.execute(f"SELECT lead_id FROM {name}").fetchall() for name in ("scores", "open_leads"))
        placed = [place for (place,) in store.execute("SELECT place FROM open_leads ORDER BY place")]
    assert {row[0] for row in scores} == {row[0] for row in listed} == set(before["score/scores"]["lead_id"])
    assert placed == list(range(1, len(placed) + 1))
    other = before["score/scores"]["lead_id"].iloc[0]
    assert replayed(out, other, Settings()).differences == ()


def test_finished_stages_stay_finished(out: Path, lead_id: str) -> None:
    forget(out, lead_id, Settings())
    workspace = Workspace(out)
    for stage in STAGES:
        stamp = workspace.stamp(stage.name)
        if stamp is not None and stage.name != "simulate":
            assert stamp.outputs == workspace.outputs_digest(stage.name), stage.name
            for need in stage.needs:
                earlier = workspace.stamp(need)
                assert earlier is not None
                assert stamp.inputs[need] == earlier.outputs, (stage.name, need)


def test_the_next_export_does_not_bring_the_person_back(
    out: Path, demo_run: Path, lead_id: str, tmp_path: Path, project_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = address_of(out, lead_id)
    forget(out, lead_id, Settings())
    data = tmp_path / "export"
    shutil.copytree(demo_run / "simulate" / "export", data)
    leads = pd.read_parquet(data / "leads.parquet")
    again = leads[leads["lead_id"] == lead_id].assign(lead_id="another id", email=f" {address.upper()} ")
    pd.concat([leads, again]).to_parquet(data / "leads.parquet", index=False)
    folder = tmp_path / "ingested"
    folder.mkdir()
    on_trial = TrialWorkspace(out / ".nightly", Workspace(out))  # as the nightly job ingests
    ingest(StageContext(on_trial, Settings(), project_root / "sources" / "demo", data, {}), folder)
    assert "2 leads of the export were left out" in capsys.readouterr().err
    assert places(folder, lead_id, "another id", address) == []
    assert len(pd.read_parquet(folder / "leads.parquet")) == len(leads) - 1


def test_the_salt_keeps_the_marks_from_being_tried(out: Path, lead_id: str) -> None:
    forget(out, lead_id, Settings())
    text = (out / "forgotten" / "marks.json").read_text()
    assert lead_id not in text
    assert (out / "forgotten" / "marks.json").stat().st_mode & 0o077 == 0
    assert len(bytes.fromhex(json.loads(text)["salt"])) == 32


def test_a_second_time_finds_nothing_and_a_stranger_is_said(out: Path, lead_id: str) -> None:
    forget(out, lead_id, Settings())
    again = forget(out, lead_id, Settings())
    assert again.rows == {}
    assert again.left == ()
    with pytest.raises(InputError, match="something is known of"):
        forget(out, "nobody", Settings())
    assert not read_marks(out).names("nobody")


def test_all_leads_of_the_person_are_forgotten(out: Path, lead_id: str) -> None:
    file = out / "ingest" / "leads.parquet"
    people = pd.read_parquet(file)
    other = str(people.loc[people["lead_id"] != lead_id, "lead_id"].iloc[5])
    address = address_of(out, lead_id)
    people.loc[people["lead_id"] == other, "email"] = f"{address.upper()} "
    people.to_parquet(file, index=False)
    assert forget(out, lead_id, Settings()).leads == 2
    assert places(out, lead_id, other) == []


def test_what_stands_in_exports_is_named_and_left(out: Path, demo_run: Path, lead_id: str) -> None:
    export = demo_run / "simulate" / "export"
    answer = forget(out, lead_id, Settings(), data=export)
    assert answer.left == ()
    assert any("leads.parquet" in place for place in answer.not_ours)
    assert places(export, lead_id) != []


def test_the_command_says_what_it_did(out: Path, lead_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["forget", lead_id, "--out", str(out)])
    assert stop.value.code == 0
    said = capsys.readouterr().out
    assert "nothing is left" in said
    assert lead_id not in said


def test_scoring_goes_on_without_the_person(out: Path, lead_id: str) -> None:
    forget(out, lead_id, Settings())
    context = open_run(out)
    run_stage("score", replace(context))
    scores = pd.read_parquet(out / "score" / "scores.parquet")
    assert lead_id not in set(scores["lead_id"])
    assert replayed(out, str(scores["lead_id"].iloc[0]), Settings()).differences == ()
