"""A request waits for nobody: it reads no file, makes no frame and takes no lock around the engine."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ON_THE_WAY = (
    "serve/api/routes.py", "serve/api/score_request.py", "serve/api/request_facts.py", "features/kernel/one_lead.py",
    "models/tree_shap/leaf_sums.py",
)  # fmt: skip
SLOW = {"pandas", "pyarrow.parquet", "threading", "lightgbm"}


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def tree_of(project_root: Path, name: str) -> ast.Module:
    return ast.parse((project_root / name).read_text(encoding="utf-8"))


def test_what_a_request_goes_through_knows_neither_frames_nor_locks(project_root):
    found = {name: SLOW.intersection(imported(tree_of(project_root, name))) for name in ON_THE_WAY}
    assert not any(found.values()), found


def test_requests_ask_for_what_is_in_memory(project_root):
    """Model and history look for newer outputs when they are asked; routes and pages ask `CurrentServing`."""
    asking = [
        f"{file.relative_to(project_root)}:{node.lineno}"
        for file in [*(project_root / "serve" / "api").glob("*.py"), project_root / "serve" / "app.py"]
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and ast.unparse(node) in ("services.model.current", "services.history.engine")
    ]
    assert not asking


def test_the_score_and_its_guards_run_in_the_event_loop(project_root):
    """A function that is not async is handed to another thread, which costs more than the check it makes."""
    wanted = {"serve/api/routes.py": {"require_key", "post_score"}, "serve/services.py": {"services_of"}}
    for name, functions in wanted.items():
        nodes = tree_of(project_root, name).body
        assert functions <= {node.name for node in nodes if isinstance(node, ast.AsyncFunctionDef)}
