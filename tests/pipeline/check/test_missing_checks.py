"""What is missing is named with its counts, stops a run that would prove a falsehood, and no hint makes it worse."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest

from features.answers import Answer
from features.errors import InputError
from pipeline.check.check import NOTES
from pipeline.check.command import check_source
from pipeline.cli import main
from pipeline.ingest.stage import ingest
from pipeline.settings.settings import IngestOptions, Settings
from pipeline.source.folder import read_source

SOURCE = """\
name: moved
title: {de: Umgezogen, en: Moved}
ladder: [NEW, DEAL]
targets:
  close: {stage: DEAL, horizon: 30d}
fit:
  trade: {type: category}
events:
  visit: {types: [visit], intent: low}
  fair: {types: [fair], intent: high}
"""


def exit_code(*arguments):
    with patch("sys.argv", ["leadscore", *map(str, arguments)]), pytest.raises(SystemExit) as left:
        main()
    return left.value.code


EVERYTHING = {"ingest": IngestOptions(max_reject_share=1)}


def write(folder: Path, *, moved: bool = False, dropped: bool = False, unknown_too: bool = False, fair_from: int = 0,
          trade_from: int = 0) -> tuple[Path, Path]:  # fmt: skip
    """Every eighth of 400 leads makes a deal; one in nine of all leads never did anything."""
    source, data = folder / "source", folder / "data"
    source.mkdir(parents=True)
    data.mkdir()
    (source / "source.yaml").write_text(SOURCE, encoding="utf-8")
    (source / "leads.sql").write_text(
        "SELECT id AS lead_id, made AS created_at, trade, partner FROM read_csv('people.csv', all_varchar = true)"
    )
    leads, stages, events = ["id,made,trade,partner"], ["lead_id,stage,entered_at"], ["lead_id,occurred_at,event_type"]
    for i in range(400):
        month, day = 1 + i // 34, 1 + i % 28
        created, won = f"2024-{month:02d}-{day:02d}", i % 8 == 0
        partner = f"P{i}" if won else ""
        leads.append(f"L{i},{created},{'ab'[i % 2] if i >= trade_from else ''},{partner}")
        stages += [f"L{i},DEAL,{created} 20:00:00"] if won else []
        said = partner if moved and won else f"X{i}" if unknown_too and won else f"L{i}"
        if i % 9 and not (dropped and won):
            events += [f"{said},{created} 0{k}:00:00,visit" for k in range(1, 5)]
            events += [f"{said},{created} 08:00:00,fair"] if i >= fair_from else []
    for name, lines in (("people", leads), ("stages", stages), ("events", events)):
        (data / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return source, data


def checked(folder: Path, *, settings: Settings | None = None, **kind):
    source, data = write(folder, **kind)
    return check_source(read_source(source), data, settings or Settings())


def test_a_whole_export_lacks_nothing(tmp_path):
    report = checked(tmp_path)
    assert report.stops is None
    for code in ("absence", "rejected_outcomes", "gaps_of_families", "gaps_of_columns"):
        assert all(result.answer is Answer.PASSED for result in report.results[code]), code
    assert "What is missing" not in report.to_text()


def test_moved_events_are_named_with_the_column_that_holds_their_ids(tmp_path):
    report = checked(tmp_path, moved=True)
    (rejects,) = report.results["rejected_outcomes"]
    assert rejects.answer is Answer.FAILED
    assert "44 of them reached DEAL (100%; of all leads 12%)" in rejects.sentence  # of 50 winners 6 never did anything
    (absent,) = report.results["absence"]
    assert absent.sentence.startswith("50 of 50 leads that reached DEAL have no event at all, while 311 of 350 others")
    assert "All 44 of the unknown ids stand in column 'partner' of leads.sql" in report.stops
    assert "max_reject_share" not in report.to_text()


def test_the_sql_that_the_hint_gives_brings_every_event_to_its_lead(tmp_path):
    source, data = write(tmp_path, moved=True)
    leads = (source / "leads.sql").read_text()
    (source / "events.sql").write_text(
        "SELECT t.* REPLACE (coalesce(l.lead_id, t.lead_id) AS lead_id) FROM "
        f"(SELECT * FROM read_csv('events.csv', all_varchar = true)) t LEFT JOIN ({leads}) l "
        'ON l."partner" = t.lead_id'
    )
    report = check_source(read_source(source), data, Settings())
    assert report.stops is None
    whole = checked(tmp_path / "whole")
    assert [row["events"] for row in report.rows("families")] == [row["events"] for row in whole.rows("families")]


@pytest.mark.parametrize("kind", [{"moved": True}, {"unknown_too": True}, {"dropped": True}])
def test_a_run_stops_however_many_rejects_are_allowed(tmp_path, kind):
    source, data = write(tmp_path, **kind)
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError, match="no outcome lacks what others have") as stopped:
        ingest(read_source(source), data, IngestOptions(max_reject_share=1), tmp_path / "out")
    assert "max_reject_share" not in str(stopped.value)
    assert list((tmp_path / "out").iterdir()) == []
    report = check_source(read_source(source), data, Settings(**EVERYTHING))
    assert report.stops == str(stopped.value)


def test_training_never_meets_what_ingest_refuses(tmp_path, capsys):
    source, data = write(tmp_path, dropped=True)
    out = tmp_path / "out"
    places = ("--source", source, "--data", data, "--out", out)
    assert exit_code("run", *places, "--set", "ingest.max_reject_share=1") == 2
    assert "no outcome lacks what others have" in capsys.readouterr().err
    assert not any((out / stage).exists() for stage in ("ingest", "features", "labels", "train"))
    assert exit_code("train", "--out", out) == 2


def test_ids_that_stand_nowhere_ask_for_the_export_that_holds_both(tmp_path):
    report = checked(tmp_path, unknown_too=True)
    assert "None of the 44 unknown ids stands in any column" in report.stops


def test_a_family_and_a_column_that_begin_in_mid_history_are_named(tmp_path):
    report = checked(tmp_path, fair_from=170, trade_from=136)
    (family,) = report.results["gaps_of_families"]
    assert family.sentence.startswith("family fair begins on 2024-06-0")
    assert "split.train_from" in family.todo
    (column,) = report.results["gaps_of_columns"]
    assert column.sentence.startswith("column trade is filled only for leads created from 2024-05-0")
    assert report.stops is None
    assert family.sentence not in "".join(report.notes), NOTES


def test_json_holds_the_counts(tmp_path):
    report = checked(tmp_path, dropped=True)
    (row,) = report.rows("absence")
    assert (row["answer"], row["without"], row["leads"], row["others"]) == ("leak", 50, 50, 350)
