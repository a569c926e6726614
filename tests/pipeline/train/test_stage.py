"""Stage ``train`` on made-up features and labels."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest

from features.errors import InputError
from models.forecast.saved_form import from_files
from pipeline.outputs.model_files import read_forecast
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import Workspace, tree_digest
from pipeline.settings.settings import Settings
from pipeline.train import stage
from pipeline.train.stage import run

QUICK = {"boosters": 2, "max_rounds": 30, "threads": 1}


@pytest.fixture
def context(tmp_path, tiny_rows, tiny_forecast) -> StageContext:
    workspace = Workspace(tmp_path / "out")
    history, labels = tiny_rows
    with workspace.writing("ingest", {}) as folder:
        (folder / "spec.json").write_text(tiny_forecast.spec.model_dump_json(by_alias=True))
        leads = history.groupby("lead_id", as_index=False).agg(created_at=("as_of", "min"))
        leads.assign(**dict.fromkeys(tiny_forecast.spec.fit, "x")).to_parquet(folder / "leads.parquet", index=False)
        stages = leads.iloc[:0].assign(stage="").rename(columns={"created_at": "entered_at"})
        stages.to_parquet(folder / "stages.parquet", index=False)
    with workspace.writing("features", {}) as folder:
        history.to_parquet(folder / "history.parquet", index=False)
    with workspace.writing("labels", {}) as folder:
        labels.to_parquet(folder / "labels.parquet", index=False)
        (folder / "follow_up.json").write_text('{"warning": null}')
    return StageContext(workspace, Settings.model_validate({"model": QUICK}), None, None, {})


def train(context, name="train"):
    with context.workspace.writing(name, {}) as out:
        run(context, out)
    return context.folder(name)


def test_the_saved_model_gives_the_predictions_beside_it(context, tiny_rows):
    out = train(context)
    predictions = pd.read_parquet(out / "predictions.parquet")
    assert set(predictions["part"]) == {"calibration", "test"}
    assert predictions.set_index(["target", "lead_id", "as_of"]).index.is_monotonic_increasing
    history = tiny_rows[0].merge(predictions.query("target == 'sql' and part == 'test'"), on=["lead_id", "as_of"])
    again = from_files({file.name: file.read_text(encoding="utf-8") for file in (out / "model").iterdir()}).predict(
        history
    )
    assert (again["p_sql"] == history["p"]).all()
    forward = read_forecast(out / "forward")
    earlier = tiny_rows[0].merge(
        predictions.query("target == 'sql' and part == 'calibration'"), on=["lead_id", "as_of"]
    )
    assert (forward.predict(earlier)["p_sql"] == earlier["p"]).all()


def test_it_writes_down_what_it_saw(context):
    targets = json.loads((train(context) / "train.json").read_text())["targets"]
    assert list(targets) == ["sql", "close"]
    assert targets["sql"]["level"] == "model"
    parts, training = targets["sql"]["parts"], targets["sql"]["training"]
    assert (parts["train"]["leads"], parts["calibration"]["leads"], training["leads"]) == (240, 80, 320)
    assert parts["train"]["outcomes"] + parts["calibration"]["outcomes"] == training["outcomes"]
    assert targets["sql"]["calibration"]["leads"] == 80


def test_another_run_writes_the_same_bytes(context):
    assert tree_digest([train(context)]) == tree_digest([train(context, "again")])


def test_too_few_outcomes_are_said_and_recorded(context, tiny_rows, capsys):
    _, labels = tiny_rows
    few = labels["target"].eq("close") & ~labels["lead_id"].isin(["L0001", "L0002", "L0003"])
    changed = labels.assign(y=labels["y"].where(~few, 0).where(labels["target"].eq("sql") | few, 1))
    with context.workspace.writing("labels", {}) as folder:
        changed.to_parquet(folder / "labels.parquet", index=False)
        (folder / "follow_up.json").write_text('{"warning": null}')
    close = json.loads((train(context) / "train.json").read_text())["targets"]["close"]
    assert close["level"] == "rate"
    assert close["training"]["missing_outcomes"] == 17
    said = " ".join(capsys.readouterr().err.split())
    assert "target close has 3 outcomes among 320 leads; 17 are missing for a model" in said


def test_predictions_do_not_hang_on_how_many_rows_are_read_at_once(context, monkeypatch):
    at_once = pd.read_parquet(train(context) / "predictions.parquet")
    monkeypatch.setattr(stage, "ROWS_AT_ONCE", 37)
    pd.testing.assert_frame_equal(pd.read_parquet(train(context, "again") / "predictions.parquet"), at_once)


def test_of_more_rows_than_it_takes_leads_are_drawn_and_it_is_said(context, capsys):
    settings = Settings.model_validate({"model": QUICK | {"most_rows": 250, "linear_rows": 100}})
    out = train(replace(context, settings=settings))
    training = json.loads((out / "train.json").read_text())["targets"]["sql"]["training"]
    assert training["leads"] < 320
    assert "leads that were drawn (model.most_rows)" in " ".join(capsys.readouterr().err.split())
    predictions = pd.read_parquet(out / "predictions.parquet")  # of all leads, drawn or not
    assert len(predictions) == len(pd.read_parquet(train(context, "whole") / "predictions.parquet"))


def test_a_labelled_look_without_features_is_an_error(context):
    labels = pd.read_parquet(context.folder("labels") / "labels.parquet")
    late = labels.index[labels["part"] == "test"][:1]
    labels.loc[late, "as_of"] += pd.Timedelta(days=1)
    labels.to_parquet(context.folder("labels") / "labels.parquet", index=False)
    with pytest.raises(InputError, match="features of every labelled snapshot"):
        train(context)
