"""What several test folders need: the project's root, and one real run of the whole chain on a small demo."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pandas as pd
import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent
collect_ignore = ["tryton/serve.py", "tryton/server.py"]
"""The first is run by Tryton's own Python; the second is loaded by `_of_tests`, after what it imports."""
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ["LEADSCORE_LOG"] = "plain"  # what commands say is compared, and no time with it

SMALL_DEMO = ("simulate.leads=2500", "simulate.events_per_lead=30", "evaluate.bootstrap=100", "evaluate.shap_rows=200")


@pytest.fixture(scope="session")
def project_root() -> Path:
    return ROOT


def _of_tests(name: str) -> ModuleType:
    """Load a module of ``tests``, which is no package."""
    spec = importlib.util.spec_from_file_location(name.replace("/", "_"), ROOT / "tests" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def tryton_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real Tryton in which a year of leads has passed; its first use on a machine takes some minutes."""
    _of_tests("own_environment")
    server, year = _of_tests("tryton/server"), _of_tests("tryton/year")
    with server.with_a_year(tmp_path_factory.mktemp("tryton"), year.fill, year.FOUNDED, year.LAST) as started:
        yield started


@pytest.fixture(scope="module")
def tryton_company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A small company with a Tryton of its own, in which the same year has passed and more days may follow."""
    _of_tests("own_environment")
    server, year = _of_tests("tryton/server"), _of_tests("tryton/year")
    folder = tmp_path_factory.mktemp("company")
    source = shutil.copytree(ROOT / "sources" / "tryton", folder / "source")
    (folder / "tryton").mkdir()
    with (
        pytest.MonkeyPatch.context() as patch,
        server.with_a_year(folder / "tryton", year.fill, year.FOUNDED, year.LAST) as started,
        started.logged_in() as tryton,
    ):
        for variable in ("LEADSCORE_PULL_PASSWORD", "LEADSCORE_CRM_PASSWORD"):
            patch.setenv(variable, started.password)
        yield _of_tests("tryton/company").Company(started, tryton, year, source, folder / "data", folder / "out")


@pytest.fixture(scope="session")
def python_of() -> Callable[[str, Path], Path]:
    """Return what makes an environment for another program (``tests/own_environment.py``)."""
    return cast("Callable[[str, Path], Path]", _of_tests("own_environment").python_of)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An environment with leadscore from a wheel (``tests/installed_wheel.py``); workers share it."""
    helper = _of_tests("installed_wheel")
    folder = _shared(tmp_path_factory) / "installed"
    with FileLock(f"{folder}.lock"):
        if not (folder / "complete").exists():
            folder.mkdir()
            helper.install(helper.build_wheel(folder), folder / "env")
            (folder / "complete").touch()
    (wheel,) = folder.glob("*.whl")
    return helper.Installed(wheel, folder / "env")


@pytest.fixture(scope="session")
def register_won() -> Callable[[Any], None]:
    """Return what makes the receipt of a run, lets it say won, and registers the model."""
    from pipeline.receipt.seal import seal
    from pipeline.receipt.stage import read_receipt, write_receipt
    from pipeline.runner.stages import run_stage
    from pipeline.runner.workspace import STAMP, tree_digest

    def register(context: Any) -> None:
        run_stage("receipt", context)
        folder = context.folder("receipt")
        receipt = read_receipt(folder).receipt
        verdict = receipt.verdict.model_copy(update={"outcome": "won", "missing": ()})
        write_receipt(seal(receipt.model_copy(update={"verdict": verdict}), None), folder)
        stamp = json.loads((folder / STAMP).read_text())
        (folder / STAMP).write_text(json.dumps(stamp | {"outputs": tree_digest([folder])}))
        run_stage("register", context)

    return register


@pytest.fixture(scope="session")
def rows_of() -> Callable[..., Any]:
    """Return what turns a frame of scores into what a sink takes; columns that it leaves out are empty."""
    from pipeline.score.scores_file import SCHEMA, table_of
    from pipeline.score.sinks.sink import RunIdentity

    def batches(scores: pd.DataFrame, run: RunIdentity, rows: int = 1_000) -> Any:
        empty = {name: None for name in SCHEMA.names if name not in scores}
        return table_of(scores.assign(**empty), run).to_batches(max_chunksize=rows)

    return batches


def _shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that all workers of a test run have."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def small_demo() -> tuple[str, ...]:
    """The ``--set`` assignments of the demo run."""
    return SMALL_DEMO


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The OUT folder of a finished run on 2,500 simulated leads; read it, do not write into it."""
    from pipeline.runner.stages import RUN_STAGES, make_context, run_all
    from pipeline.settings.settings import parse_overrides

    out = _shared(tmp_path_factory) / "demo_run"
    context = make_context(
        source_dir=ROOT / "sources" / "demo",
        data_dir=out / "simulate" / "export",
        out=out,
        params_file=None,
        overrides=parse_overrides(SMALL_DEMO),
    )
    with FileLock(f"{out}.lock"):  # parallel workers share one run: the later ones find it current
        run_all(context, ("simulate", *RUN_STAGES))
    return out
