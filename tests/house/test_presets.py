"""What headings mean in exports of a system is data: no module of ``leadscore init`` knows a system by name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pipeline.init.presets import presets

SAID = {"guess_stages.py"}
"""Modules whose messages name systems, to say what to export there."""


def names_a_system(text: str, systems: set[str]) -> list[str]:
    """Return texts of a module, docstrings aside, that name a system."""
    tree = ast.parse(text)
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [str(n.value) for n in texts if id(n) not in docs and any(system in str(n.value) for system in systems)]


def test_no_module_knows_a_system(project_root: Path) -> None:
    systems = {preset.system for preset in presets()}
    found = {
        str(file.relative_to(project_root)): texts
        for file in sorted((project_root / "pipeline" / "init").rglob("*.py"))
        if file.name not in SAID and (texts := names_a_system(file.read_text(encoding="utf-8"), systems))
    }
    assert found == {}


@pytest.mark.parametrize("text", ['x = "HubSpot"', 'if name == "Salesforce": pass'])
def test_the_rule_finds_what_it_looks_for(text: str) -> None:
    assert names_a_system(text, {"HubSpot", "Salesforce"})
