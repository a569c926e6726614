"""A class name means one thing: who reads it need not ask which room it comes from."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = (
    "models/calibration",
    "models/compiled_points",
    "models/estimator",
    "models/evaluation",
    "models/forecast",
    "pipeline/evaluate",
    "pipeline/points",
    "pipeline/receipt",
    "pipeline/register",
)
ELSEWHERE = {"Answer", "Finding", "Interval"}
"""Names that a room of another subject bears as well: `pipeline.receipt.verify` and `features.leaks`."""


def public_types(source: str) -> set[str]:
    """Classes of a module, and names for types such as ``Scorer = Literal[...]``."""
    names = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript | ast.BinOp):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name) and is_type_name(target.id)}
    return {name for name in names if not name.startswith("_")}


def is_type_name(name: str) -> bool:
    return name[:1].isupper() and not name.isupper() and "_" not in name


def defined() -> dict[str, set[str]]:
    places = defaultdict(set)
    for package in ("features", "models", "pipeline", "serve"):
        for file in (ROOT / package).rglob("*.py"):
            for name in public_types(file.read_text(encoding="utf-8")):
                places[name].add(file.relative_to(ROOT).as_posix())
    return places


def test_no_class_of_these_rooms_has_a_namesake():
    twice = {
        name: sorted(places)
        for name, places in defined().items()
        if len(places) > 1 and name not in ELSEWHERE and any(place.startswith(ROOMS) for place in places)
    }
    assert twice == {}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("class Verdict: ...", {"Verdict"}),
        ('Kind = Literal["a"]', {"Kind"}),
        ("PointsRule = A | B", {"PointsRule"}),
        ("FIRST = ROWS[0]\n_Hidden = Literal[1]", set()),
    ],
)
def test_what_counts_as_a_name_of_a_type(source, names):
    assert public_types(source) == names
