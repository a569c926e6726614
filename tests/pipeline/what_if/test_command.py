"""``leadscore what-if``: what it answers, refuses, writes, and what becomes of it when adopted."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from features.errors import InputError
from models.what_if.answer_part import Figure
from models.what_if.consequences import what_if
from models.what_if.stored_evidence_files import FILES
from pipeline.cli import main
from pipeline.cutoffs.stage import decide
from pipeline.outputs.baseline import read_baseline
from pipeline.outputs.cutoffs_file import read_cutoffs
from pipeline.outputs.looks_file import read_looks
from pipeline.runner.stages import StageContext
from pipeline.runner.workspace import tree_digest
from pipeline.settings.settings import read_settings
from pipeline.what_if.command import answered, question_of, read_past
from pipeline.what_if.monday_csv import write_list
from pipeline.what_if.text import between, share_between, to_text


def exit_code(*arguments: object) -> object:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    return stop.value.code


@pytest.fixture(scope="module")
def out(judged_by_points: StageContext) -> Path:
    return judged_by_points.workspace.root


def asked(out: Path, **given: Any) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(answered(out, given, as_json=True))
    return tree


def figure(json_values: dict[str, Any] | None) -> Figure | None:
    return None if json_values is None else Figure.model_validate(json_values)


def test_json_and_text_say_the_same_and_change_nothing(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree_digest([out])
    question = ["what-if", "--capacity", "9/week", "--mql-capacity", "12", "--promise", "0.04", "--out", out]
    assert exit_code(*question, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert exit_code(*question) == 0
    text = capsys.readouterr().out
    assert tree_digest([out]) == before
    for stage in answer["stages"].values():
        for side in stage.values():
            quarter, test = side["next_quarter"], side["test"]
            figures = [between(figure(quarter[name]), 1) for name in ("leads", "outcomes", "deals")]
            figures += [between(figure(test[name]), 1) for name in ("outcomes_per_week", "deals_per_week")]
            figures += [share_between(figure(side["precision"])) for side in (quarter, test)]
            for shown in figures:
                assert shown in text
    for row in answer["people"]:
        assert between(figure(row["outcomes"]), 1, signed=True) in text
    for row in answer["monday"]["rows"][:12]:
        assert re.search(rf"{re.escape(row['lead_id'])} .*{row['band']}.*{row['p']:.1%}", text)


def test_nothing_asked_shows_the_cut_offs_in_force(out: Path, judged_by_points: StageContext) -> None:
    answer, cutoffs = asked(out), read_cutoffs(judged_by_points)
    assert (answer["cutoffs"]["mql"], answer["cutoffs"]["sal"]) == (cutoffs.mql, cutoffs.sal)
    evaluation = json.loads((out / "evaluate" / "evaluation.json").read_text())
    for stage in ("MQL", "SAL"):
        reported = evaluation["promoted"]["model"][stage]
        test = answer["stages"][stage]["proposed"]["test"]
        assert test["leads_per_week"] == pytest.approx(reported["per_week"])
        assert test["leads"] == reported["leads"]
        if reported["leads"]:
            assert test["precision"]["value"] == pytest.approx(reported["precision"])
        statement = cutoffs.mql_statement if stage == "MQL" else cutoffs.sal_statement
        assert statement is not None
        stated = answer["stages"][stage]["proposed"]["next_quarter"]["leads"]
        assert stated == statement.next_quarter.leads_per_week.model_dump()


@pytest.mark.parametrize(
    "given",
    [
        {"sal_per_week": "2/week"},
        {"sal_per_week": "1.5", "mql_per_week": "9"},
        {"promise": 0.04, "mql_per_week": "12"},
        {"promise": 0.05, "mql_per_week": "12", "confidence": 0.8},
        {"deal_value": 9_000, "handover_cost": 600},
        {"deal_value": 9_000, "handover_cost": 600, "people": 0.2},
    ],
)
def test_what_is_adopted_is_what_was_agreed(
    out: Path, judged_by_points: StageContext, given: dict[str, Any], tmp_path: Path
) -> None:
    answer = asked(out, **given)
    text = answered(out, given, adopt=True)
    params = tmp_path / "params.yaml"
    params.write_text(text)
    settings = read_settings(params)
    looks = read_looks(judged_by_points, "cutoffs")
    nightly = decide(looks, read_baseline(judged_by_points), target="sql", options=settings.cutoffs)
    assert nightly.mql == pytest.approx(answer["cutoffs"]["mql"])
    assert nightly.sal == pytest.approx(answer["cutoffs"]["sal"])
    # and by --set on the command line
    (line,) = [line for line in text.splitlines() if "--set" in line]
    flags = re.findall(r"--set (\S+)", line)
    from pipeline.settings.settings import parse_overrides

    assert read_settings(None, overrides=parse_overrides(flags)) == settings


def test_nothing_asked_leaves_nothing_to_adopt(out: Path) -> None:
    text = answered(out, {}, adopt=True)
    assert "nothing to adopt" in text
    assert yaml.safe_load(f"# {text}") is None


def test_the_list_is_written_whole_and_runs_nothing(out: Path, tmp_path: Path) -> None:
    file = tmp_path / "monday.csv"
    answer = asked(out, mql_per_week="20")
    answered(out, {"mql_per_week": "20"}, list_file=file)
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["lead_id"] for row in rows] == [row["lead_id"] for row in answer["monday"]["rows"]]
    assert [float(row["p"]) for row in rows] == [row["p"] for row in answer["monday"]["rows"]]
    evil = [{"lead_id": start + "cmd|' /C calc'!A0"} for start in "=+-@\t\r"]
    write_list(evil, ["lead_id"], file)
    with file.open(encoding="utf-8-sig", newline="") as stream:
        assert all(row["lead_id"].startswith("'") for row in csv.DictReader(stream))
    with pytest.raises(InputError, match="a file to write for --list"):
        write_list(evil, ["lead_id"], tmp_path / "nowhere" / "monday.csv")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--capacity", "abc"], "leads a week for --capacity"),
        (["--capacity", "-5"], "above 0"),
        (["--capacity", "0/week"], "above 0"),
        (["--capacity", "5/month"], "For example --capacity 120/week"),
        (["--mql-capacity", "many"], "--mql-capacity"),
        (["--promise", "1.2"], "--promise"),
        (["--promise", "-0.1"], "--promise"),
        (["--confidence", "2"], "--confidence"),
        (["--people", "0"], "--people"),
        (["--hours", "100"], "--hours"),
        (["--deal-value", "100"], "--handover-cost together"),
        (["--capacity", "50", "--mql-capacity", "20"], "every SAL is an MQL"),
        (["--missed-cost", "100"], "--handover-cost together"),
    ],
)
def test_a_wrong_question_is_one_message_and_exit_code_2(
    out: Path, capsys: pytest.CaptureFixture[str], flags: list[str], said: str
) -> None:
    assert exit_code("what-if", *flags, "--out", out) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""


def test_an_unknown_flag_and_no_run_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("what-if", "--capacities", "5") == 2
    assert "No such option" in capsys.readouterr().err
    assert exit_code("what-if", "--capacity", "5", "--out", tmp_path) == 2
    assert "Run 'make demo' or 'leadscore run' first" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", FILES)
def test_a_run_that_lacks_a_file_is_told_which(
    out: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for kept in FILES:
        if kept != name:
            (tmp_path / kept).parent.mkdir(exist_ok=True)
            (tmp_path / kept).symlink_to(out / kept)
    assert exit_code("what-if", "--out", tmp_path, "--capacity", "3/week") == 2
    assert f"found no {name}" in capsys.readouterr().err


def test_a_promise_that_cannot_be_kept_exits_2_and_says_what_can(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("what-if", "--promise", "0.98", "--out", out) == 2
    said = capsys.readouterr().err
    assert "at least 98% reach the target" in said
    assert re.search(r"\d+% could be promised, at [\d.]+ leads a week|Nothing can be promised", said)


def test_a_source_without_points_is_answered_too(judged_by_naive_bayes: StageContext) -> None:
    root = judged_by_naive_bayes.workspace.root
    answer = what_if(read_past(root), question_of({"sal_per_week": "1", "mql_per_week": "5"}))
    assert answer.about.baseline == "naive_bayes"
    assert all(row.points is None for row in answer.monday.rows)
    assert "naive Bayes" in to_text(answer)


def test_a_question_loads_no_training_library(out: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from pipeline.cli import app; "
        "from pipeline.what_if.command import answered; "
        f"answered(Path({str(out)!r}), {{'sal_per_week': '9', 'mql_per_week': '12', 'promise': 0.04}}); "
        "heavy = {'lightgbm', 'mlflow', 'sklearn', 'fastapi', 'duckdb', 'shap', 'matplotlib', 'sqlalchemy', "
        "'scipy.stats'}; print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_units_are_read() -> None:
    assert question_of({"sal_per_week": "120/week", "mql_per_week": None}).sal_per_week == 120
    assert question_of({"sal_per_week": " 7.5 / week ", "mql_per_week": "300"}).mql_per_week == 300


def test_with_nothing_open_there_is_still_an_answer(nothing_open: StageContext) -> None:
    answer = what_if(read_past(nothing_open.workspace.root), question_of({"sal_per_week": "2", "mql_per_week": "10"}))
    assert answer.monday.rows == ()
    assert answer.changes.leads == 0
    assert answer.stages.sal.proposed.leads_per_week >= 0
    assert "0 SAL and 0 MQL" in to_text(answer)
