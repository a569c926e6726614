"""Every check is a class of one form, stands in the list of its command, gives one of three answers, and has a test."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re

import pytest
import yaml

from features import answers
from features.answers import Answer, AnswerWords
from features.checks import Check, CheckResult, Registry
from pipeline.check.all_checks import CHECKS as CHECK
from pipeline.monitor.all_checks import CHECKS as MONITOR
from pipeline.receipt.all_checks import CHECKS as VERIFY
from pipeline.settings.settings import MonitorOptions

REGISTRIES = {"check": CHECK, "monitor": MONITOR, "receipt": VERIFY}
"""The checks of a command, by the folder of pipeline that holds them."""
EVERY = [
    pytest.param(room, check, id=f"{room}-{check.code}") for room, checks in REGISTRIES.items() for check in checks
]
ALSO_A_BAND = "none"
"""The one word of an answer that says something else in many places: a lead that is neither MQL nor SAL."""


def words():
    every = [value for value in vars(answers).values() if isinstance(value, AnswerWords)]
    assert len(every) >= 4
    said = {word for each in every for word in (each.failed, each.unchecked, each.passed)}
    return (said | {answers.NOT_JUDGED, Answer.UNCHECKED.value}) - {ALSO_A_BAND}


def literals(file):
    """Return the strings of a module, those that are a docstring apart."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_there_are_three_answers():
    assert [answer.name for answer in Answer] == ["FAILED", "UNCHECKED", "PASSED"]
    assert inspect.get_annotations(CheckResult, eval_str=True)["answer"] is Answer


@pytest.mark.parametrize(("room", "check"), EVERY)
def test_a_check_says_what_it_is(room, check):
    assert re.fullmatch(r"[a-z][a-z_]*", check.code), check.code
    assert check.title
    assert type(check).__doc__, f"{type(check).__name__} does not explain itself"
    assert check.explanation.endswith(".")
    assert "CheckResult" in str(inspect.signature(type(check).run).return_annotation)
    assert all(inspect.getdoc(need) for need in check.needs), "a need says what it needs"


@pytest.mark.parametrize(("room", "check"), EVERY)
def test_a_check_has_a_test_that_names_it(room, check, project_root):
    files = sorted((project_root / "tests" / "pipeline" / room).glob("test_*.py"))
    assert any(check.code in literals(file) for file in files), f"no test in tests/pipeline/{room} names {check.code!r}"


def test_every_check_is_in_the_list_of_its_command():
    for room in REGISTRIES:
        package = importlib.import_module(f"pipeline.{room}")
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    listed = {type(check) for checks in REGISTRIES.values() for check in checks}
    assert listed == {cls for cls in subclasses(Check) if not inspect.isabstract(cls) and is_ours(cls)}


def subclasses(cls):
    return {cls} | {below for each in cls.__subclasses__() for below in subclasses(each)}


def is_ours(cls):
    return cls.__module__.startswith("pipeline.")


def test_no_code_is_given_twice():
    with pytest.raises(ValueError, match="two checks with one code"):
        Registry(next(iter(CHECK)), next(iter(CHECK)))


def test_the_words_of_the_answers_are_spelt_in_one_place(project_root):
    for package in ("features", "models", "pipeline", "serve"):
        for file in (project_root / package).rglob("*.py"):
            if file.relative_to(project_root).parts != ("features", "answers.py"):
                assert not literals(file) & words(), file
    page = (project_root / "pipeline" / "pages" / "templates" / "monitor.html.j2").read_text(encoding="utf-8")
    assert not set(re.findall(r"""["']([^"'<>]+)["']""", page)) & words()


def test_the_monitor_counts_checks_that_can_raise_an_alarm(project_root):
    shipped = yaml.safe_load((project_root / "params.yaml").read_text(encoding="utf-8"))["monitor"]["exit_on"]
    loud = {check.code for check in MONITOR if check.can_alarm}
    assert set(shipped) == set(MonitorOptions().exit_on) <= loud
