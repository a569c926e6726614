"""The plan of the house: a folder answers one question, holds few modules, and its tests stand where it stands."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

PACKAGES = ("features", "models", "pipeline", "serve")
MOST_MODULES = 20
LAWS = "laws"
"""Folder for tests of what several modules of a folder keep together."""
OF_A_PAGE = {"test_browser.py"}
"""Beside routes and view, a page is tested as people see it."""


def folders(root: Path) -> list[Path]:
    """Return every folder of code below the packages; migrations are named by the database they move."""
    return sorted(
        file.parent
        for package in PACKAGES
        for file in (root / package).rglob("__init__.py")
        if file.parent != root / package
    )


def modules(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.glob("*.py") if file.name != "__init__.py")


def test_a_folder_asks_the_question_that_it_answers(project_root: Path) -> None:
    for folder in folders(project_root):
        text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
        assert text.splitlines()[0].endswith("?"), folder


def test_a_folder_holds_at_most_twenty_modules(project_root: Path) -> None:
    for folder in [*folders(project_root), *(project_root / package for package in PACKAGES)]:
        assert len(modules(folder)) <= MOST_MODULES, folder


def test_every_folder_of_code_is_a_package(project_root: Path) -> None:
    for package in PACKAGES:
        for file in (project_root / package).rglob("*.py"):
            if "migrations" not in file.parts:
                assert (file.parent / "__init__.py").is_file(), file


def test_a_stage_has_its_file(project_root: Path) -> None:
    from pipeline.runner.stages import STAGES

    for stage in STAGES:
        assert (project_root / "pipeline" / stage.name / "stage.py").is_file(), stage.name


def test_a_page_has_its_files(project_root: Path) -> None:
    pages = [folder for folder in folders(project_root) if folder.parent == project_root / "serve" / "pages"]
    assert {folder.name for folder in pages if (folder / "routes.py").is_file()} >= {"leads", "cutoffs"}
    for folder in pages:
        if (folder / "routes.py").is_file():
            assert (folder / "view.py").is_file(), folder


def mirrored(test: Path, root: Path) -> bool:
    """Whether a test file stands where the module, or the folder, stands that it has its name from."""
    place = test.relative_to(root / "tests")
    if place.parts[0] in ("house", "benchmarks", "notebooks") or LAWS in place.parts or test.name in OF_A_PAGE:
        return True
    named = root.joinpath(*place.parts[:-1], test.name.removeprefix("test_"))
    page = named.with_name(named.stem.replace("_", "-") + ".md")
    return named.is_file() or named.with_suffix("").is_dir() or page.is_file()


def test_tests_mirror_the_tree(project_root: Path) -> None:
    elsewhere = [
        str(test.relative_to(project_root))
        for test in (project_root / "tests").rglob("test_*.py")
        if not mirrored(test, project_root)
    ]
    assert elsewhere == []


@pytest.mark.parametrize("planted", ["models/test_nothing_of_the_kind.py", "serve/api/test_helpers.py"])
def test_a_test_that_stands_nowhere_is_found(project_root: Path, planted: str) -> None:
    assert not mirrored(project_root / "tests" / planted, project_root)


@pytest.mark.parametrize("name", PACKAGES)
def test_the_layers_of_a_package_are_exhaustive(project_root: Path, name: str) -> None:
    contracts = tomllib.loads((project_root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [inside] = [contract for contract in contracts if contract.get("containers") == [name]]
    assert inside["exhaustive"] is True
