from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from features.errors import InputError
from pipeline.outputs.model_files import model_hash, write_forecast
from pipeline.registry.mlflow_model import quiet_mlflow
from pipeline.registry.model_registry import CHALLENGER, CHAMPION, MODEL_TAG, Candidate, ModelRegistry, open_registry
from pipeline.settings.settings import MlflowOptions


@pytest.fixture
def root(tmp_path, empty_store) -> Path:
    (tmp_path / "mlflow").mkdir()
    shutil.copy(empty_store, tmp_path / "mlflow" / "mlflow.db")
    return tmp_path


@pytest.fixture
def registry(root) -> ModelRegistry:
    return open_registry(root, MlflowOptions(), "tiny")


@pytest.fixture
def first(root, tiny_forecast, tiny_test_rows) -> Candidate:
    write_forecast(tiny_forecast, root / "first" / "model")
    return candidate(root / "first" / "model", tiny_test_rows)


def candidate(model: Path, rows: pd.DataFrame, **more) -> Candidate:
    given = {"params": {"seed": "3"}, "metrics": {"sql.auc": 0.8}, **more}
    return Candidate(model_folder=model, example=rows.head(3), **given)


def all_runs(registry: ModelRegistry) -> list:
    with quiet_mlflow() as mlflow:
        client = mlflow.MlflowClient(registry.tracking_uri)
        return client.search_runs([client.get_experiment_by_name("leadscore").experiment_id])


def test_the_same_model_twice_is_one_run_and_one_version(registry, first):
    assert registry.add(first) == "1"
    assert registry.add(first) == "1"
    [run] = all_runs(registry)
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {"sql.auc": 0.8}
    assert run.data.params == {"seed": "3"}
    assert run.data.tags[MODEL_TAG] == model_hash(first.model_folder)


def test_a_new_model_is_the_challenger_and_the_champion_stays(
    registry, first, root, fit_tiny, tiny_forecast, tiny_test_rows
):
    registry.add(first)
    registry.promote("1")
    write_forecast(fit_tiny(max_rounds=2), root / "second" / "model")
    assert registry.add(candidate(root / "second" / "model", tiny_test_rows)) == "2"
    assert (registry.version_of(CHAMPION), registry.version_of(CHALLENGER)) == ("1", "2")
    pd.testing.assert_frame_equal(
        registry.load(CHAMPION).predict(tiny_test_rows), tiny_forecast.predict(tiny_test_rows)
    )
    assert registry.add(first) == "1"
    assert registry.version_of(CHALLENGER) == "1"


def test_an_evaluation_done_anew_is_written_into_the_same_run(registry, first, root, tiny_test_rows):
    registry.add(first)
    report = root / "report.html"
    report.write_text("anew")
    again = candidate(first.model_folder, tiny_test_rows, metrics={"sql.auc": 0.9}, files=(report,))
    assert registry.add(again) == "1"
    [run] = all_runs(registry)
    assert run.data.metrics == {"sql.auc": 0.9}
    assert next((root / "mlflow" / "artifacts").rglob("report.html")).read_text() == "anew"


def test_an_interrupted_call_is_marked_failed_and_the_next_one_starts_over(
    registry, first, root, project_root, tiny_test_rows
):
    tiny_test_rows.to_parquet(root / "rows.parquet")
    code = f"""
import os, pandas as pd
from pathlib import Path
import pipeline.registry.model_registry as registry
from pipeline.settings.settings import MlflowOptions
registry.log_model = lambda *args: os._exit(9)  # as if the power had failed half-way
root = Path({str(root)!r})
rows = pd.read_parquet(root / "rows.parquet")
candidate = registry.Candidate(root / "first" / "model", rows.head(3), {{}}, {{}})
registry.open_registry(root, MlflowOptions(), "tiny").add(candidate)
"""
    killed = subprocess.run([sys.executable, "-c", code], cwd=project_root, check=False, timeout=120)
    assert killed.returncode == 9
    assert [run.info.status for run in all_runs(registry)] == ["RUNNING"]
    assert registry.add(first) == "1"
    assert sorted(run.info.status for run in all_runs(registry)) == ["FAILED", "FINISHED"]


def test_an_interruption_before_the_version_is_made_up_for(registry, first, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(ModelRegistry, "_create_version", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            registry.add(first)
    assert registry.version_of(CHALLENGER) is None
    assert registry.add(first) == "1"
    assert len(all_runs(registry)) == 1


def _interrupt(*_args: object) -> str:
    raise KeyboardInterrupt


def test_a_model_whose_files_are_gone_is_registered_anew(registry, first, root, tiny_test_rows):
    registry.add(first)
    shutil.rmtree(root / "mlflow" / "artifacts")
    with pytest.raises(InputError, match="MLflow store"):
        registry.load(CHALLENGER)
    assert registry.add(first) == "2"
    assert registry.load(CHALLENGER).predict(tiny_test_rows).notna().any(axis=None)


@pytest.mark.parametrize("uri", ["file://{folder}/mlruns", "nonsense://x"])
def test_a_store_that_mlflow_cannot_use_is_told_in_one_message(uri, first, tmp_path):
    registry = open_registry(first.model_folder, MlflowOptions(tracking_uri=uri.format(folder=tmp_path)), "tiny")
    with pytest.raises(InputError, match=r"mlflow\.tracking_uri: expected an MLflow store"):
        registry.add(first)


def test_the_callers_own_tracking_uri_is_left_as_it_was(registry, first, tmp_path):
    own = f"sqlite:///{tmp_path}/own.db"
    with quiet_mlflow() as mlflow:
        mlflow.set_tracking_uri(own)
        try:
            registry.add(first)
            assert mlflow.get_tracking_uri() == own
            assert mlflow.get_registry_uri() == own
        finally:
            mlflow.set_tracking_uri(None)


def test_a_model_without_a_receipt_takes_no_alias_from_one_that_may_wait_for_signatures(
    registry, first, root, fit_tiny, tiny_test_rows
):
    waiting = candidate(first.model_folder, tiny_test_rows, tags={"receipt_sha256": "r"})
    assert registry.add(waiting) == "1"
    write_forecast(fit_tiny(max_rounds=2), root / "second" / "model")
    tried = candidate(root / "second" / "model", tiny_test_rows)
    assert registry.add(tried) == "2"
    assert registry.version_of(CHALLENGER) == "1"
    registry.promote("1")  # it waits no more
    assert registry.add(tried) == "2"
    assert registry.version_of(CHALLENGER) == "2"


def test_the_champion_goes_back_with_the_decision_that_it_had(
    registry, first, root, fit_tiny, tiny_test_rows, tmp_path
):
    write_forecast(fit_tiny(max_rounds=2), root / "second" / "model")
    models = [first.model_folder, root / "second" / "model"]
    for number, model in enumerate(models, start=1):
        folder = tmp_path / f"decision{number}"
        folder.mkdir()
        (folder / "manifest.json").write_text(str(number))
        version = registry.add(candidate(model, tiny_test_rows))
        registry.keep_decision(version, folder, f"decision{number}")
        registry.promote(version)
    registry.point_at(model_hash(models[0]), "decision1")
    assert registry.version_of(CHAMPION) == "1"
    fetched = registry.fetch_decision(tmp_path / "fetched")
    assert (fetched / "manifest.json").read_text() == "1"
    with pytest.raises(InputError, match="a registered version of the model"):
        registry.point_at("nobody's", "decision1")
