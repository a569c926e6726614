"""The command line of the receipt, from a finished run to a champion."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from pipeline.cli import main
from pipeline.receipt.seal import seal
from pipeline.receipt.stage import read_receipt, write_receipt
from pipeline.registry.model_registry import CHAMPION, open_registry
from pipeline.runner.finished_run import open_run
from pipeline.runner.stages import run_stage
from pipeline.runner.workspace import STAMP, tree_digest


@pytest.fixture
def won(won_run, tmp_path):
    """A run whose receipt says won, registered, in a folder of its own."""
    return shutil.copytree(won_run, tmp_path / "out")


def command(capsys, *arguments) -> tuple[int, str]:
    """Run the command line; return exit code and what it said."""
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    told = capsys.readouterr()
    return int(stopped.value.code or 0), told.out + told.err


def champion(out) -> str | None:
    return open_registry(out, open_run(out).settings.mlflow, "small").version_of(CHAMPION)


def test_from_a_run_to_a_champion(won, capsys):
    code, told = command(capsys, "approve", "--as", "sales", "--name", "B", "--out", won)
    assert (code, champion(won)) == (2, None)
    assert "approval by marketing first" in told
    code, told = command(capsys, "approve", "--as", "marketing", "--name", "A. Beck", "--out", won)
    assert (code, champion(won)) == (0, None)
    assert "waiting for approval by sales" in told
    evaluation = json.loads((won / "evaluate" / "evaluation.json").read_text())
    assert evaluation["beats_baseline"] is True
    code, told = command(capsys, "approve", "--as", "sales", "--name", "B. Cole", "--out", won)
    assert (code, champion(won)) == (0, "1")
    registered = json.loads((won / "register" / "register.json").read_text())
    assert registered["promoted"] is True
    assert "approved by marketing (A. Beck" in (won / "receipt" / "receipt.html").read_text()
    code, told = command(capsys, "verify", "--out", won)
    assert code == 0
    assert "holds        approvals that MLflow remembers" in told
    context = open_run(won)
    assert run_stage("receipt", context) is False  # what was approved is not made again
    assert run_stage("register", context) is False


def test_tables_that_the_nightly_job_replaced_do_not_stop_an_approval(won, capsys):
    folder = won / "ingest"
    table = folder / "leads.parquet"
    pd.read_parquet(table).iloc[:-1].to_parquet(table)
    (folder / STAMP).write_text(
        json.dumps(json.loads((folder / STAMP).read_text()) | {"outputs": tree_digest([folder])})
    )
    for team in ("marketing", "sales"):
        code, _ = command(capsys, "approve", "--as", team, "--name", team, "--out", won)
        assert code == 0
    assert champion(won) == "1"


def test_two_words_at_one_moment_the_second_is_told_to_wait(won, capsys):
    holder = "import sys; from pathlib import Path; from pipeline.runner.workspace import Workspace\n"
    holder += "with Workspace(Path(sys.argv[1])).locked(): print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holder, won], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        code, told = command(capsys, "approve", "--as", "marketing", "--name", "A", "--out", won)
        assert (code, (won / "approvals").exists()) == (2, False)
        assert "another leadscore command at work there" in told
        other.communicate()
    assert command(capsys, "approve", "--as", "marketing", "--name", "A", "--out", won)[0] == 0


def test_a_refusal_by_sales_blocks_and_cannot_be_hidden(won, capsys):
    code, told = command(
        capsys, "approve", "--as", "sales", "--name", "B", "--refuse", "--why", "SAL is too low", "--out", won
    )
    assert code == 0
    assert "refused by sales (B" in told
    code, _ = command(capsys, "approve", "--as", "marketing", "--name", "A", "--out", won)
    assert (code, champion(won)) == (2, None)
    assert "SAL is too low" in (won / "receipt" / "receipt.html").read_text()
    shutil.rmtree(won / "approvals")
    sealed = read_receipt(won / "receipt")
    write_receipt(seal(sealed.receipt, None), won / "receipt")
    code, told = command(capsys, "verify", "--out", won, "--json")
    assert code == 1
    [finding] = [one for one in json.loads(told)["findings"] if one["answer"] == "altered"]
    assert finding["what"] == "approvals that MLflow remembers"
    code, told = command(capsys, "approve", "--as", "marketing", "--name", "A", "--out", won)
    assert (code, champion(won)) == (2, None)
    assert "expected a receipt that holds" in told


def test_what_cannot_be_done_ends_with_one_message(won, capsys, tmp_path, monkeypatch):
    approve = ("approve", "--as", "marketing", "--name", "A", "--out")
    for arguments, message in (
        ((*approve, tmp_path / "nothing"), "the outputs of a run"),
        (("verify", "--out", tmp_path / "nothing"), "the outputs of a run"),
        (("approve", "--as", "boss", "--name", "A", "--out", won), "boss"),
        (("approve", "--as", "marketing", "--name", " ", "--out", won), "an empty name"),
        (("approve", "--as", "marketing", "--name", "A", "--refuse", "--out", won), "no reason"),
        ((*approve, won, "--set", "mlflow.tracking_uri=http://127.0.0.1:9"), "the MLflow store"),
    ):
        code, told = command(capsys, *arguments)
        assert code == 2, arguments
        assert message in told
        assert "Traceback" not in told
    monkeypatch.setenv("LEADSCORE_RECEIPT_KEY", "short")
    code, told = command(capsys, *approve, won)
    assert code == 2
    assert "at least 16 characters" in told
    assert not (won / "approvals").exists()


def test_a_receipt_of_other_outputs_cannot_be_approved(won, capsys):
    file = won / "cutoffs" / "cutoffs.json"
    file.write_text(file.read_text().replace('"weeks"', '"weeks" ', 1))
    code, told = command(capsys, "approve", "--as", "marketing", "--name", "A", "--out", won)
    assert code == 2
    assert "outputs of stage cutoffs" in told
    assert command(capsys, "verify", "--out", won)[0] == 1
