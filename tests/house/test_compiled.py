"""A compiled function calls none of another module: its kept machine code would not notice a change there."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

PACKAGES = ("features", "models", "pipeline", "serve")
MARKS = {"compiled", "_compiled", "_inlined"}
"""Decorators that compile: the project's own, and those of the module that adds SHAP values up."""


def compiled_functions(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    return {
        node.name: node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(mark, ast.Name) and mark.id in MARKS for mark in node.decorator_list)
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


def imports(tree: ast.Module, packages: Sequence[str]) -> Iterator[str]:
    """Yield the names under which a module knows others of some packages, and what is in them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in packages:
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            names = [alias for alias in node.names if alias.name.partition(".")[0] in packages]
            yield from (alias.asname or alias.name.partition(".")[0] for alias in names)


def calls_elsewhere(name: str, trees: dict[str, ast.Module]) -> list[str]:
    """Return the calls of one module's compiled functions to what is imported from the project's other modules."""
    imported = set(imports(trees[name], PACKAGES))
    return [
        f"{name}.{function.name} calls {ast.unparse(node.func)}"
        for function in compiled_functions(trees[name]).values()
        for part in function.body
        for node in ast.walk(part)
        if isinstance(node, ast.Call) and ast.unparse(node.func).partition(".")[0] in imported
    ]


def test_no_compiled_function_calls_one_of_another_module(project_root):
    trees = modules(project_root)
    assert sum(len(compiled_functions(tree)) for tree in trees.values()) > 1
    assert not [call for name in trees for call in calls_elsewhere(name, trees)]


@pytest.mark.parametrize(
    ("brought", "call"),
    [
        ("from features.as_of import known_until", "known_until"),
        ("from features import as_of", "as_of.known_until"),
        ("import features.as_of", "features.as_of.known_until"),
    ],
)
def test_a_call_of_another_modules_function_is_found(brought, call):
    """The search would pass by itself if it found nothing at all."""
    source = f"{brought}\n\n@compiled\ndef count(times):\n    return {call}(times)\n"
    assert calls_elsewhere("made", {"made": ast.parse(source)}) == [f"made.count calls {call}"]


def test_what_is_compiled_is_marked_in_one_of_these_ways(project_root):
    """Nobody else imports the compiler, so the rule above sees every compiled function."""
    importing = [name for name, tree in modules(project_root).items() if list(imports(tree, ("numba",)))]
    assert sorted(importing) == ["features.compiled", "models.tree_shap.kernel"]
