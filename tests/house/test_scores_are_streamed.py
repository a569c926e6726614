"""Scores are many: what makes, files and stores them holds a chunk, never all of them in one frame."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STREAMING = (
    "pipeline/score/scores_file.py",
    "pipeline/score/sinks/keepable_rows.py",
    "pipeline/score/sinks/score_rows_in.py",
    "pipeline/score/stage.py",
)
WHOLE = {"read_features", "read_parquet", "read_table", "read_sql", "fetchall"}
"""Calls that read everything there is."""


@pytest.mark.parametrize("file", STREAMING)
def test_nothing_on_the_way_of_scores_reads_them_all_at_once(file: str) -> None:
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    }
    assert not called & WHOLE


def test_only_the_transaction_that_completes_a_run_changes_the_list() -> None:
    makers = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "pipeline").rglob("*.py"))
        if "versions" not in path.parts and "list_open_leads(" in path.read_text(encoding="utf-8")
    ]
    erasing = "pipeline/score/sinks/erase_leads.py"  # a person is gone from the list in the same transaction
    assert makers == [erasing, "pipeline/score/sinks/open_leads.py", "pipeline/score/sinks/score_store.py"]
