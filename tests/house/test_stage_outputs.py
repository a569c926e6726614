"""What a stage left is opened in pipeline/outputs alone; the stage that writes it may open its own."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.what_if import stored_evidence_files
from pipeline.outputs.cutoffs_file import CUTOFFS_FILE
from pipeline.outputs.evaluation_file import OPEN_ABOUT_FILE, OPEN_FILE
from pipeline.outputs.looks_file import COUNTING_FILE, LOOKS_FILE, PAST_FILE
from pipeline.runner.stages import STAGES

FREE = ("outputs", "runner", "nightly/trial.py")
STAGE_NAMES = {stage.name for stage in STAGES}
READERS = {"read_text", "read_bytes", "read_parquet", "read_table", "read_schema", "ParquetFile", "open"}
READ_NO_STAGE = {
    "champion/folder.py": "decisions and which is in force, beside the stages",
    "champion/publish.py": "the texts of the run that is published, under the paths that outputs and the receipt give",
    "forget/erase.py": "every file below OUT, to take somebody out of it",
    "forget/person.py": "every table of leads below OUT",
    "forget/search.py": "every file of a folder, to look for somebody",
    "history/decisions.py": "what scored, which it keeps itself",
    "history/folder.py": "runs, which it keeps itself",
    "history/changed_rows.py": "the schemas of tables that are kept",
    "init/presets.py": "what headings mean in exports of known systems, part of the package",
    "features/parquet_facts.py": "the schema of a table that it hands to DuckDB, under the path that outputs gives it",
    "nightly/history.py": "what is kept of the nights, beside the stages",
    "settings/shipped.py": "the default settings, part of the package",
    "pull/tryton_export.py": "what an earlier pull has read, beside the stages",
    "receipt/approvals.py": "what marketing and sales said, beside the stages",
    "receipt/document_checks.py": "the receipt and its page, byte for byte",
    "receipt/erasures.py": "what erasures left on record, beside the stages",
    "receipt/stage.py": "the receipt, which it writes itself",
    "rebuild/rebuilt.py": "features of a past night, in a scratch folder of its own",
    "replay/nightly_looks.py": "features of nights, in a scratch folder of its own",
    "score/changes/side.py": "feature rows that are kept, in a scratch folder of its own, or under that path",
    "score/scores_file.py": "the scores that the stage has just written, for its sinks",
    "settings/yaml_trees.py": "params.yaml",
    "telling/lines_file.py": "lines that a channel wrote, beside the stages",
    "spark/sorted_parts.py": "rows that a cluster wrote, in a scratch folder of the stage",
    "source/csv_bytes.py": "files of a company",
    "source/data_folder.py": "files of a company",
    "source/folder.py": "the source folder",
}
"""Modules that read files which no other stage wrote, and what they read."""


def declared_files(project_root: Path) -> set[str]:
    """Return the file names that the modules of pipeline/outputs declare as constants."""
    names = set()
    for file in (project_root / "pipeline" / "outputs").glob("*.py"):
        module = importlib.import_module(f"pipeline.outputs.{file.stem}") if file.stem != "__init__" else None
        names |= {value for name, value in vars(module).items() if name.endswith("_FILE")} if module else set()
    return names


def constants_of(tree: ast.Module) -> dict[str, str]:
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def offences(text: str, module: str, files: set[str]) -> Iterator[str]:
    """Yield what a module of pipeline does that belongs into pipeline/outputs.

    It asks for the folder of another stage, builds a path to one, names a file of one, or reads a file although it is
    not among those that read what no other stage wrote.
    """
    tree, own = ast.parse(text), module.split("/")[0].removesuffix(".py")
    constants = constants_of(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "folder":
            asked = node.args[0] if node.args else None
            name = asked.value if isinstance(asked, ast.Constant) else constants.get(getattr(asked, "id", ""))
            if name != own:
                yield f"{module}:{node.lineno} asks for the folder of {name or 'some stage'}"
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and isinstance(node.right, ast.Constant):
            first = str(node.right.value).split("/")[0]
            if first in STAGE_NAMES - {own}:
                yield f"{module}:{node.lineno} builds a path into the folder of {first}"
        if isinstance(node, ast.Constant) and node.value in files:
            yield f"{module}:{node.lineno} names {node.value}, which pipeline/outputs declares"
        if isinstance(node, ast.Call) and module not in READ_NO_STAGE:
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            writes = any(isinstance(given, ast.Constant) and "w" in str(given.value) for given in node.args)
            if name in READERS and not (name == "open" and writes):
                yield f"{module}:{node.lineno} reads a file by {name}"


def test_no_module_opens_what_another_stage_left(project_root):
    files = declared_files(project_root)
    assert {"labels.parquet", "cutoffs.json", "rules.json", "evaluation.json"} <= files
    found = []
    for file in sorted((project_root / "pipeline").rglob("*.py")):
        module = file.relative_to(project_root / "pipeline").as_posix()
        if module.split("/")[0] not in FREE and module not in FREE:
            found += offences(file.read_text(encoding="utf-8"), module, files)
    assert found == []


@pytest.mark.parametrize(
    "planted",
    [
        'labels = pd.read_parquet(context.folder("labels") / "x")',
        'folder = context.workspace.folder("train") / "model"',
        'NAME = "train"\nfolder = context.folder(NAME)',
        "folder = context.folder(stage)",
        'file = out / "evaluate" / "report.html"',
        'file = out / "train/model"',
        'file = folder / "cutoffs.json"',
        "cutoffs = Cutoffs.model_validate_json(file.read_text())",
        "with file.open() as stream: stream.read()",
    ],
)
def test_a_module_that_does_is_found(planted):
    assert list(offences(planted, "score/planted.py", {"cutoffs.json"}))


@pytest.mark.parametrize(
    "allowed",
    ['file = context.folder("score") / "own.txt"', 'NAME = "score"\nfile = context.folder(NAME) / "own.txt"'],
)
def test_a_stage_opens_its_own_folder(allowed):
    assert list(offences(allowed, "score/planted.py", {"cutoffs.json"})) == []


def test_no_exception_is_listed_that_is_not_needed(project_root):
    for module in READ_NO_STAGE:
        text = (project_root / "pipeline" / module).read_text(encoding="utf-8")
        assert any("reads a file" in one for one in offences(text, f"elsewhere/{module}", set())), module


def test_the_server_and_the_stages_mean_the_same_files():
    """Serving imports no pipeline: the names of what questions about cut-offs are answered from stand in models."""
    written = {f"{stage}/{name}" for stage in stored_evidence_files.STAGES for name in (LOOKS_FILE, COUNTING_FILE)}
    written |= {f"cutoffs/{CUTOFFS_FILE}", f"cutoffs/{PAST_FILE}", f"evaluate/{OPEN_FILE}"}
    assert set(stored_evidence_files.FILES) == written | {f"evaluate/{OPEN_ABOUT_FILE}"}
