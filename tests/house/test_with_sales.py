"""Who is with sales is decided in one module, and what a ladder says about it is read by that module alone."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGES = ("features", "models", "pipeline", "serve")
DECLARED, RULE = "features/source_spec.py", "models/scoring/groups.py"
MIGRATION = "0004_current_scores.py"
OF_EARLIER_VERSIONS = {"stored_evidence_files.py", MIGRATION}
"""Modules that read open leads, and fill scores, of versions that kept the stages instead of the answer."""


def modules(root: Path) -> dict[str, ast.Module]:
    """Return every module of the packages by its path."""
    files = [file for package in PACKAGES for file in sorted((root / package).rglob("*.py"))]
    return {file.relative_to(root).as_posix(): ast.parse(file.read_text(encoding="utf-8")) for file in files}


def attributes(tree: ast.Module) -> set[str]:
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def texts(tree: ast.Module) -> set[str]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_one_module_asks_which_stages_are_with_sales(project_root: Path) -> None:
    asking = {path for path, tree in modules(project_root).items() if "stages_with_sales" in attributes(tree)}
    assert asking == {DECLARED, RULE}


def test_no_list_of_such_stages_is_handed_around(project_root: Path) -> None:
    named = {path for path, tree in modules(project_root).items() if "sales_stages" in attributes(tree) | texts(tree)}
    assert {Path(path).name for path in named} == OF_EARLIER_VERSIONS


def test_nobody_compares_a_stage_with_sal(project_root: Path) -> None:
    for path, tree in modules(project_root).items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Compare) or path == DECLARED:
                continue
            sides = [node.left, *node.comparators]
            about_stage = any("stage" in ast.unparse(side).lower() for side in sides)
            against_sal = any(isinstance(side, ast.Constant) and side.value in ("SAL", "SRL") for side in sides)
            assert not (about_stage and against_sal), f"{path}:{node.lineno} decides by itself what SAL or SRL is"


def test_only_the_rule_and_the_migration_name_the_group_beside_a_condition(project_root: Path) -> None:
    for path, tree in modules(project_root).items():
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        for call in calls:
            name = ast.unparse(call.func).split(".")[-1]
            if name in ("case", "where", "mask", "select") and "with_sales" in texts(ast.Module([ast.Expr(call)], [])):
                assert path == RULE or path.endswith(MIGRATION), f"{path}:{call.lineno}"
