"""Spark is an extra: it is imported where it is used and nowhere else, and its cluster is named by who runs it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

PACKAGES = ("features", "models", "pipeline", "serve")
USERS = re.compile(r"pipeline/(spark/\w+|features/on_spark|score/on_spark)\.py")


def is_of_spark(node: ast.AST) -> bool:
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
    return any(name.split(".")[0] in ("pyspark", "py4j") for name in names)


def test_only_the_spark_engine_imports_spark(project_root):
    users = {
        file.relative_to(project_root).as_posix()
        for package in PACKAGES
        for file in (project_root / package).rglob("*.py")
        if any(map(is_of_spark, ast.walk(ast.parse(file.read_text(encoding="utf-8")))))
    }
    assert users
    assert all(USERS.fullmatch(file) for file in users), users


def test_its_modules_can_be_imported_without_it():
    modules = "pipeline.spark.session, pipeline.features.on_spark, pipeline.score.on_spark, pipeline.features.stage"
    code = f"import sys; sys.modules['pyspark'] = sys.modules['py4j'] = None; import {modules}"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_code_names_a_cluster(project_root):
    called = [
        node
        for package in PACKAGES
        for file in (project_root / package).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "master"
    ]
    assert len(called) == 1
    assert not [node for call in called for node in ast.walk(call.args[0]) if isinstance(node, ast.Constant)]
