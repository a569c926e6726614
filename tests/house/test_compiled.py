"""A compiled function calls none of another module: its kept machine code would not notice a change there."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGES = ("features", "models", "pipeline", "serve")


def compiled_functions(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    return {
        node.name: node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(mark, ast.Name) and mark.id == "compiled" for mark in node.decorator_list)
    }


def modules(root: Path) -> dict[str, ast.Module]:
    """Return the syntax tree of each module, by its dotted name."""
    return {
        ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
            file.read_text(encoding="utf-8")
        )
        for package in PACKAGES
        for file in (root / package).rglob("*.py")
    }


def calls_elsewhere(name: str, trees: dict[str, ast.Module]) -> list[str]:
    """Return the calls of one module's compiled functions to what is imported from the project's other modules."""
    imported = {
        alias.asname or alias.name
        for node in ast.walk(trees[name])
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in PACKAGES
        for alias in node.names
    }
    return [
        f"{name}.{function.name} calls {node.func.id}"
        for function in compiled_functions(trees[name]).values()
        for part in function.body
        for node in ast.walk(part)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in imported
    ]


def test_no_compiled_function_calls_one_of_another_module(project_root):
    trees = modules(project_root)
    assert sum(len(compiled_functions(tree)) for tree in trees.values()) > 1
    assert not [call for name in trees for call in calls_elsewhere(name, trees)]


def test_a_call_of_another_modules_function_is_found():
    """The search would pass by itself if it found nothing at all."""
    source = (
        "from features.as_of import known_until\nfrom features.compiled import compiled\n\n"
        "@compiled\ndef count(times):\n    return known_until(times)\n"
    )
    assert calls_elsewhere("made", {"made": ast.parse(source)}) == ["made.count calls known_until"]


def test_what_is_compiled_is_marked_in_one_way(project_root):
    """Nobody else imports the compiler, so the rule above sees every compiled function."""
    importing = [
        name
        for name, tree in modules(project_root).items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and any(alias.name.partition(".")[0] == "numba" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "numba")
    ]
    assert set(importing) <= {"features.compiled", "models.tree_shap.kernel"}
