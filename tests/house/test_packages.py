"""The house rules that no other tool checks."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
import tomllib

import pytest
import yaml

from pipeline.cli import app
from pipeline.runner.stages import STAGES
from pipeline.settings.settings import Settings
from pipeline.settings.shipped import INSTALLED

PACKAGES = ("features", "models", "pipeline", "serve")


def test_a_stage_its_package_its_dvc_stage_and_its_folder_share_one_name(project_root):
    dvc = yaml.safe_load((project_root / "dvc.yaml").read_text())["stages"]
    assert list(dvc) == [*(stage.name for stage in STAGES), "metrics"]  # whose files lie in git
    for stage in STAGES:
        declared = dvc[stage.name]
        outs = declared["outs"]
        assert outs == [{f"data/{stage.name}": {"cache": False}}]
        assert declared["cmd"] == f"leadscore {stage.name}"
        assert f"pipeline/{stage.name}" in declared["deps"]
        module = importlib.import_module(f"pipeline.{stage.name}.stage")
        assert list(inspect.signature(module.run).parameters) == ["context", "out"]


def test_dvc_depends_on_the_outputs_a_stage_reads(project_root):
    dvc = yaml.safe_load((project_root / "dvc.yaml").read_text())["stages"]
    for stage in STAGES:
        assert {f"data/{need}" for need in stage.needs} <= set(dvc[stage.name]["deps"]), stage.name


HOUSE_FOLDERS = {"pipeline/runner", "pipeline/settings"}
"""What every stage uses to run at all, and what decides no output."""


def pipeline_modules(project_root, module, seen):
    """Collect ``module`` and every module of pipeline that it imports, as files."""
    file = project_root.joinpath(*module.split(".")).with_suffix(".py")
    if file in seen or not file.is_file() or "/".join(module.split(".")[:2]) in HOUSE_FOLDERS:
        return
    seen.add(file)
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pipeline."):
            pipeline_modules(project_root, node.module, seen)
            for alias in node.names:
                pipeline_modules(project_root, f"{node.module}.{alias.name}", seen)


def test_dvc_watches_all_the_code_of_a_stage(project_root):
    """A folder is watched whole; a module that lies in pipeline itself is watched by its name."""
    dvc = yaml.safe_load((project_root / "dvc.yaml").read_text())["stages"]
    for stage in STAGES:
        files = set()
        pipeline_modules(project_root, f"pipeline.{stage.name}.stage", files)
        paths = [file.relative_to(project_root).parts for file in files]
        watched = {"/".join(parts[:2]) for parts in paths}
        assert watched - set(dvc[stage.name]["deps"]) == set(), stage.name


def test_dvc_watches_all_the_settings_of_a_stage(project_root):
    dvc = yaml.safe_load((project_root / "dvc.yaml").read_text())["stages"]
    shipped = set(yaml.safe_load((project_root / "params.yaml").read_text()))
    for stage in STAGES:
        assert (set(stage.sections) & shipped) | set(stage.knobs) <= set(dvc[stage.name]["params"]), stage.name


def test_every_stage_is_a_command():
    commands = {command.name for command in app.registered_commands}
    assert {stage.name for stage in STAGES} <= commands


def test_every_section_of_the_settings_that_a_stage_names_exists():
    for stage in STAGES:
        assert set(stage.sections) <= set(Settings.model_fields)
        for knob in stage.knobs:
            section, key = knob.split(".")
            assert key in type(getattr(Settings(), section)).model_fields


@pytest.mark.parametrize("name", ["features", "models", "pipeline"])
def test_a_package_imports_what_it_lists_at_first_use(name):
    """The contents page under TYPE_CHECKING and ``__all__`` name the same, and none of it is loaded by the package."""
    package = importlib.import_module(name)
    tree = ast.parse(inspect.getsource(package))
    listed = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{name}.")
        for alias in node.names
        if node.module != "features.lazy_exports"
    ]
    assert sorted(listed) == package.__all__
    code = f"import sys, {name}; print(sorted({{'pandas', 'numba', 'scipy'}} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_lists_what_it_offers(name):
    package = importlib.import_module(name)
    assert package.__doc__
    assert package.__all__ == sorted(package.__all__)
    for public in package.__all__:
        assert getattr(package, public) is not None


def test_the_packages_are_listed_explicitly(project_root):
    project = tomllib.loads((project_root / "pyproject.toml").read_text())
    listed = set(project["tool"]["setuptools"]["packages"])
    found = {
        ".".join(file.parent.relative_to(project_root).parts)
        for package in PACKAGES
        for file in (project_root / package).rglob("__init__.py")
    }
    assert listed == found | {INSTALLED}


def test_importing_models_stays_light():
    heavy = {"mlflow", "shap", "pyspark", "matplotlib", "fastapi", "lightgbm", "babel"}
    code = f"import sys, models, features; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_lock_has_hashes_and_names_no_registry(project_root):
    for name in ("requirements.lock", "requirements-installer.lock"):
        text = (project_root / name).read_text()
        pinned = re.findall(r"^([A-Za-z0-9._\[\]-]+)==[^ ]+(.*)$", text, flags=re.MULTILINE)
        assert pinned
        assert text.count("--hash=sha256:") >= len(pinned)
        assert "://" not in text
        assert "--index" not in text


def test_no_pickle_in_the_code(project_root):
    for package in PACKAGES:
        for file in (project_root / package).rglob("*.py"):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            names = {
                alias.name.split(".")[0]
                for node in ast.walk(tree)
                if isinstance(node, ast.Import | ast.ImportFrom)
                for alias in node.names
            } | {(node.module or "").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
            assert not names & {"pickle", "cloudpickle", "joblib", "dill"}, file
