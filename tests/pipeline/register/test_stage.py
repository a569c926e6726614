from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from models.estimator.options import EstimatorOptions
from models.forecast.fit_forecast import fit_forecast
from pipeline.outputs.model_files import model_hash, read_forecast, write_forecast
from pipeline.receipt.approvals import add_entry, with_approvals, write_entries
from pipeline.receipt.body import make_receipt
from pipeline.receipt.seal import seal
from pipeline.receipt.signing_state import standing_of
from pipeline.receipt.stage import read_receipt, write_receipt
from pipeline.register.stage import run
from pipeline.registry.mlflow_model import quiet_mlflow
from pipeline.registry.model_registry import CHAMPION, open_registry
from pipeline.runner.finished_run import open_run
from pipeline.runner.stages import StageContext, run_stage
from pipeline.runner.workspace import STAMP, tree_digest


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


def restamp(context: StageContext, stage: str) -> None:
    """Let a stage's stamp say what now lies in its folder."""
    file = context.folder(stage) / STAMP
    stamp = json.loads(file.read_text()) | {"outputs": tree_digest([context.folder(stage)])}
    file.write_text(json.dumps(stamp))


def give_receipt(context: StageContext, *, outcome: str = "won", beats_baseline: bool = True, approved: bool = True):
    """Put a receipt of the wished verdict in the run's place, approved by both or by nobody."""
    file = context.folder("evaluate") / "evaluation.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"beats_baseline": beats_baseline}))
    for stage in ("train", "evaluate"):
        restamp(context, stage)
    receipt = make_receipt(context)
    changes = {"outcome": outcome, "missing": () if outcome == "won" and beats_baseline else ("proof",)}
    receipt = receipt.model_copy(update={"verdict": receipt.verdict.model_copy(update=changes)})
    sealed = with_approvals(seal(receipt, None), context.workspace.root)
    for role in ("marketing", "sales") if approved and not sealed.approvals else ():
        sealed = add_entry(
            sealed, role=role, name=f"N of {role}", refused=False, why=None, time="2026-07-01T09:00:00Z", key=None
        )
    write_entries(context.workspace.root, sealed)
    write_receipt(sealed, context.folder("receipt"))
    restamp(context, "receipt")
    return sealed


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


def test_a_run_by_itself_makes_a_challenger_that_waits(demo_run, registered):
    evaluation = json.loads((demo_run / "evaluate" / "evaluation.json").read_text())
    receipt = read_receipt(demo_run / "receipt")
    assert registered["beats_baseline"] == evaluation["beats_baseline"]
    assert registered["aliases"] == ["challenger"]
    assert registered["standing"] == standing_of(receipt).sentence
    assert registered["receipt"]["sha256"] == receipt.sha256
    assert registered["model_hash"] == model_hash(demo_run / "train" / "model")


def test_the_receipt_is_kept_with_the_run_and_its_version(copy):
    sealed = give_receipt(copy)
    told = again(copy)
    registry = open_registry(copy.workspace.root, copy.settings.mlflow, "demo")
    tags = registry.tags_of(told["version"])
    assert (tags["receipt_sha256"], tags["receipt_head"]) == (sealed.sha256, sealed.head)
    assert tags["approved_by_sales"] == "sales (N of sales, 2026-07-01)"
    with quiet_mlflow() as mlflow:
        client = mlflow.MlflowClient(registry.tracking_uri)
        run_id = client.get_model_version(registry.name, told["version"]).run_id
        kept = client.download_artifacts(run_id, "receipt", str(copy.workspace.root))
        assert client.get_run(run_id).data.tags["approved_by_marketing"] == "marketing (N of marketing, 2026-07-01)"
    for name in ("receipt.json", "receipt.html"):
        assert (Path(kept) / name).read_bytes() == (copy.folder("receipt") / name).read_bytes()
    other = give_receipt(copy, outcome="not_proven", approved=False)
    again(copy)
    tags = registry.tags_of(told["version"])
    assert tags["receipt_sha256"] == other.sha256
    assert not [name for name in tags if name.startswith(("approved_by", "refused_by"))]


def test_champion_moves_only_when_won_and_approved(copy):
    for outcome, beats, approved, why in (
        ("not_proven", True, False, "does not win at the working depth"),
        ("lost", True, False, "does not win at the working depth"),
        ("won", False, False, "does not beat the baseline"),
        ("won", True, False, "waiting for approval by marketing and sales"),
    ):
        give_receipt(copy, outcome=outcome, beats_baseline=beats, approved=approved)
        told = again(copy)
        assert (told["champion"], told["aliases"], told["promoted"]) == (None, ["challenger"], False)
        assert why in told["why"]
    give_receipt(copy)
    told = again(copy)
    assert (told["champion"], told["aliases"], told["promoted"]) == ("1", ["challenger", "champion"], True)
    assert "wins at the working depth" in told["why"]


def test_nobody_is_promoted_on_a_receipt_that_does_not_hold(copy):
    sealed = give_receipt(copy)
    changed = sealed.receipt.model_copy(update={"minutes_a_call": 3.0})
    write_receipt(replace(sealed, receipt=changed), copy.folder("receipt"))
    told = again(copy)
    assert (told["champion"], told["promoted"]) == (None, False)
    assert "its receipt does not hold" in told["why"]


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


def test_a_worse_model_leaves_the_champion_and_a_better_one_takes_its_place(copy):
    give_receipt(copy)
    good = copy.workspace.root / "good"
    shutil.copytree(copy.folder("train") / "model", good)
    again(copy)
    replace_model(copy, max_rounds=1, linear_share=0.0)
    give_receipt(copy)
    told = again(copy)
    assert (told["version"], told["champion"], told["promoted"]) == ("2", "1", False)
    assert "its log loss is higher than the champion's on the same test rows" in told["why"]
    registry = open_registry(copy.workspace.root, copy.settings.mlflow, "demo")
    registry.promote("2")
    shutil.rmtree(copy.folder("train") / "model")
    shutil.copytree(good, copy.folder("train") / "model")
    give_receipt(copy)
    told = again(copy)
    assert (told["version"], told["champion"], told["promoted"]) == ("1", "1", True)
    assert "its log loss is" in told["why"]
    assert registry.version_of(CHAMPION) == "1"


def test_a_champion_whose_training_reaches_over_the_test_period_cannot_be_compared(copy):
    give_receipt(copy)
    again(copy)
    registry = open_registry(copy.workspace.root, copy.settings.mlflow, "demo")
    with quiet_mlflow() as mlflow:
        client = mlflow.MlflowClient(registry.tracking_uri)
        client.set_model_version_tag(registry.name, "1", "leadscore.test_from", "2030-01-01T00:00:00Z")
    replace_model(copy, max_rounds=60)
    give_receipt(copy)
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
