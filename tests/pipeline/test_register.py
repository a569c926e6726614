from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from models.estimator import EstimatorOptions
from models.fit_forecast import fit_forecast
from pipeline.finished_run import open_run
from pipeline.mlflow_model import model_hash, quiet_mlflow
from pipeline.model_files import read_forecast, write_forecast
from pipeline.model_registry import CHAMPION, open_registry
from pipeline.register import run
from pipeline.stage import StageContext, run_stage


@pytest.fixture(scope="module")
def registered(demo_run) -> dict:
    return json.loads((demo_run / "register" / "register.json").read_text())


@pytest.fixture
def unregistered(demo_run, tmp_path, empty_store) -> StageContext:
    """A copy of the run with an empty registry."""
    out = tmp_path / "out"
    shutil.copytree(demo_run, out, ignore=shutil.ignore_patterns("mlflow", "register", "simulate", "score*"))
    (out / "mlflow").mkdir()
    shutil.copy(empty_store, out / "mlflow" / "mlflow.db")
    return open_run(out)


@pytest.fixture
def copy(unregistered) -> StageContext:
    """A copy of the run with a registry that holds its model as version 1."""
    run_stage("register", unregistered)
    return unregistered


def again(context: StageContext) -> dict:
    """Run the stage once more, whatever its stamp says."""
    out = context.workspace.root / "again"
    out.mkdir(exist_ok=True)
    run(context, out)
    return json.loads((out / "register.json").read_text())


def set_verdict(context: StageContext, beats_baseline: bool) -> None:
    file = context.folder("evaluate") / "evaluation.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"beats_baseline": beats_baseline}))


def replace_model(context: StageContext, **options) -> None:
    """Train once more, with other options, in place of the run's model."""
    before = read_forecast(context.folder("train") / "model")
    forecast = fit_forecast(
        pd.read_parquet(context.folder("features") / "history.parquet"),
        pd.read_parquet(context.folder("labels") / "labels.parquet"),
        spec=before.spec,
        features=before.features,
        feature_options=before.feature_options,
        options=EstimatorOptions(boosters=2, threads=1, **options),
        seed=1,
    )
    shutil.rmtree(context.folder("train") / "model")
    write_forecast(forecast, context.folder("train") / "model")


def test_the_run_holds_what_was_set_and_what_came_of_it(demo_run, registered):
    context = open_run(demo_run)
    evaluation = json.loads((demo_run / "evaluate" / "evaluation.json").read_text())
    with quiet_mlflow() as mlflow:
        client = mlflow.MlflowClient(open_registry(demo_run, context.settings.mlflow, "demo").tracking_uri)
        version = client.get_model_version(registered["name"], registered["version"])
        logged = client.get_run(version.run_id)
        files = {file.path for file in client.list_artifacts(version.run_id)}
    assert logged.info.status == "FINISHED"
    assert logged.data.params["source"] == "demo"
    assert logged.data.params["seed"] == str(context.settings.seed)
    assert logged.data.params["model.learning_rate"] == str(context.settings.model.learning_rate)
    assert int(logged.data.params["rows.sql.test.rows"]) == evaluation["targets"]["sql"]["rows"]
    assert not [name for name in logged.data.params if name.startswith(("score.", "mlflow."))]
    for target, told in evaluation["targets"].items():
        for scorer in ("model", "baseline", "difference"):
            assert logged.data.metrics[f"{target}.{scorer}.auc"] == told[scorer]["auc"]["value"]
            assert logged.data.metrics[f"{target}.{scorer}.auc.low"] == told[scorer]["auc"]["low"]
    assert {"evaluation.json", "report.html", "cutoffs.json"} <= files


def test_champion_is_who_beats_the_baseline(demo_run, registered):
    evaluation = json.loads((demo_run / "evaluate" / "evaluation.json").read_text())
    assert registered["beats_baseline"] == evaluation["beats_baseline"]
    assert registered["aliases"] == (["challenger", "champion"] if evaluation["beats_baseline"] else ["challenger"])
    assert registered["model_hash"] == model_hash(demo_run / "train" / "model")


def test_the_registered_model_forecasts_as_the_trained_one(demo_run, registered):
    registry = open_registry(demo_run, open_run(demo_run).settings.mlflow, "demo")
    history = pd.read_parquet(demo_run / "features" / "history.parquet").head(200)
    trained = read_forecast(demo_run / "train" / "model")
    pd.testing.assert_frame_equal(registry.load(registered["version"]).predict(history), trained.predict(history))


def test_the_same_model_again_changes_nothing(copy):
    first = json.loads((copy.folder("register") / "register.json").read_text())
    once, twice = again(copy), again(copy)
    assert once == twice
    assert {key: once[key] for key in first if key != "why"} == {key: first[key] for key in first if key != "why"}


def test_a_model_that_does_not_beat_the_baseline_is_never_champion(unregistered):
    set_verdict(unregistered, beats_baseline=False)
    told = again(unregistered)
    assert (told["champion"], told["aliases"], told["promoted"]) == (None, ["challenger"], False)
    assert "does not beat the baseline" in told["why"]


def test_a_worse_model_leaves_the_champion_and_a_better_one_takes_its_place(copy):
    set_verdict(copy, beats_baseline=True)
    good = copy.workspace.root / "good"
    shutil.copytree(copy.folder("train") / "model", good)
    again(copy)
    replace_model(copy, max_rounds=1, linear_share=0.0)
    told = again(copy)
    assert (told["version"], told["champion"], told["promoted"]) == ("2", "1", False)
    assert "its log loss is higher than the champion's on the same test rows" in told["why"]
    registry = open_registry(copy.workspace.root, copy.settings.mlflow, "demo")
    registry.promote("2")
    shutil.rmtree(copy.folder("train") / "model")
    shutil.copytree(good, copy.folder("train") / "model")
    told = again(copy)
    assert (told["version"], told["champion"], told["promoted"]) == ("1", "1", True)
    assert "its log loss is" in told["why"]
    assert registry.version_of(CHAMPION) == "1"


def test_a_champion_whose_training_reaches_over_the_test_period_cannot_be_compared(copy):
    set_verdict(copy, beats_baseline=True)
    again(copy)
    registry = open_registry(copy.workspace.root, copy.settings.mlflow, "demo")
    with quiet_mlflow() as mlflow:
        client = mlflow.MlflowClient(registry.tracking_uri)
        client.set_model_version_tag(registry.name, "1", "leadscore.test_from", "2030-01-01T00:00:00Z")
    replace_model(copy, max_rounds=60)
    told = again(copy)
    assert (told["version"], told["champion"], told["promoted"]) == ("2", "1", False)
    assert "could not be compared with the champion" in told["why"]


def test_nothing_is_written_outside_the_workspace(copy, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    again(copy)
    assert not list(elsewhere.iterdir())


def test_register_json_holds_no_path_of_this_machine(demo_run):
    text = (demo_run / "register" / "register.json").read_text()
    assert str(demo_run) not in text
    assert str(Path.home()) not in text
