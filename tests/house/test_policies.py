"""A policy is found by its name: it says what it needs, has words and a test, and nobody else asks which one it is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from models.cutoffs.policies.knobs import Capacity, DealValue, Knobs
from models.cutoffs.policies.policy import Policy
from models.cutoffs.policies.registry import KINDS, POLICIES
from models.cutoffs.thresholds import DEFAULT_SHARES

KNOBS = Knobs(
    per_week=12, capacity=Capacity(people=2, minutes_a_lead=30), promise=0.3, value=DealValue(deal=10, handover=1)
)


def comparisons(source: str) -> list[str]:
    """Return where a module's text compares a policy with a name, or looks something up by names of policies."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Compare(left=left, comparators=others):
                asked = [left, *others]
            case ast.Match(subject=subject, cases=cases):
                asked = [subject, *(case.pattern for case in cases)]
            case _:
                continue
        literals = {
            part.value for part in _parts(asked) if isinstance(part, ast.Constant) and isinstance(part.value, str)
        }
        about_policies = any("polic" in ast.unparse(part) for part in asked if isinstance(part, ast.expr))
        # Some names are those of knobs too: such a comparison must speak of a policy besides.
        if literals & (set(POLICIES) if about_policies else set(POLICIES) - set(Knobs.model_fields)):
            found.append(f"line {node.lineno}: {ast.unparse(node).splitlines()[0]}")
    return found


def _parts(asked: list[ast.AST]) -> list[ast.AST]:
    return [part for tree in asked for part in ast.walk(tree)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_policy_has_a_name_a_need_and_words(kind: type[Policy]) -> None:
    policy = POLICIES[kind.name]
    assert type(policy) is kind
    assert policy.needs is None or policy.needs in Knobs.model_fields
    for band in ("MQL", "SAL"):
        words = policy.words(KNOBS, band, per_week=12.0, confidence=0.9)
        assert len(words) > 10
        assert words[0].islower() or words[0].isdigit()
        assert not words.endswith(".")


def test_two_policies_never_share_a_name() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)


def test_every_kind_of_policy_is_in_the_registry() -> None:
    def kinds(of: type[Policy]) -> set[type[Policy]]:
        return {of, *(inner for kind in of.__subclasses__() for inner in kinds(kind))}

    assert {kind for kind in kinds(Policy) if "name" in vars(kind)} == set(KINDS)


@pytest.mark.parametrize("name", POLICIES)
def test_a_test_names_every_policy(project_root: Path, name: str) -> None:
    tests = (project_root / "tests/models/cutoffs").rglob("test_*.py")
    assert any(f'"{name}"' in file.read_text(encoding="utf-8") for file in tests)


def test_nobody_outside_compares_a_policy_with_a_name(project_root: Path) -> None:
    found = {}
    for package in ("models", "pipeline", "serve"):
        for file in (project_root / package).rglob("*.py"):
            if "policies" not in file.parts and (said := comparisons(file.read_text(encoding="utf-8"))):
                found[file.relative_to(project_root).as_posix()] = said
    assert found == {}


@pytest.mark.parametrize(
    "planted",
    [
        'if options.policy == "capacity":\n    pass',
        'if name in ("same_recall_fewer_leads", "per_week") and policy:\n    pass',
        'asked = "expected_value" == kind',
        'match chosen.policy:\n    case "promised_precision":\n        pass',
    ],
)
def test_a_comparison_that_is_planted_is_found(planted: str) -> None:
    assert len(comparisons(planted)) == 1


def test_a_knob_or_a_saved_pair_may_be_compared() -> None:
    assert comparisons('flat = knob == "per_week"\nboth = cutoffs.policy == "by_stage"\n') == []


def test_the_shares_in_words_are_those_in_numbers() -> None:
    said = {"a quarter": 0.25, "a tenth": 0.10}
    for band, share in DEFAULT_SHARES.items():
        words = POLICIES["default_share"].words(KNOBS, band, per_week=12.0, confidence=0.9)
        assert [value for text, value in said.items() if text in words] == [share]
