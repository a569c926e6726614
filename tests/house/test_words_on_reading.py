"""Nobody who makes scores words them: sentences are found by `models.scoring.wording` when somebody reads."""

from __future__ import annotations

import ast

MAKERS = ("models/scoring/reasons.py", "models/scoring/score_rows.py", "pipeline/score/scores_file.py")
WORDING = {"features.language", "models.scoring.wording"}


def test_what_makes_scores_knows_no_language(project_root):
    for name in MAKERS:
        tree = ast.parse((project_root / name).read_text(encoding="utf-8"))
        imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not [module for module in imported for room in WORDING if module.startswith(room)], name
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "say"], name
