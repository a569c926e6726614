"""Columns of persons stay apart: one module of ingest writes them, and nothing that computes reads them."""

from __future__ import annotations

import ast
from pathlib import Path

DECLARED, WRITES, STAGE = "features/source_spec.py", "pipeline/ingest/shown_columns.py", "pipeline/ingest/stage.py"
COMPUTES = ("features", "models", "pipeline/features", "pipeline/labels", "pipeline/train", "pipeline/cutoffs",
            "pipeline/evaluate", "pipeline/replay", "pipeline/spark", "pipeline/points")  # fmt: skip


def modules(root: Path) -> dict[str, ast.Module]:
    files = [file for package in ("features", "models", "pipeline", "serve") for file in (root / package).rglob("*.py")]
    return {file.relative_to(root).as_posix(): ast.parse(file.read_text(encoding="utf-8")) for file in files}


def names_show(tree: ast.Module) -> bool:
    """Whether a module asks a source which columns are shown."""
    return any(isinstance(node, ast.Attribute) and node.attr == "show" for node in ast.walk(tree))


def names_file(tree: ast.Module) -> bool:
    """Whether a module knows the file, by its name or through the module that writes it."""
    return any(
        (isinstance(node, ast.Constant) and node.value == "shown.parquet")
        or (isinstance(node, ast.ImportFrom) and (node.module or "").endswith("shown_columns"))
        for node in ast.walk(tree)
    )


def test_one_module_asks_which_columns_are_shown(project_root: Path) -> None:
    asking = {path for path, tree in modules(project_root).items() if names_show(tree)}
    assert asking == {DECLARED, WRITES}


def test_nothing_that_computes_knows_the_file(project_root: Path) -> None:
    knowing = {path for path, tree in modules(project_root).items() if names_file(tree)}
    assert {WRITES, STAGE} <= knowing
    assert not [path for path in knowing if path.startswith(COMPUTES)]
