"""``leadscore cutoffs`` is the stage; with a question it is ``leadscore what-if``; and neither swallows an option."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import tree_digest


def exit_code(*arguments: object) -> object:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    return stop.value.code


@pytest.fixture(scope="module")
def out(judged_by_points: StageContext) -> Path:
    return judged_by_points.workspace.root


@pytest.mark.parametrize("asked", [["--capacity=2/week"], ["--people", "2", "--mql-capacity", "60", "--json"]])
def test_the_alias_says_what_the_command_says(out: Path, asked: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for name in ("what-if", "cutoffs"):
        assert exit_code(name, *asked, "--out", out) == 0
        said.append(capsys.readouterr().out)
    assert said[0]
    assert said[0] == said[1]


@pytest.mark.parametrize(
    "beside", [["--source", "sources/demo"], ["--data", "x"], ["--params=p.yaml"], ["--set", "seed=3"], ["--force"]]
)
def test_what_belongs_to_the_stage_is_refused_beside_a_question(
    out: Path, beside: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code("cutoffs", "--capacity", "5", *beside, "--out", out) == 2
    told = capsys.readouterr()
    assert f"found {beside[0].partition('=')[0]} beside a question" in told.err
    assert "leave them out" in told.err
    assert told.out == ""
    assert exit_code("what-if", "--capacity", "5", *beside, "--out", out) == 2
    assert "No such option" in capsys.readouterr().err


@pytest.mark.parametrize("alone", [["--json"], ["--list", "monday.csv"], ["--list=monday.csv"], ["--adopt"]])
def test_an_answer_without_a_question_is_no_stage(
    out: Path, alone: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree_digest([out])
    assert exit_code("cutoffs", *alone, "--out", out) == 2
    told = capsys.readouterr()
    assert f"found {alone[0].partition('=')[0]} without one" in told.err
    assert "leadscore what-if" in told.err
    assert told.out == ""
    assert tree_digest([out]) == before


def test_without_a_question_it_is_the_stage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("cutoffs", "--data", tmp_path, "--out", tmp_path) == 2
    assert "Run 'leadscore" in capsys.readouterr().err  # the stage misses what comes before it


def test_help_loads_nothing_heavy() -> None:
    heavy = {"numpy", "pandas", "scipy", "duckdb", "lightgbm", "mlflow", "sqlalchemy", "yaml", "pydantic"}
    code = (
        "import contextlib, sys; from pipeline.cli import app\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(sys.stderr): app(['--help'])\n"
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "what-if" in result.stderr
    assert result.stdout.strip() == "[]"
