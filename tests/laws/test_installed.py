"""What a user has who installed the wheel, and has no checkout: everything, from an empty folder."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("installed")
TINY = (
    "simulate.leads=1200", "simulate.events_per_lead=15", "evaluate.bootstrap=50", "evaluate.shap_rows=50",
    "evaluate.look_leads=200", "model.boosters=2",
)  # fmt: skip
KEY = "a-key-for-these-tests"
KNOBS = [part for knob in TINY for part in ("--set", knob)]
NIGHT = ("--source", "sources/demo", "--data", "data/simulate/export", "--out", "data")


@pytest.fixture(scope="module")
def folder(installed: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder in which ``leadscore demo`` ran, small."""
    empty: Path = tmp_path_factory.mktemp("empty")
    done = installed.run("demo", *KNOBS, at=empty, LEADSCORE_LOG="plain")
    assert done.returncode == 0, done.stderr
    shipped = installed.wheel.parent / "env" / "lib"
    for what, path in (("settings", "params.yaml"), ("source", "sources/demo")):
        assert re.search(
            rf"^{what}: {re.escape(str(shipped))}/.*/{path}, which came with leadscore$", done.stderr, re.M
        )
    assert "Open leads scored: " in done.stdout
    return empty


def test_it_is_the_wheel_that_runs(installed: Any, tmp_path: Path, project_root: Path) -> None:
    code = (
        "import features, models, pipeline, serve; from pipeline.runner.workspace import code_digest;"
        "print(*(package.__file__ for package in (features, models, pipeline, serve)), code_digest(), sep='\\n')"
    )
    command = [str(installed.python), "-c", code]
    told = subprocess.run(command, cwd=tmp_path, env=installed.variables, capture_output=True, text=True, check=True)
    *files, digest = told.stdout.split()
    assert all(Path(file).is_relative_to(installed.environment) for file in files)
    assert str(project_root) not in told.stdout

    from pipeline.runner.workspace import code_digest

    assert digest == code_digest()  # outputs of a checkout are current for the wheel made of it


def test_the_next_night(installed: Any, folder: Path) -> None:
    done = installed.run("nightly", *NIGHT, *KNOBS, at=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "nightly: nothing changed\n"  # the demo scored this export
    assert not (folder / "params.yaml").exists()


def test_settings_of_the_working_directory_come_first(installed: Any, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("simulate: {leads: 0}\n")
    done = installed.run("demo", at=tmp_path)
    assert done.returncode == 2
    assert "params.yaml: expected settings as in params.yaml, found simulate.leads" in done.stderr


def test_a_source_of_ones_own(installed: Any, folder: Path) -> None:
    export = folder / "data" / "simulate" / "export"
    files = [part for name in ("leads", "events", "stages") for part in ("--from", export / f"{name}.parquet")]
    done = installed.run("init", "mycrm", *files, "--yes", at=folder)
    assert done.returncode == 0, done.stderr
    for source in ("sources/mycrm", "sources/demo"):
        checked = installed.run("check", source, "--data", export, at=folder)
        assert "Tables" in checked.stdout, checked.stderr
        assert "1,200 rows" in checked.stdout


def test_a_letter_in_two_languages(installed: Any, folder: Path) -> None:
    import pandas as pd

    lead = pd.read_parquet(folder / "data" / "score" / "scores.parquet", columns=["lead_id"])["lead_id"].iloc[0]
    for language, heading in (
        ("de", "# Wie Ihr Kontakt mit uns bewertet wurde"),
        ("en", "# How your contact with us was assessed"),
    ):
        done = installed.run("explain", lead, "--letter", language, at=folder)
        assert done.returncode == 0, done.stderr
        assert heading in done.stdout


def test_the_registered_model(installed: Any, folder: Path) -> None:
    code = (
        "import mlflow, sys; from mlflow import MlflowClient;"
        "mlflow.set_tracking_uri('sqlite:///data/mlflow/mlflow.db');"
        "name = MlflowClient().search_registered_models()[0].name;"
        "model = mlflow.pyfunc.load_model(f'models:/{name}/1'); print(type(model).__name__)"
    )
    command = [str(installed.python), "-c", code]
    told = subprocess.run(command, cwd=folder, env=installed.variables, capture_output=True, text=True, check=False)
    assert told.stdout.split()[-1:] == ["PyFuncModel"], told.stderr


def test_the_server_and_a_page(installed: Any, folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(installed.python), "-m", "serve", "--out", "data", "--port", str(port)]
    env = {**installed.variables, "LEADSCORE_API_KEY": KEY}
    with subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as server:
        try:
            assert '"status":"ok"' in answer(port, "/v1/health", server)
            assert "<form" in answer(port, "/login", server)
            assert '"run_id"' in answer(port, "/v1/leads?limit=5", server)
        finally:
            server.terminate()


def answer(port: int, path: str, server: subprocess.Popen[bytes]) -> str:
    """Ask until the server listens."""
    until = time.monotonic() + 120
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"X-API-Key": KEY})
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as told:
                return str(told.read().decode())
        except ConnectionError:
            pass
        except OSError as error:
            if "refused" not in str(error):
                raise
        assert server.poll() is None, server.stdout and server.stdout.read().decode()
        assert time.monotonic() < until, os.strerror(110)
        time.sleep(0.2)
