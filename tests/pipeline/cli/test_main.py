"""The command as a user meets it: exit codes, messages, an interruption."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from pipeline.cli import main
from pipeline.runner.stages import STAGES

COMMAND = [sys.executable, "-m", "pipeline.cli"]
HEED = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)
"""Starts Python so that it heeds Ctrl-C, which a job in the background of a shell would not."""


def exit_code(*arguments):
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    return stop.value.code


def test_summary_shows_both_targets_and_the_report(demo_run, capsys):
    assert exit_code("summary", "--out", demo_run) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Verdict: the model ")
    (scored,) = re.findall(r"Open leads scored: ([\d,]+) = (.*)", shown)
    assert int(scored[0].replace(",", "")) == sum(int(part.split()[0]) for part in scored[1].split(" + "))
    assert "SQL within 60 days" in shown
    assert "WON within 60 days" in shown
    assert str(demo_run / "evaluate" / "report.html") in shown


def test_summary_before_any_run_says_what_to_do(tmp_path, capsys):
    assert exit_code("summary", "--out", tmp_path) == 2
    assert "expected the outputs of a run in" in capsys.readouterr().err


def test_a_stage_before_its_time_names_the_one_to_run(tmp_path, project_root, capsys):
    (tmp_path / "export").mkdir()
    arguments = ["--source", project_root / "sources" / "demo", "--data", tmp_path / "export", "--out", tmp_path]
    assert exit_code("train", *arguments) == 2
    assert "Run 'leadscore ingest' first" in capsys.readouterr().err


def test_the_demo_goes_on_where_it_stopped(demo_run, small_demo, project_root, tmp_path, monkeypatch, capsys):
    (tmp_path / "sources").symlink_to(project_root / "sources")
    monkeypatch.chdir(tmp_path)
    knobs = [part for assignment in small_demo for part in ("--set", assignment)]
    out = shutil.copytree(demo_run, tmp_path / "out")  # another worker may be looking at the shared one
    assert exit_code("demo", "--out", out, *knobs) == 0
    shown = capsys.readouterr()
    settings = f"settings: {project_root / 'params.yaml'}, which came with leadscore"
    assert shown.err.split("\n")[:-1] == [settings, *(f"{stage.name}: nothing changed" for stage in STAGES)]
    assert shown.out.startswith("Verdict: the model ")


def test_an_engine_that_is_none_is_refused_in_words_of_this_command(tmp_path, capsys):
    assert exit_code("score", "--engine", "sparkle") == 2
    said = capsys.readouterr().err
    assert "Invalid value for '--engine': 'sparkle' is not one of 'duckdb', 'spark'." in said
    assert exit_code("train", "--engine", "spark") == 2
    assert "No such option: --engine" in capsys.readouterr().err


def test_check_of_a_good_source_exits_0_and_of_a_bad_one_2(demo_run, project_root, tmp_path, capsys):
    source = project_root / "sources" / "demo"
    assert exit_code("check", source, "--data", demo_run / "simulate" / "export") == 0
    assert exit_code("check", source, "--data", tmp_path) == 2
    assert "leads" in capsys.readouterr().err


@pytest.mark.slow
def test_an_interrupted_run_says_so_and_the_next_one_finishes(demo_run, project_root, tmp_path):
    arguments = ["--source", str(project_root / "sources" / "demo"), "--data", str(demo_run / "simulate" / "export")]
    command = [*COMMAND, "ingest", *arguments, "--out", str(tmp_path)]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    heeding = [sys.executable, "-c", HEED, *command[1:]]
    with subprocess.Popen(heeding, stderr=subprocess.PIPE, text=True, cwd=project_root, env=environment) as first:
        assert first.stderr is not None
        while first.poll() is None and not (tmp_path / ".ingest.partial").is_dir():
            time.sleep(0.005)
        first.send_signal(signal.SIGINT)
        said = first.stderr.read()
    assert first.returncode == 130, said
    assert "run the same command again" in said
    assert "Traceback" not in said
    assert not (tmp_path / "ingest").exists()
    second = subprocess.run(command, capture_output=True, text=True, cwd=project_root, check=False)
    assert second.returncode == 0, second.stderr
    assert (tmp_path / "ingest" / "stage.json").is_file()
