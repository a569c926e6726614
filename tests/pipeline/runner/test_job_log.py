"""What a command writes of its work: in each form, quiet or not, and with what libraries warn of."""

from __future__ import annotations

import json
import logging
import re
import warnings

import pytest

from pipeline.runner import job_log
from pipeline.runner.job_log import JobLog, log_as, log_of_a_command, say, say_error
from pipeline.runner.progress import progress

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def lines(capsys):
    return capsys.readouterr().err.splitlines()


def test_text_has_a_time_in_each_line_and_the_level_of_what_is_wrong(capsys):
    with log_of_a_command():
        log_as(JobLog("text"))
        say("ingest: 3 rows")
        say_error("expected a table, found [none]")
    said = lines(capsys)
    assert re.fullmatch(f"{TIME} ingest: 3 rows", said[0])
    assert re.fullmatch(TIME + re.escape(" error: expected a table, found [none]"), said[1])
    assert len(said) == 2


def test_every_line_of_json_is_an_object_whatever_wrote_it(capsys):
    with log_of_a_command():
        log_as(JobLog("json"))
        say('a line\nand "another"')
        with progress("train", total=2):
            pass
        logging.getLogger("a.library").warning("a table of %s rows", 3)
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("old", UserWarning, stacklevel=1)
        say_error("over")
    entries = [json.loads(line) for line in lines(capsys)]
    assert [entry["level"] for entry in entries] == ["info", "info", "warning", "warning", "error"]
    assert entries[0]["message"] == 'a line\nand "another"'
    assert (entries[1]["work"], entries[1]["done"], entries[1]["total"]) == ("train", 0, 2)
    assert (entries[2]["logger"], entries[2]["message"]) == ("a.library", "a table of 3 rows")
    assert "UserWarning: old" in entries[3]["message"]
    assert all(re.fullmatch(TIME, entry["time"]) for entry in entries)


@pytest.mark.parametrize("form", ["plain", "text", "json"])
def test_quiet_keeps_warnings_and_errors_alone(form, capsys):
    with log_of_a_command():
        log_as(JobLog(form, quiet=True))
        say("something")
        with progress("train", total=2) as steps:
            steps.advance()
        say_error("broken")
    (only,) = lines(capsys)
    assert "broken" in only


def test_a_command_leaves_no_handler_behind(capsys):
    before = list(logging.getLogger().handlers)
    with log_of_a_command():
        log_as(JobLog("json"))
        log_as(JobLog("text"))
    assert logging.getLogger().handlers == before
    assert job_log.job_log() == JobLog()
    say("as ever")
    assert lines(capsys) == ["as ever"]
