"""Whatever lies in the data folder, the source folder or OUT: a command ends with one message and exit code 2."""

from __future__ import annotations

import json
import os

import pyarrow as pa
import pytest

from pipeline.cli import main

SOURCE_YAML = """\
name: small
title: {de: Klein, en: Small}
targets: {sql: {stage: SQL, horizon: 30d}}
fit: {employees: {type: number}}
"""
LEADS = "lead_id,created_at,employees\nA,2025-01-01,5\nB,2025-02-01,7\n"


@pytest.fixture
def run(tmp_path, capsys):
    """Return what runs a command on a small source and gives its exit code and what it said."""
    for name in ("source", "data"):
        (tmp_path / name).mkdir()
    (tmp_path / "source" / "source.yaml").write_text(SOURCE_YAML)
    (tmp_path / "data" / "leads.csv").write_text(LEADS)

    def of(command: str, *more: str) -> tuple[int, list[str]]:
        where = ["--source", tmp_path / "source", "--data", tmp_path / "data", "--out", tmp_path / "out"]
        with pytest.raises(SystemExit) as stopped:
            main([str(word) for word in [command, *where, *more]])
        return int(stopped.value.code or 0), capsys.readouterr().err.strip().splitlines()

    return of


def bomb(folder):
    with pa.output_stream(str(folder / "data" / "events.csv.gz"), compression="gzip") as stream:
        for _ in range(1_200):
            stream.write(b"0" * (1 << 20))


def pipe_for_yaml(folder):
    (folder / "source" / "source.yaml").unlink()
    os.mkfifo(folder / "source" / "source.yaml")


TRAPS = {
    "a pipe": lambda folder: os.mkfifo(folder / "data" / "events.csv"),
    "a link out": lambda folder: (folder / "data" / "link").symlink_to("/etc"),
    "a bomb": bomb,
    "no database": lambda folder: (folder / "data" / "crm.duckdb").write_text("no database"),
    "deep YAML": lambda folder: (folder / "source" / "source.yaml").write_text("a: " + "[" * 50_000),
    "a pipe for YAML": pipe_for_yaml,
    "a number of 5,000 digits": lambda folder: (folder / "source" / "source.yaml").write_text("a: " + "9" * 5_000),
    "SQL that reaches out": lambda folder: (folder / "source" / "leads.sql").write_text("FROM '/etc/passwd'"),
    "a number of 5,000 digits in a table": lambda folder: (folder / "source" / "leads.sql").write_text(
        f"SELECT 'A' AS lead_id, DATE '2025-01-01' AS created_at, {'9' * 5_000} AS employees"
    ),
}  # fmt: skip


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_is_one_message_and_writes_nothing(run, tmp_path, trap):
    TRAPS[trap](tmp_path)
    code, said = run("ingest")
    errors = [line for line in said if line.startswith("error: ")]
    assert (code, len(errors)) == (2, 1), said
    assert not any("Traceback" in line for line in said)
    assert not (tmp_path / "out" / "ingest").exists()


@pytest.mark.parametrize(
    "value", ["seed=" + "[" * 50_000, "seed=" + "9" * 5_000, "limits.rows=" + "9" * 400, "a" * 5_000]
)
def test_a_setting_is_one_message(run, value):
    code, said = run("ingest", "--set", value)
    assert (code, len(said)) == (2, 1)
    assert said[0].startswith("error: ")


@pytest.mark.parametrize(
    "text",
    ['{"observed_until": "soon"}', "{}", "[" * 100_000, '{"observed_until": ' + "9" * 5_000 + "}"],
)  # fmt: skip
def test_what_ingest_wrote_and_somebody_changed_is_one_message(run, tmp_path, text):
    assert run("ingest")[0] == 0
    file = tmp_path / "out" / "ingest" / "ingest.json"
    assert json.loads(file.read_text())["observed_until"]
    file.write_text(text)
    code, said = run("features")
    assert (code, said[-1].startswith("error: ")) == (2, True), said
    assert "Traceback" not in "\n".join(said)


def test_a_new_export_behind_a_link_makes_ingest_run_again(run, tmp_path):
    tonight = tmp_path / "tonight"
    tonight.mkdir()
    (tmp_path / "data" / "leads.csv").rename(tonight / "leads.csv")
    (tmp_path / "data" / "crm").symlink_to(tonight)
    (tmp_path / "source" / "leads.sql").write_text("SELECT * FROM 'crm/leads.csv'")
    allowed = ("--set", f"limits.linked_folders=[{tonight}]")
    assert run("ingest")[0] == 2
    assert run("ingest", *allowed)[0] == 0
    assert "nothing changed" in run("ingest", *allowed)[1][-1]
    (tonight / "leads.csv").write_text(LEADS + "C,2025-03-01,9\n")
    assert "nothing changed" not in run("ingest", *allowed)[1][-1]


def test_a_file_of_init_is_a_plain_path(tmp_path, capsys):
    into = ["--into", str(tmp_path / "sources"), "--yes"]
    for name, lead in (("leads [2].csv", "A"), ("leads 2.csv", "B")):
        (tmp_path / name).write_text(
            "".join(["lead_id,created_at,status\n"] + [f"{lead}{n},2025-01-{n:02d},New\n" for n in range(1, 29)])
        )
    with pytest.raises(SystemExit) as stopped:
        main(
            ["init", "small", "--from", str(tmp_path / "leads [[]2].csv"), "--into", str(tmp_path / "sources"), "--yes"]
        )
    assert stopped.value.code == 2
    with pytest.raises(SystemExit):
        main(["init", "small", "--from", str(tmp_path / "leads [2].csv"), *into])
    capsys.readouterr()
    assert "leads [[]2].csv" in (tmp_path / "sources" / "small" / "leads.sql").read_text()
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(SystemExit) as stopped:
        main(["init", "other", "--from", str(tmp_path / "pipe.csv"), *into])
    assert (stopped.value.code, "found a pipe" in capsys.readouterr().err) == (2, True)
