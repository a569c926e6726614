"""Each measure has a sentence in both languages and a column in some source, and only `features.families` has any."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator

import pytest

from features import families
from features.families.feature_list import all_columns
from features.families.measure import Measure
from features.language.languages import LANGUAGES
from features.language.sentences import LEAD_SENTENCES
from features.source_spec import FeatureOptions, SourceSpec

PACKAGES = ("features", "models", "pipeline", "serve")
DEFINING = {"features.families.measure", "features.catalog.feature"}
EVERYTHING = {
    "name": "all", "title": {"de": "Alles", "en": "All"}, "ladder": ["MQL", "SQL", "WON"], "recycled": ["RECYCLED"],
    "targets": {"sql": {"stage": "SQL", "horizon": "10d"}}, "sales_events": True, "who_acted": "detail",
    "fit": {
        "title": {"type": "job_title"}, "address": {"type": "email"}, "note": {"type": "text"},
        "campaign": {"type": "category", "source_rate": True}, "size": {"type": "number", "role": "need"},
        "opt_in": {"type": "boolean"},
    },
    "events": {
        "blog": {"types": ["blog"], "intent": "low"}, "price": {"types": ["price"], "intent": "high"},
        "call": {"types": ["call"], "scheduled": ["plan"], "ends": ["end"], "actor": "sales"},
    },
}  # fmt: skip
LOOKED_AT = ({"anchor": "stage:MQL"}, {"every": "1d", "until": "30d"})
"""By these the weekday and the hour are those of the look, or those of the creation."""


def measures_in(value: object) -> Iterator[Measure]:
    if isinstance(value, Measure):
        yield value
    elif isinstance(value, dict):
        yield from measures_in(tuple(value.values()))
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from measures_in(part)


def declared() -> dict[Measure, str]:
    """Return each measure with the module that declares it."""
    modules = [importlib.import_module(f"features.families.{m.name}") for m in pkgutil.iter_modules(families.__path__)]
    return {
        measure: module.__name__ for module in modules for value in vars(module).values()
        for measure in measures_in(value)
    }  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_measure_has_a_sentence(language):
    names = {measure.name for measure in declared()}
    said = LEAD_SENTENCES.sentences(language)
    assert len(names) > 30
    assert sorted(name for name in names if f"column.{name}" not in said) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_sentence_of_a_column_belongs_to_a_measure(language):
    keys = [key for key in LEAD_SENTENCES.sentences(language) if key.startswith("column.")]
    names = {measure.name for measure in declared()}
    assert [key for key in keys if key.split(".")[1] not in names] == []


def test_each_measure_is_the_column_of_some_source():
    reached = {
        column.measure
        for looks in LOOKED_AT
        for column in all_columns(SourceSpec.model_validate({**EVERYTHING, "snapshots": looks}), FeatureOptions())
    }
    assert sorted(f"{module}: {measure.name}" for measure, module in declared().items() if measure not in reached) == []


def test_columns_are_declared_in_one_folder(project_root):
    """Whoever else imports what makes a column would have a list of its own beside the one list."""
    makers = {"Measure", "Column", "column", "described"}
    elsewhere = []
    for file in (file for package in PACKAGES for file in (project_root / package).rglob("*.py")):
        name = file.relative_to(project_root).as_posix()
        tree = ast.parse(file.read_text(encoding="utf-8"))
        imported = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module in DEFINING
            for alias in node.names
            if alias.name in makers
        }
        calls = {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        if imported & calls and not name.startswith("features/families/"):
            elsewhere.append(name)
    assert elsewhere == []
