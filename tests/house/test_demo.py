"""The demo by one process and the demo by DVC are the same stages, and its environment is made in seconds."""

from __future__ import annotations

import ast

from pipeline.runner.stages import STAGES


def recipe(project_root, target):
    return (project_root / "Makefile").read_text().partition(f"\n{target}: ")[2].partition("\n\n")[0]


def test_the_demo_and_dvc_run_the_same_stages(project_root):
    assert "$(BIN)/leadscore demo" in recipe(project_root, "demo")
    assert "$(BIN)/python -m pipeline.warm_up &" in recipe(project_root, "demo")
    assert "$(BIN)/dvc repro" in recipe(project_root, "repro")
    (demo,) = (
        node
        for node in ast.parse((project_root / "pipeline" / "cli" / "stages.py").read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name == "demo"
    )
    assert "run_all(context, [stage.name for stage in STAGES])" in ast.unparse(demo)
    assert STAGES[0].name == "simulate"


def test_a_command_of_a_stage_is_added_in_one_place(project_root):
    tree = ast.parse((project_root / "pipeline" / "cli" / "stages.py").read_text())
    forced = [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and any(argument.arg == "force" for argument in node.args.args)
    ]
    assert forced == ["command"]


def test_only_what_is_imported_is_compiled_to_bytecode(project_root):
    makefile = (project_root / "Makefile").read_text()
    assert "UV_COMPILE_BYTECODE" not in makefile
    assert "export PYTHONDONTWRITEBYTECODE :=\n" in makefile
