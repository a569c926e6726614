"""A receipt is read by the names of its fields: a key that is misspelt is an error before anything runs."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any, get_args

import pytest

from pipeline.receipt import contents

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    file
    for package in ("pipeline", "serve", "models", "features", "benchmarks", "tests")
    for file in (ROOT / package).rglob("*.py")
    if file != Path(contents.__file__)
)
RECEIPTS = ("receipt", "make_receipt")
PARTS = [model for _, model in inspect.getmembers(contents, inspect.isclass) if issubclass(model, contents.Written)]


def by_key(source: str) -> list[int]:
    """Lines in which something of a receipt is taken by a key: ``sealed.receipt["verdict"]``."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
        and is_receipt(node.value)
    ]


def is_receipt(node: ast.expr) -> bool:
    """Whether an expression is a receipt or a part of one that was itself taken by a key."""
    if isinstance(node, ast.Attribute):
        return node.attr in RECEIPTS
    if isinstance(node, ast.Name):
        return node.id in RECEIPTS
    if isinstance(node, ast.Call):
        return is_receipt(node.func)
    return isinstance(node, ast.Subscript) and is_receipt(node.value)


def test_no_part_of_a_receipt_is_taken_by_a_key():
    lines = {str(file.relative_to(ROOT)): by_key(file.read_text(encoding="utf-8")) for file in MODULES}
    assert {file: found for file, found in lines.items() if found} == {}


@pytest.mark.parametrize(
    "source",
    ['sealed.receipt["verdict"]', 'receipt["a"]["b"]', 'make_receipt(context)["depths"]', 'read(x).receipt["v"]["o"]'],
)
def test_a_key_would_be_found(source):
    assert by_key(source)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_each_part_is_typed_to_its_leaves(part):
    assert part.model_config["frozen"]
    assert part.model_config["extra"] == "forbid"
    for name, field in part.model_fields.items():
        kinds = {field.annotation, *get_args(field.annotation)}
        assert not kinds & {Any, dict, list, object}, name
