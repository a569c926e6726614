"""LightGBM reads a text that somebody may have altered only after `models.lightgbm_text` has looked at it."""

from __future__ import annotations

import ast


def test_one_place_gives_lightgbm_a_text(project_root):
    places = []
    for package in ("features", "models", "pipeline", "serve"):
        for file in sorted((project_root / package).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.keyword) and node.arg in ("model_str", "model_file"):
                    places.append(file.relative_to(project_root).as_posix())
    assert places == ["models/lightgbm_text.py"]
