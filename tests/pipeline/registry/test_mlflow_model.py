from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from features.errors import InputError
from pipeline.mlflow_loader import _load_pyfunc, feature_frame
from pipeline.outputs.model_files import write_forecast
from pipeline.registry.mlflow_model import signature
from pipeline.registry.model_registry import Candidate, open_registry
from pipeline.settings.settings import MlflowOptions

STARTUP_SECONDS = 120
URI = "models:/leadscore-tiny@challenger"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, tiny_forecast, tiny_test_rows) -> Path:
    """A workspace with the tiny forecast registered as version 1; read it, do not write into it."""
    root = tmp_path_factory.mktemp("registered")
    write_forecast(tiny_forecast, root / "model")
    open_registry(root, MlflowOptions(), "tiny").add(candidate(root / "model", tiny_test_rows))
    return root


def candidate(model: Path, rows: pd.DataFrame, **more) -> Candidate:
    given = {"params": {"seed": "3"}, "metrics": {"sql.auc": 0.8}, **more}
    return Candidate(model_folder=model, example=rows.head(3), **given)


def environment(root: Path, project_root: Path) -> dict[str, str]:
    """What somebody sets who loads the model elsewhere."""
    return {
        **os.environ,
        "MLFLOW_TRACKING_URI": f"sqlite:///{root}/mlflow/mlflow.db",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "PYTHONPATH": str(project_root),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


def test_the_stored_model_is_text_and_nothing_in_it_is_pickled(workspace):
    files = [file for file in (workspace / "mlflow" / "artifacts").rglob("*") if file.is_file()]
    names = {file.name for file in files}
    assert {"MLmodel", "manifest.json", "forecast.json", "requirements.txt", "input_example.json"} <= names
    assert not [file for file in files if file.suffix in {".pkl", ".pickle", ".joblib", ".skops", ".py"}]
    for file in files:
        file.read_bytes().decode("utf-8")  # a pickle is no text
    [mlmodel] = [file for file in files if file.name == "MLmodel"]
    assert "loader_module: pipeline.mlflow_loader" in mlmodel.read_text()
    assert "cloudpickle" not in mlmodel.read_text()
    [requirements] = [file for file in files if file.name == "requirements.txt"]
    assert "leadscore" not in requirements.read_text()


def test_a_fresh_process_loads_and_predicts_the_same_without_unpickling(
    workspace, project_root, tmp_path, tiny_forecast, tiny_test_rows
):
    tiny_test_rows.to_parquet(tmp_path / "rows.parquet")
    code = f"""
import sys, json, pandas as pd
rows = pd.read_parquet({str(tmp_path / "rows.parquet")!r})
import mlflow.pyfunc
from features.language.sentences import duration_words
from pipeline.warm_up import compile_forecasts, compile_linear_part
duration_words(0)  # Babel keeps its own data on languages in pickles: read before, so that only the model is watched
compile_forecasts()  # and so does Numba the code it has compiled of ours
compile_linear_part()
def refuse(event, arguments):
    if event == "pickle.find_class":
        raise RuntimeError(f"unpickling {{arguments}}")
sys.addaudithook(refuse)
model = mlflow.pyfunc.load_model({URI!r})
model.predict(rows).to_json(sys.stdout, orient="split", double_precision=15)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(workspace, project_root),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=STARTUP_SECONDS,
    )
    given = json.loads(done.stdout)
    expected = tiny_forecast.predict(tiny_test_rows)[["p_sql", "p_close"]]
    assert given["columns"] == ["p_sql", "p_close"]
    np.testing.assert_allclose(np.array(given["data"]), expected.to_numpy(), rtol=0, atol=1e-12)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.parquet"], "MLflow left something behind"


def test_the_signature_leaves_it_to_the_loader_to_refuse_columns(tiny_forecast):
    given = signature(tiny_forecast)
    assert given.inputs is None
    assert given.outputs.input_names() == ["p_sql", "p_close"]


@pytest.fixture(scope="module")
def loaded(workspace, project_root):
    """The registered model as MLflow loads it, with all that MLflow does to its input."""
    import mlflow

    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.chdir(workspace)
        for name, value in environment(workspace, project_root).items():
            patch.setenv(name, value)
        mlflow.set_tracking_uri(f"sqlite:///{workspace}/mlflow/mlflow.db")
        yield mlflow.pyfunc.load_model(URI)


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ([{"branch": "trade"}, {"branch": "steel"}], "'branch'"),
        ([{"fit_industry": "trade", "fit_employes": 4}], "'fit_employes', which it does not know"),
        ([{"fit_industry": "trade", "fit_employes": 4}], "Did you mean fit_employees"),
        ([{"lead_id": "A"}], "none of them"),
        ([{"fit_industry": 7}], "features.fit_industry: expected text, found 7"),
    ],
)
def test_fields_that_are_no_features_are_refused_by_name(loaded, rows, named):
    with pytest.raises(MlflowException) as refused:
        loaded.predict(pd.DataFrame(rows))
    assert named in str(refused.value)
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
    if "lead_id" in rows[0] or "branch" in rows[0]:
        assert "POST /v1/score" in str(refused.value)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_every_record_gets_a_prediction(loaded, tiny_test_rows, count):
    one_column = tiny_test_rows[["fit_industry"]].head(count)
    assert len(loaded.predict(one_column)) == count
    assert loaded.predict(tiny_test_rows.head(count)).notna().all().all()


def test_an_absent_column_is_an_unknown_one(tiny_forecast, tiny_test_rows, workspace):
    served = _load_pyfunc(str(workspace / "model"))
    unknown = tiny_test_rows.assign(fit_industry=None, fit_employees=np.nan)
    absent = tiny_test_rows.drop(columns=["fit_industry", "fit_employees"])
    pd.testing.assert_frame_equal(served.predict(absent), served.predict(unknown))
    assert list(feature_frame(absent, tiny_forecast)) == [feature.name for feature in tiny_forecast.features]


def test_explanations_add_up_to_the_forecast(tiny_test_rows, workspace):
    served = _load_pyfunc(str(workspace / "model"))
    told = served.predict(tiny_test_rows, {"explain": "sql"})
    log_odds = told.drop(columns=["p_sql", "p_close"]).sum(axis=1)
    np.testing.assert_allclose(1 / (1 + np.exp(-log_odds)), told["p_sql"], atol=1e-9)
    with pytest.raises(MlflowException, match="expected a target out of"):
        served.predict(tiny_test_rows, {"explain": "meeting"})


def test_text_in_a_column_of_numbers_is_told_by_its_name(tiny_forecast, tiny_test_rows):
    rows = tiny_test_rows.assign(fit_employees="many")
    with pytest.raises(InputError, match=r"features\.fit_employees: expected numbers, found .*many"):
        feature_frame(rows, tiny_forecast)


def test_a_changed_file_is_not_loaded(workspace, tmp_path):
    folder = shutil.copytree(workspace / "model", tmp_path / "model")
    booster = next(folder.glob("*.txt"))
    booster.write_text(booster.read_text().replace("learning_rate", "learning_date", 1) + "\n")
    with pytest.raises(InputError, match="SHA-256"):
        _load_pyfunc(str(folder))


@pytest.mark.slow
def test_mlflow_serves_it(workspace, project_root, tmp_path, tiny_forecast, tiny_test_rows):
    rows = tiny_test_rows.drop(columns=["lead_id", "as_of", "target", "part", "y"]).head(4)
    rows = rows.astype(object).where(rows.notna(), None)
    rows["behaviour_visit_count_7d"] = [0, 3, 40, 1]  # whole numbers, as JSON writes them
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", URI, "--env-manager", "local"]
    with (tmp_path / "server.log").open("w") as log:
        server = subprocess.Popen(
            [*command, "--port", str(port), "--workers", "1"],
            env=environment(workspace, project_root),
            cwd=tmp_path,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        answer = posted(port, {"dataframe_split": rows.to_dict(orient="split", index=False)}, server)
        with pytest.raises(AssertionError, match=r"INVALID_PARAMETER_VALUE.*'job'.*POST /v1/score"):
            posted(port, {"dataframe_records": [{"job": "buyer"}, {"job": "clerk"}]}, server)
        told = posted(port, {"dataframe_records": rows.to_dict(orient="records"), "params": {"explain": "sql"}}, server)
    except BaseException:
        print((tmp_path / "server.log").read_text())  # noqa: T201 - shown by pytest when the test fails
        raise
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=20)
    expected = tiny_forecast.predict(feature_frame(rows, tiny_forecast))
    np.testing.assert_allclose([row["p_sql"] for row in answer["predictions"]], expected["p_sql"], atol=1e-12)
    np.testing.assert_allclose([row["p_close"] for row in answer["predictions"]], expected["p_close"], atol=1e-12)
    assert all("log_odds:behaviour_visit_count_7d" in row for row in told["predictions"])


def posted(port: int, body: dict, server: subprocess.Popen) -> dict:
    """Post rows as soon as the server answers."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/invocations",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    until = time.monotonic() + STARTUP_SECONDS
    while True:
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from error
        except OSError:
            assert server.poll() is None, "the server ended"
            assert time.monotonic() < until, "the server does not answer"
            time.sleep(0.25)
