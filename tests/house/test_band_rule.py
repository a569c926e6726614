"""Who may be promoted, who passes a cut-off, and which of a pair is a band's: models/bands.py says it alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HOME = "models/bands.py"
EXCEPTIONS = {"pipeline/score/handed_over.py"}
"""Draws leads below the cut-off: it asks who takes part in the draw, and no score is compared."""
BANDS = {"MQL", "SAL"}


def breaches(source: str) -> list[str]:
    """Return what a module's text spells out of the band rule, each with its line."""
    found = []
    for node in ast.walk(ast.parse(source)):
        said = _breach(node)
        if said is not None:
            found.append(f"line {node.lineno}: {said}")
    return found


def _breach(node: ast.AST) -> str | None:
    match node:
        case ast.UnaryOp(op=ast.Invert() | ast.Not(), operand=operand) if _mentions(
            operand, {"excluded", "gates_open"}
        ):
            return "excluded or gates_open is negated; use may_enter or rows_that_may_enter"
        case ast.BinOp(op=ast.BitAnd() | ast.BitOr(), left=left, right=right) if _mentions_one(left, right):
            return "gates_open is combined; use may_enter or rows_that_may_enter"
        case ast.BoolOp(values=values) if _mentions_one(*values):
            return "gates_open is combined; use may_enter or rows_that_may_enter"
        case ast.IfExp(test=ast.Compare(left=left, comparators=others)) if _bands_in(left, *others):
            return "one of a pair is picked by the name of the band; use PerBand.of"
        case ast.Call(func=ast.Name(id="getattr"), args=[_, name, *_]) if "lower()" in ast.unparse(name):
            return "a field is picked by the name of the band; use PerBand.of"
        case ast.Call(func=ast.Attribute(attr="index", value=ast.Name(id="BANDS"))):
            return "one of a pair is picked by the place of the band; use PerBand.of"
        case ast.Call(func=ast.Attribute(attr="where"), args=args) if _bands_in(*args):
            return "bands are given names; use band_of"
    return None


def _mentions(tree: ast.AST, names: set[str]) -> bool:
    """Whether an expression reads a variable, an attribute or a column of one of these names."""
    return any(
        (isinstance(node, ast.Name) and node.id in names)
        or (isinstance(node, ast.Attribute) and node.attr in names)
        or (isinstance(node, ast.Constant) and node.value in names)
        for node in ast.walk(tree)
    )


def _mentions_one(*operands: ast.AST) -> bool:
    return any(_mentions(operand, {"gates_open"}) for operand in operands)


def _bands_in(*nodes: ast.AST) -> bool:
    return any(isinstance(node, ast.Constant) and node.value in BANDS for node in nodes)


@pytest.mark.parametrize("package", ["models", "pipeline", "serve"])
def test_the_band_rule_stands_in_one_module(project_root: Path, package: str) -> None:
    found = {}
    for file in (project_root / package).rglob("*.py"):
        name = file.relative_to(project_root).as_posix()
        if name != HOME and name not in EXCEPTIONS and (said := breaches(file.read_text(encoding="utf-8"))):
            found[name] = said
    assert found == {}


@pytest.mark.parametrize(
    "planted",
    [
        'may = ~rows["excluded"].to_numpy(dtype=bool)',
        "may = ~np.asarray(excluded, dtype=bool)",
        'sal = may & rows["gates_open"]',
        "sal = may & baseline.gates_open(rows)",
        "passing = may and gates_open and p >= cutoff",
        "is_sal = not excluded",
        'cutoff = cutoffs.mql if band == "MQL" else cutoffs.sal',
        'cutoff = sal if "SAL" == band else mql',
        "cutoff = getattr(cutoffs, band.lower())",
        "cutoff = (mql, sal)[BANDS.index(band)]",
        'bands = np.where(sal, "SAL", np.where(mql, "MQL", "none"))',
    ],
)
def test_a_rule_that_is_planted_elsewhere_is_found(planted: str) -> None:
    assert breaches(f"def planted():\n    {planted}\n")[0].startswith("line 2: ")


@pytest.mark.parametrize(
    "fine",
    [
        'columns = {"excluded": baseline.excluded(X), "gates_open": baseline.gates_open(X)}',
        'may = may_enter(rows["excluded"], all_hold(X, gates))',
        'said = "SAL, and every gate open" if passing.sal.any() else ""',
        'share = float((bands == "SAL").mean())',
        "value = getattr(options, knob)",
        "excluded_leads = ~known",
    ],
)
def test_what_only_reads_it_is_left_alone(fine: str) -> None:
    assert breaches(fine) == []
