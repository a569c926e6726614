"""A night from the command line: scored, tried, braked, let pass, killed and done again."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from pipeline.champion.folder import texts_below
from pipeline.cli import main
from pipeline.nightly.history import Nights
from pipeline.runner.finished_run import open_run
from pipeline.score.sinks.current_scores import read_current_scores

DAY = pd.Timedelta(days=1)
END = pd.Timestamp("2026-02-05", tz="UTC")


def command(capsys, *arguments) -> tuple[int, str]:
    """Run the command line; return exit code and what it said."""
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    told = capsys.readouterr()
    return int(stopped.value.code or 0), told.out + told.err


def cut(export: Path, into: Path, days_before_end: float) -> Path:
    """Write the export of a small company as it was so many days before its end."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    for name, column in (("leads", "created_at"), ("events", "occurred_at"), ("stages", "entered_at")):
        rows = pd.read_parquet(export / f"{name}.parquet")
        rows[rows[column] < END - days_before_end * DAY].to_parquet(into / f"{name}.parquet", index=False)
    return into


@pytest.fixture
def company(judged_by_points, won_run, tmp_path, capsys):
    """A signed champion on a small company that has had one night, and what a night is called with."""
    source = shutil.copytree(str(judged_by_points.source_dir), tmp_path / "source")
    spec = source / "source.yaml"
    spec.write_text("\n".join(line for line in spec.read_text().splitlines() if "observed_until" not in line) + "\n")
    out, data = shutil.copytree(won_run, tmp_path / "out"), tmp_path / "data"
    for team in ("marketing", "sales"):
        assert command(capsys, "approve", "--as", team, "--name", team, "--out", out)[0] == 0
    export = Path(str(judged_by_points.data_dir))
    cut(export, data, 3)
    arguments = ("nightly", "--source", source, "--data", data, "--out", out)
    code, told = command(capsys, *arguments, "--accept", "me", "--why", "the first night after the training")
    assert code == 0, told
    return export, data, out, arguments


def in_force(out: Path) -> pd.DataFrame:
    scores = read_current_scores(open_run(out).settings.score, out)
    assert scores is not None
    return scores.sort_index()


def test_nights(company, capsys):
    export, data, out, arguments = company
    champion = json.loads((out / "champion" / "current.json").read_text())["version"]
    assert json.loads((out / "score" / "score.json").read_text())["decision"]["version"] == champion
    code, told = command(capsys, *arguments)
    assert (code, "nightly: nothing changed" in told) == (0, True)

    # The next export: first tried, which writes nothing, then done.
    cut(export, data, 2)
    files, before = texts_of(out), in_force(out)
    code, told = command(capsys, *arguments, "--dry-run", "--json")
    assert code == 0
    tried = json.loads(told[told.index("{") : told.rindex("}") + 1])
    assert tried["decision"] == champion
    assert texts_of(out) == files
    assert command(capsys, *arguments)[0] == 0
    after = in_force(out)
    for change in tried["changes"]:
        lead = change["lead_id"]
        assert change["band_tonight"] == (after.loc[lead, "band"] if lead in after.index else "not open")
        assert change["band_now"] == (before.loc[lead, "band"] if lead in before.index else "not open")
    assert len(Nights(out).past()) == 2

    # Broken exports stop, with exit code 3, and nothing is written.
    files = texts_of(out)
    for name, breaking in (
        ("leads", lambda rows: rows[::2]),
        ("events", lambda rows: rows.assign(event_type="blog_read")),
        ("events", lambda rows: rows.assign(occurred_at=rows["occurred_at"] + pd.Timedelta(hours=2))),
        ("leads", lambda rows: rows.assign(industry="food")),
        ("stages", lambda rows: rows.head(1)),
    ):
        cut(export, data, 1)
        table = data / f"{name}.parquet"
        breaking(pd.read_parquet(table)).to_parquet(table, index=False)
        code, told = command(capsys, *arguments)
        if name == "leads" and "cannot be used" in told:  # facts of leads that are gone are refused before any brake
            assert code == 2
        else:
            assert code == 3, told
            assert "nothing was written" in told
            assert "brakes.most_" in told
        assert texts_of(out) == files

    # Let pass, it is kept who did, and the same export passes again.
    assert command(capsys, *arguments, "--accept", "A. Beck")[0] == 2
    assert command(capsys, *arguments, "--accept", "A. Beck", "--why", "stages moved to another system")[0] == 0
    [*_, entry] = Nights(out).accepted()
    assert (entry.name, entry.why) == ("A. Beck", "stages moved to another system")
    assert any("rows in stages" in line for line in entry.odd)
    assert command(capsys, *arguments)[0] == 0


def texts_of(out: Path) -> dict[str, int]:
    """Return every file of an OUT with the time of its last change, the lock aside."""
    return {str(file): file.stat().st_mtime_ns for file in out.rglob("*") if file.is_file() and file.name != ".lock"}


def test_a_night_that_is_killed_is_done_again(company, capsys, project_root):
    export, data, out, arguments = company
    cut(export, data, 2)
    script = "import sys; from pipeline.cli import main; main(sys.argv[1:])"
    for seconds in (3, 6, 9):
        with subprocess.Popen(
            [sys.executable, "-c", script, *map(str, arguments)], cwd=project_root, stderr=subprocess.DEVNULL
        ) as job:
            time.sleep(seconds)
            job.send_signal(signal.SIGKILL)
    code, told = command(capsys, *arguments)
    assert code == 0, told
    assert not list(out.glob(".nightly*"))
    assert texts_below(out / "nightly").keys() >= {"history.jsonl"}
    assert len(Nights(out).past()) == 2
    assert in_force(out).index.is_unique


def crossings(before: pd.DataFrame, after: pd.DataFrame) -> list[tuple[str, str]]:
    """Return what is told of two lists, from the definition."""
    ranks, found = {"MQL": 1, "SAL": 2}, []
    was, now = before["counted_as"].to_dict(), after["counted_as"].to_dict()
    for lead in {*was, *now}:
        old, new = ranks.get(was.get(lead), 0), ranks.get(now.get(lead), 0)
        if old != new:
            below = "lead.below" if now.get(lead) in ("none", "MQL") else "lead.left"
            found.append(("lead.above" if new > old else below, str(lead)))
    return found


def test_a_night_tells_and_a_channel_that_fails_keeps_no_score(company, capsys, tmp_path):
    export, data, out, arguments = company
    settings, log = tmp_path / "telling.yaml", out / "telling" / "news.jsonl"
    events = ["lead.above", "lead.below", "lead.left", "night.stopped"]
    channels = {"log": {"kind": "file", "events": events}}
    settings.write_text(json.dumps({"telling": channels}))
    arguments = (*arguments, "--params", settings)

    def told() -> list[tuple[str, str | None]]:
        lines = [json.loads(line) for line in log.read_text().splitlines()] if log.is_file() else []
        return [(line["type"], line["data"].get("lead_id")) for line in lines]

    assert command(capsys, *arguments)[0] == 0  # telling begins with what is in force
    channels["crm"] = {"kind": "webhook", "url": "http://127.0.0.1:9/hook", "events": events, "retries": 0}
    settings.write_text(json.dumps({"telling": channels}))
    expected = []
    for days in (2, 1, 0):
        before = in_force(out)
        cut(export, data, days)
        code, said = command(capsys, *arguments, "--accept", "me", "--why", "days of a small company differ")
        assert "on the list" in said  # the night itself went well
        expected += crossings(before, in_force(out))
        assert code == (2 if expected else 0)
        assert ("LEADSCORE_CRM_SECRET" in said) == bool(expected)
    assert expected
    assert sorted(told()) == sorted(expected)

    # A brake that stops a night keeps its exit code, and the same stop is told once.
    del channels["crm"]
    settings.write_text(json.dumps({"telling": channels}))
    cut(export, data, 0)
    events_file = data / "events.parquet"
    pd.read_parquet(events_file).assign(event_type="blog_read").to_parquet(events_file, index=False)
    for _ in range(2):
        assert command(capsys, *arguments)[0] == 3
    assert told()[len(expected) :] == [("night.stopped", None)]
    settings.write_text(json.dumps({"telling": {"log": {"kind": "fax", "events": events}}}))
    code, said = command(capsys, *arguments)
    assert code == 2
    assert "telling.log.kind" in said
