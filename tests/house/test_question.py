"""A question about cut-offs is declared once: every surface offers what is declared, and reads its answer by type."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from features.language.languages import LANGUAGES, Language
from models.bands import PerBand
from models.what_if.answer import Answer
from models.what_if.question import KNOBS, Question
from pipeline.what_if.options import ANSWER_FLAGS
from serve.api.cutoff_routes import router
from serve.pages.cutoffs.form import Form, Volume, read_form
from serve.wording.sentences import PAGE_SENTENCES

FLAGS = {knob.flag for knob in KNOBS.values()}


def test_every_field_of_a_question_has_its_names() -> None:
    assert list(KNOBS) == list(Question.model_fields)
    for name, knob in KNOBS.items():
        assert Question.model_fields[name].description, name
        for language in LANGUAGES:
            sentences = PAGE_SENTENCES.sentences(language)
            assert f"ask_{knob.form}" in sentences, name
            assert (f"ask_{knob.form}_help" in sentences) == knob.help, name


def test_the_command_offers_what_is_declared() -> None:
    import typer.main

    from pipeline.cli import app

    group: Any = typer.main.get_command(app)
    with group.make_context("leadscore", ["what-if"]) as context:
        _, command, _ = group.resolve_command(context, ["what-if"])
    assert {flag for option in command.params for flag in option.opts} == FLAGS | ANSWER_FLAGS | {"--out"}
    assert {option.name for option in command.params if set(option.opts) & FLAGS} == set(Question.model_fields)


def test_the_api_offers_what_is_declared_and_says_what_it_answers() -> None:
    (route,) = (route for route in router.routes if isinstance(route, APIRoute))
    assert route.response_model is not None
    assert route.response_model.__name__ == "Answer"
    (query,) = route.dependant.query_params
    assert query.field_info.annotation is Question


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_offers_what_is_declared(language: Language) -> None:
    form = Form({}, frozenset(), Question(), PerBand(Volume(9, 20), Volume(3, 10)), "SQL")
    fields = [field for group in form.groups(language) for field in group["fields"]]
    assert [field["name"] for field in fields] == [knob.form for knob in KNOBS.values()]
    assert all("{" not in f"{field['words']}{field['help']}" for field in fields)


def test_what_the_page_takes_reaches_the_question() -> None:
    """Every field that is filled in is another question than the empty form."""
    together = {"deal": "900", "handover": "300"}
    for knob in KNOBS.values():
        given = {knob.form: "7" if knob.unit != "share" else "70"} | (together if knob.group == "money" else {})
        question, problems = read_form(given)
        assert problems == [], knob.form
        assert question != Question(), knob.form


def names_in_an_answer(schema: dict[str, Any]) -> set[str]:
    """Return every key that an answer as JSON has, at any depth."""
    parts = [schema, *schema["$defs"].values()]
    return {name for part in parts for name in part.get("properties", {})}


def readers(project_root: Path) -> list[Path]:
    """Return every module outside of models/what_if that knows the answer, and those beside it."""
    files = [file for package in ("pipeline", "serve") for file in (project_root / package).rglob("*.py")]
    knowing = [file for file in files if "models.what_if.answer" in file.read_text(encoding="utf-8")]
    folders = {file.parent for file in knowing if file.parent.name in ("what_if", "cutoffs")}
    return sorted({*knowing, *(file for folder in folders for file in folder.glob("*.py"))})


def test_no_reader_of_an_answer_takes_it_for_a_dict(project_root: Path) -> None:
    """Nothing there is subscripted with the name of a field, save a table of the house, in capitals."""
    names = names_in_an_answer(Answer.model_json_schema(mode="serialization"))
    assert {"MQL", "proposed", "next_quarter", "precision", "low", "entering_leads", "held_by_gates"} <= names
    files = readers(project_root)
    assert {"text.py", "command.py", "view.py", "chart.py", "cutoff_routes.py"} <= {file.name for file in files}
    found = []
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and node.slice.value in names:
                is_table = isinstance(node.value, ast.Name) and node.value.id.isupper()
                found += [] if is_table else [f"{file.relative_to(project_root)}:{node.lineno}"]
    assert found == []
