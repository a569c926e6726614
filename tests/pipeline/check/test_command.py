"""What ``leadscore check`` says about a source."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from features.answers import Answer
from features.errors import InputError
from models.estimator.options import EstimatorOptions
from pipeline.check.command import check_source
from pipeline.check.outcome_checks import enough
from pipeline.check.report import SourceReport
from pipeline.settings.settings import Settings
from pipeline.source.folder import read_source

Write = Callable[..., tuple[Path, Path]]
Checked = Callable[..., SourceReport]


def test_what_was_understood(checked: Checked) -> None:
    result = checked()
    assert {row["table"]: (row["rows"], row["rejected"]) for row in result.rows("tables")} == {
        "leads": (600, 0),
        "changes": (151, 0),
        "events": (300, 0),
        "stages": (201, 0),
    }
    assert {row["family"]: (row["events"], row["leads"]) for row in result.rows("families")} == {
        "price_list": (300, 300),
        "demo": (0, 0),
    }
    assert {row["stage"]: row["leads"] for row in result.rows("stages")}["SQL"] == 200
    # created at midnight and qualified at noon, so every outcome falls within the 10 days
    [target] = result.rows("targets")
    assert (target["yes"], target["no"], target["too_young"]) == (200, 400, 0)
    assert target["answer"].startswith("weak")
    assert result.of("targets")["sql"].answer is Answer.PASSED
    assert result.stops is None
    # every event is there from the start and every outcome takes five days: nothing later to compare columns with
    assert result.results["something_later"][0].answer is Answer.UNCHECKED
    assert result.notes[0] == "No event at all in: demo"
    assert result.notes[1].startswith("Leak check: neither times of stages nor events after the first look")
    assert len(result.notes) == 2


def test_columns_get_one_of_three_answers_whether_declared_or_not(checked: Checked) -> None:
    result = checked()
    columns = {row["column"]: row for row in result.rows("columns")}
    assert columns["industry"]["answer"] == "fine"
    assert (columns["lead_score"]["answer"], columns["lead_score"]["used"]) == ("leak", True)
    assert (columns["contract"]["answer"], columns["contract"]["used"]) == ("leak", False)
    assert (columns["budget"]["answer"], columns["budget"]["filled"]) == ("fine", 0.25)
    assert columns["lead_score"]["remedy"] == "leave it out of fit, or give its history in changes"
    assert columns["industry"]["remedy"] == ""
    assert result.of("columns")["lead_score"].answer is Answer.FAILED


def test_types_of_events_are_judged_too(tmp_path: Path, write_source: Write) -> None:
    source, data = write_source(tmp_path)
    with (data / "events.csv").open("a", encoding="utf-8") as file:
        # written back to the day of creation, for those who reach SQL
        file.writelines(f"{i},2025-{1 + i // 56 % 11:02d}-{1 + i % 28:02d},demo\n" for i in range(0, 600, 3))
    result = check_source(read_source(source), data, Settings())
    types = {row["event_type"]: row for row in result.rows("event_types")}
    assert (types["price_list"]["answer"], types["demo"]["answer"]) == ("fine", "leak")
    assert types["demo"]["used"]
    assert "leak         demo  there by the first look for 100% of the leads that reached SQL" in result.to_text()
    assert "fine         1 of 2 types" in result.to_text()


def test_a_field_of_changes_that_is_read_from_leads_is_found(tmp_path: Path, write_source: Write) -> None:
    source, data = write_source(tmp_path)
    text = (source / "source.yaml").read_text(encoding="utf-8").replace("lead_score: {type: number}", "")
    (source / "source.yaml").write_text(text, encoding="utf-8")
    lines = (data / "leads.csv").read_text(encoding="utf-8").splitlines()
    named = [f"{lines[0]},need", *(f"{line},{'yes' if i % 4 == 0 else ''}" for i, line in enumerate(lines[1:]))]
    (data / "leads.csv").write_text("\n".join(named) + "\n", encoding="utf-8")
    with (data / "changes.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"{i},2026-01-01,need,yes\n" for i in range(0, 600, 4))
    need = check_source(read_source(source), data, Settings()).of("columns")["need"]
    assert need.answer is Answer.FAILED
    assert "it holds today's value: for 25% of the leads that came after the first look" in need.sentence
    assert "known: changes" in need.todo


def test_text_tells_people_and_json_tells_machines_the_same(checked: Checked) -> None:
    result = checked()
    text, tree = result.to_text(), json.loads(result.to_json())
    for seen in tree["columns"]:
        assert seen["column"] in text
        assert seen["why"] in text
    assert "Remove from fit in source.yaml, or give their history in changes: lead_score" in text


def test_rejects_are_counted_by_reason_and_the_stop_is_foretold(tmp_path: Path, write_source: Write) -> None:
    source, data = write_source(tmp_path, leads=60, typo="5,Sold,2025-12-31")
    result = check_source(read_source(source), data, Settings())
    [reject] = result.rows("rejects")
    expected = {"table": "stages", "column": "stage", "reason": "not a known stage", "rows": 1, "found": "Sold"}
    assert reject == expected | {"first_row": 21}
    assert result.results["stops"][0].answer is Answer.FAILED
    assert result.stops is not None
    assert "A run would stop here: stages.stage, row 21" in result.to_text()


@pytest.mark.parametrize(
    ("outcomes", "grade"),
    # of 35 outcomes 19.6 fall into training, of 34 only 19.04
    [(0, "none"), (1, "rates only"), (34, "rates only"), (35, "weak"), (499, "weak"), (500, "fine")],
)
def test_how_many_outcomes_are_enough(outcomes: int, grade: str) -> None:
    answer, said = enough(outcomes, training_share=0.7 * 0.8, min_outcomes=EstimatorOptions().min_outcomes)
    assert said.startswith(grade)
    assert answer is (Answer.PASSED if grade in ("weak", "fine") else Answer.FAILED)
    assert "fall into training (56% of the leads)" in said


def test_enough_follows_the_options_that_training_follows(tmp_path: Path, write_source: Write) -> None:
    source, data = write_source(tmp_path)

    def answer(**settings: dict[str, object]) -> str:
        return check_source(read_source(source), data, Settings.model_validate(settings)).of("targets")["sql"].sentence

    # 200 of 600 leads reach SQL
    assert answer().startswith("weak: about 112 of 200 outcomes fall into training (56% of the leads)")
    assert answer(model={"min_outcomes": 113}).startswith("rates only: about 112 of 200")
    assert answer(split={"test_share": 0.5, "calibration_share": 0.5}).startswith("weak: about 50 of 200")
    assert answer(split={"test_from": "2024-01-01"}).startswith("none: about 0 of 200")


@pytest.mark.parametrize(
    ("filled", "answer"),
    [
        (lambda i: i % 3 == 0, "leak"),  # winners only
        (lambda i: i % 3 == 0 or i % 2 == 0, "cannot tell"),  # all winners and half of the others
        (lambda i: i % 5 != 0, "fine"),  # whatever becomes of the lead
        (lambda i: True, "fine"),
    ],
)
def test_an_account_that_is_filled_in_for_winners_is_found(
    tmp_path: Path, filled: Callable[[int], bool], answer: str, write_source: Write
) -> None:
    source, data = write_source(tmp_path)
    head, *rows = (data / "leads.csv").read_text(encoding="utf-8").splitlines()
    lines = [f"{head},account_id", *(f"{row},{f'C{i // 2}' if filled(i) else ''}" for i, row in enumerate(rows))]
    (data / "leads.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = check_source(read_source(source), data, Settings())
    account = next(row for row in result.rows("columns") if row["column"] == "account_id")
    assert (account["answer"], account["used"], account["type"]) == (answer, True, "account")
    assert ("Leave account_id out of leads" in result.to_text()) == (answer == "leak")


def test_a_source_that_cannot_be_read_is_an_input_error(tmp_path: Path, write_source: Write) -> None:
    source, data = write_source(tmp_path)
    (data / "leads.csv").unlink()
    with pytest.raises(InputError, match="leads"):
        check_source(read_source(source), data, Settings())
