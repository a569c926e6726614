"""Options that every command has: where they may stand, and what they change."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from importlib.metadata import version
from itertools import permutations

import pytest

from pipeline.cli.app import log_options_first

COMMAND = [sys.executable, "-m", "pipeline.cli"]


def run(*arguments, **environment):
    kept = {name: value for name, value in os.environ.items() if name != "LEADSCORE_LOG"}
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False, env=kept | environment
    )


def test_options_about_the_log_may_stand_anywhere():
    parts = (["replay", "L-1"], ["--log", "json"], ["--quiet"], ["--out", "x"])
    for order in permutations(parts):
        if order.index(["replay", "L-1"]) < order.index(["--out", "x"]):
            moved = log_options_first([word for part in order for word in part])
            assert sorted(moved[:3]) == ["--log", "--quiet", "json"]
            assert moved[3:] == ["replay", "L-1", "--out", "x"]
    assert log_options_first(["replay", "--log=text", "L"]) == ["--log=text", "replay", "L"]
    assert log_options_first(["replay", "--log"]) == ["--log", "replay"]


def test_a_job_logs_with_times_and_a_program_gets_json(tmp_path):
    usual = run("summary", "--out", tmp_path)
    assert usual.returncode == 2
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ error: expected the outputs of a run", usual.stderr)
    for asked in (
        run("summary", "--log", "json", "--out", tmp_path),
        run("summary", "--out", tmp_path, LEADSCORE_LOG="json"),
    ):
        entry = json.loads(asked.stderr)
        assert (asked.returncode, entry["level"]) == (2, "error")
        assert entry["message"].startswith("expected the outputs of a run")
    assert run("summary", "--log", "xml", "--out", tmp_path).returncode == 2


def test_quiet_prints_results_alone(demo_run):
    loud, quiet = (run("summary", "--out", demo_run, *flag) for flag in ((), ("--quiet",)))
    assert (quiet.stdout, quiet.stderr, quiet.returncode) == (loud.stdout, "", 0)


def test_the_version_is_that_of_the_package():
    said = run("--version")
    assert (said.stdout, said.returncode) == (f"leadscore {version('leadscore')}\n", 0)


def test_completion_names_commands_and_options():
    words = {"_LEADSCORE_COMPLETE": "complete_bash", "COMP_WORDS": "leadscore nig", "COMP_CWORD": "1"}
    said = subprocess.run(["leadscore"], capture_output=True, text=True, env=os.environ | words, check=True)
    assert said.stdout.split() == ["nightly"]
    words |= {"COMP_WORDS": "leadscore nightly --dry", "COMP_CWORD": "2"}
    said = subprocess.run(["leadscore"], capture_output=True, text=True, env=os.environ | words, check=True)
    assert said.stdout.split() == ["--dry-run"]


@pytest.mark.slow
def test_serve_serves_until_it_is_stopped(demo_run):
    environment = os.environ | {"LEADSCORE_API_KEY": "a-key-of-many-characters"}
    command = ["leadscore", "serve", "--out", str(demo_run), "--port", "8719"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == "leadscore on http://127.0.0.1:8719/leads\n"
            for _ in range(600):
                try:
                    with urllib.request.urlopen("http://127.0.0.1:8719/v1/health", timeout=5) as answer:
                        assert answer.status == 200
                        break
                except OSError:
                    time.sleep(0.1)
            else:
                raise AssertionError("no answer within a minute")
        finally:
            server.terminate()
    assert server.returncode in (0, -15)
    wrong = run("serve", "--out", str(demo_run / "nothing"))
    assert (wrong.returncode, wrong.stderr.startswith("error: ")) == (2, True)
