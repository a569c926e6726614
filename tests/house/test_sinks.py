"""Where scores go is a seam: the stage names no place, and every registered sink does what the stage asks."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from models.scoring.run_about import RunAbout
from pipeline.score.sinks.registry import SINKS
from pipeline.score.sinks.sink import Sink

ASKED = ("from_settings", "place", "write", "holds", "undo")
OPEN_ROOMS = (
    "current_scores", "registry", "sink", "lead_scores", "erase_leads", "old_scores", "promotions",
    "scores_before",
)  # fmt: skip
OPEN_DOORS = ("write_back.command", "news.news", "news.outbox", "news.open_outbox")
SINK_MODULES = {f"pipeline.score.sinks.{name}" for name in (*OPEN_ROOMS, *OPEN_DOORS)}
"""All of the folder that the rest of the house may know: the sinks, who reads or erases scores, and who tells."""


def imported(file: Path) -> set[str]:
    return {
        node.module or ""
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
    } | {
        alias.name
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import)
        for alias in node.names
    }


def test_nothing_outside_the_folder_names_a_concrete_sink(project_root: Path) -> None:
    sinks = project_root / "pipeline" / "score" / "sinks"
    outside = [file for file in (project_root / "pipeline").rglob("*.py") if sinks not in file.parents]
    assert outside
    for file in outside:
        of_sinks = {name for name in imported(file) if name.startswith("pipeline.score.sinks")}
        assert of_sinks <= SINK_MODULES, file
        text = file.read_text(encoding="utf-8")
        for sink in SINKS.values():
            assert sink.__name__ not in text, f"{file} names {sink.__name__}"


def test_the_stage_opens_no_database(project_root: Path) -> None:
    for file in (project_root / "pipeline" / "score").glob("*.py"):
        assert not {name for name in imported(file) if name.split(".")[0] in ("sqlalchemy", "alembic")}, file


@pytest.mark.parametrize("name", SINKS)
def test_a_registered_sink_does_what_the_protocol_asks(name: str) -> None:
    sink = SINKS[name]
    for asked in ASKED:
        own, declared = (inspect.signature(getattr(kind, asked)) for kind in (sink, Sink))
        assert list(own.parameters) == list(declared.parameters), f"{sink.__name__}.{asked}"
        assert getattr(sink, asked).__doc__


@pytest.mark.parametrize("name", SINKS)
def test_a_registered_sink_is_a_module_of_its_own_with_a_test_of_its_name(name: str, project_root: Path) -> None:
    module = SINKS[name].__module__
    assert module.rpartition(".")[0] == "pipeline.score.sinks"
    assert module not in SINK_MODULES
    assert len([other for other in SINKS.values() if other.__module__ == module]) == 1
    folder = project_root / "tests" / "pipeline" / "score" / "sinks"
    test = folder / f"test_{module.rpartition('.')[2]}.py"
    assert test.is_file()
    assert SINKS[name].__name__ in test.read_text(encoding="utf-8")


def test_no_sink_is_called_as_something_else_that_score_json_says() -> None:
    said = {"run_id", "model_version", "cutoff_version", *RunAbout.model_fields}
    assert not said & set(SINKS)


def test_the_protocol_asks_no_more_than_what_the_stage_needs() -> None:
    declared = {name for name, member in vars(Sink).items() if callable(getattr(Sink, name)) and member.__doc__}
    assert {name for name in declared if not name.startswith("_")} == set(ASKED)
