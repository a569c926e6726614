"""Training never takes the whole table of features into memory."""

from __future__ import annotations

import ast
from pathlib import Path

WHOLE = {"read_features", "read_parquet", "read_table"}
"""What would read all rows of features at once."""


def calls(file: Path) -> list[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return [ast.unparse(node.func).rpartition(".")[2] for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_stage_train_reads_features_by_chunks_alone(project_root):
    called = [name for file in sorted((project_root / "pipeline" / "train").glob("*.py")) for name in calls(file)]
    assert "read_feature_chunks" in called
    assert not WHOLE & set(called)


def test_a_call_that_reads_all_is_found(tmp_path):
    """The rule above would pass by itself if it found nothing at all."""
    file = tmp_path / "made.py"
    file.write_text("import pandas as pd\n\nrows = pd.read_parquet('history.parquet')\n")
    assert WHOLE & set(calls(file)) == {"read_parquet"}


def test_what_is_learned_from_is_bounded_before_features_are_read(project_root):
    source = (project_root / "pipeline" / "train" / "stage.py").read_text(encoding="utf-8")
    run = next(node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == "run")
    lines = {ast.unparse(node.func): node.lineno for node in ast.walk(run) if isinstance(node, ast.Call)}
    assert lines["labels_to_learn_from"] < lines["read_features_of_leads"]
