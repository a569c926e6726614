"""No message offers to let more rejected rows pass: what is thrown away may say who won."""

from __future__ import annotations

import ast
from pathlib import Path

KNOB = "max_reject_share"


def messages(tree: ast.Module) -> list[str]:
    """Return the texts of a module that are no docstrings: those that somebody may read as a message."""
    bodies = (node.body for node in ast.walk(tree) if isinstance(getattr(node, "body", None), list))
    docs = {id(line.value) for body in bodies for line in body if isinstance(line, ast.Expr)}
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return [text.value for text in texts if id(text) not in docs]


def test_no_message_names_the_knob_that_lets_rejects_pass(project_root: Path) -> None:
    for package in ("features", "models", "pipeline", "serve"):
        for file in sorted((project_root / package).rglob("*.py")):
            said = [text for text in messages(ast.parse(file.read_text(encoding="utf-8"))) if KNOB in text]
            assert not said, f"{file}: {said}"


def test_the_search_finds_such_a_message() -> None:
    tree = ast.parse('"""max_reject_share"""\nhint = f"{x}; or raise ingest.max_reject_share"')
    assert messages(tree) == ["; or raise ingest.max_reject_share"]
