"""WriteBackSink in the stage: the store comes first, and a tool that does not answer loses nothing."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from features.errors import InputError
from pipeline.runner.stages import StageContext, run_stage
from pipeline.runner.workspace import Workspace
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.write_back_sink import WriteBackSink
from pipeline.undo.command import undo


def with_tools(context: StageContext, out: Path, sinks: dict[str, Any]) -> StageContext:
    """Return the small company with tools to write back into; its outputs are read where they are."""
    shutil.copytree(context.workspace.root, out)
    score = context.settings.score.model_copy(update={"sinks": sinks})
    return replace(context, workspace=Workspace(out), settings=context.settings.model_copy(update={"score": score}))


def crm_rows(file: Path) -> list[Any]:
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(file)))
    with engine.connect() as connection:
        rows = list(connection.execute(sa.text("SELECT lead_id, score, band FROM crm ORDER BY lead_id")))
    engine.dispose()
    return rows


def test_a_tool_that_does_not_answer_loses_neither_the_store_nor_the_next_tool(
    judged_by_points: StageContext, tmp_path: Path
) -> None:
    out, file = tmp_path / "out", tmp_path / "a?b" / "crm.sqlite"
    tools = {
        "crm": {"kind": "sql", "file": str(file), "table": "crm", "create": True},
        "hubspot": {"kind": "hubspot"},
    }
    context = with_tools(judged_by_points, out, tools)
    with pytest.raises(InputError, match="the store has them") as refused:
        run_stage("score", context)
    assert "crm did not (1 of 3)" in str(refused.value)
    stored = ScoreStore(f"sqlite:///{out}/scores.sqlite").read()
    assert len(stored)
    [imported] = (out / "write_back" / "hubspot").iterdir()
    file.parent.mkdir()
    run_stage("score", context)  # the tool answers again: the same command catches up
    by_band = dict(zip(stored["lead_id"], stored["band"], strict=True))
    assert {row.lead_id: row.band for row in crm_rows(file)} == by_band
    assert len(imported.read_text().splitlines()) == len(by_band) + 1
    said = json.loads((out / "score" / "score.json").read_text())
    assert (said["crm"]["kind"], said["crm"]["database"], said["hubspot"]["folder"]) == (
        "sql", str(file), "write_back/hubspot",
    )  # fmt: skip


def test_leadscore_undo_takes_a_run_back_in_the_tools_too_and_the_same_job_leaves_it_so(
    judged_by_points: StageContext, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    tools = {"crm": {"kind": "sql", "file": str(tmp_path / "crm.sqlite"), "table": "crm", "create": True}}
    context = with_tools(judged_by_points, out, tools)
    run_stage("score", context)
    sent = crm_rows(tmp_path / "crm.sqlite")
    assert sent
    run_id = json.loads((out / "score" / "score.json").read_text())["run_id"]
    said = undo(out, run_id, who="tests", why=None, params_file=None, overrides={"score": {"sinks": tools}})
    assert f"crm: run {run_id} is taken back" in said
    assert crm_rows(tmp_path / "crm.sqlite") == []
    run_stage("score", context)
    assert crm_rows(tmp_path / "crm.sqlite") == []
    run_stage("score", context, force=True)
    assert crm_rows(tmp_path / "crm.sqlite") == sent


def test_no_password_is_in_a_url_or_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = sa.URL.create("sqlite", database=str(tmp_path / "s.sqlite"))
    given = {"name": "crm", "store": store, "kind": "sql", "table": "t"}
    with pytest.raises(ValueError, match="belongs into the environment"):
        WriteBackSink.from_settings({**given, "url": "postgresql://u:secret@nowhere.invalid/db"}, tmp_path)
    monkeypatch.setenv("LEADSCORE_CRM_PASSWORD", "secret")
    sink = WriteBackSink.from_settings({**given, "url": "postgresql://u@nowhere.invalid/db"}, tmp_path)
    assert "secret" not in json.dumps(sink.place(tmp_path))
    with pytest.raises(InputError) as refused, sink.target.opened("run"):
        pass
    assert "secret" not in str(refused.value)
