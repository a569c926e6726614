"""A table without an id, a time or a date of winning is understood where it tells an outcome, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.errors import InputError
from features.families.feature_list import feature_list
from features.source_spec import FeatureOptions
from features.unknown_times import notice
from pipeline.check.command import check_source
from pipeline.check.report import SourceReport
from pipeline.init.command import start_source
from pipeline.init.questions import Conversation
from pipeline.settings.settings import Settings
from pipeline.source.folder import Source, read_source

ROWS = 60


def started(tmp_path: Path, lines: list[str], *, answer: int = 0) -> tuple[Source, SourceReport]:
    (tmp_path / "table.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    talk = Conversation(choose=lambda _: answer)
    source = read_source(start_source("made", [tmp_path / "table.csv"], tmp_path / "sources", talk))
    return source, check_source(source, tmp_path, Settings())


def won(report: SourceReport) -> int:
    return {row["stage"]: row["leads"] for row in report.rows("stages")}["WON"]


@pytest.mark.parametrize(
    ("heading", "yes", "no"),
    [
        ("y", "yes", "no"),
        ("Deal Result", "Won", "Loss"),
        ("Disbursed", "1", "0"),
        ("Revenue", "TRUE", "FALSE"),
        ("Abschluss", "ja", "nein"),
        ("Ergebnis", "Auftrag erteilt", "Kein Auftrag"),
        ("Umsatz", "1200", "0"),
        ("Sales Status", "Sold", "Not Sold"),
    ],
)
def test_an_outcome_without_a_date_is_forecast_and_no_feature(tmp_path: Path, heading: str, yes: str, no: str) -> None:
    lines = [f"age,branch,{heading}"]
    lines += [f"{20 + i % 30},{'abc'[i % 3]},{no if i % 4 else yes}" for i in range(ROWS)]
    source, report = started(tmp_path, lines)
    assert won(report) == ROWS // 4
    assert set(source.spec.fit) == {"age", "branch"}
    assert report.rows("rejects") == []
    assert source.spec.unknown_times == "all"
    assert report.without_outcomes is None


def test_rows_are_numbered_and_it_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, report = started(tmp_path, ["age,y", *(f"{20 + i % 9},{'yes' if i % 3 else 'no'}" for i in range(ROWS))])
    said = capsys.readouterr().err
    assert "rows numbered, for no column is an id" in said
    assert "no time of creation: the order of the rows stands for it" in said
    assert report.rows("tables")[0]["rows"] == ROWS
    assert "'row ' || row_no AS lead_id" in source.sql["leads"]


def test_leads_without_an_outcome_yet_are_young(tmp_path: Path) -> None:
    lines = ["Ref,Art,Status", *(f"R{i},x,{('Gewonnen', 'Verloren', 'Offen')[i % 3]}" for i in range(ROWS))]
    _, report = started(tmp_path, lines)
    close = report.rows("targets")[0]
    assert (close["yes"], close["no"], close["too_young"]) == (20, 20, 20)


def test_an_outcome_that_is_none_is_not_taken(tmp_path: Path) -> None:
    lines = ["id,created,y", *(f"R{i},2025-01-{1 + i % 28:02d},{i % 2}" for i in range(ROWS))]
    _, report = started(tmp_path, lines, answer=1)
    assert report.without_outcomes is not None


def test_a_status_without_a_date_says_what_to_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    states = ("Gewonnen", "Verloren", "Offen")
    lines = ["Ref,Angelegt,Phase", *(f"R{i},2025-01-{1 + i % 28:02d},{states[i % 3]}" for i in range(ROWS))]
    source, report = started(tmp_path, lines)
    assert "'Phase' of table.csv says where leads stand today and not since when" in capsys.readouterr().err
    assert report.without_outcomes is not None
    assert (source.folder / "stages.sql.example").is_file()


def test_a_close_date_is_a_win_only_where_the_status_says_so(tmp_path: Path) -> None:
    states = ("Auftrag", "Kein Auftrag", "in Arbeit")
    lines = ["Ref,Angelegt,Ergebnis,Abschlussdatum"]
    ends = [f"2025-03-{1 + i % 27:02d}" if i % 3 < 2 else f"2025-12-{1 + i % 27:02d}" for i in range(ROWS)]
    lines += [f"R{i},2025-01-{1 + i % 28:02d},{states[i % 3]},{ends[i]}" for i in range(ROWS)]
    _, report = started(tmp_path, lines)
    stages = {row["stage"]: row["leads"] for row in report.rows("stages")}
    assert (stages["WON"], stages["LOST"]) == (20, 20)


def test_a_table_that_tells_nothing_is_refused_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no id.*no time.*Add the time at which each lead came"):
        started(tmp_path, ["city,branch", *(f"c{i % 9},b{i % 4}" for i in range(ROWS))])


def test_what_cannot_be_had_without_times_is_said_and_no_horizon_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["Ref,Art,Status", *(f"R{i},x,{('Gewonnen', 'Verloren', 'Offen')[i % 3]}" for i in range(ROWS))]
    source, report = started(tmp_path, lines)
    assert source.spec.unknown_times == "all"
    said = notice("all")
    assert said is not None
    assert said in capsys.readouterr().err
    assert said in report.to_text()
    assert "within" not in report.to_text().replace("how soon or in which week", "")
    assert "20 too late in the export to tell" in report.to_text()
    assert (source.spec.horizon_days("close"), source.spec.targets["close"].words) == (None, None)


def test_a_creation_without_a_time_of_winning_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = ["id,created,y", *(f"R{i},2025-01-{1 + i % 28:02d},{i % 2}" for i in range(ROWS))]
    source, report = started(tmp_path, lines)
    assert source.spec.unknown_times == "won"
    assert str(notice("won")) in capsys.readouterr().err
    assert str(notice("won")) in report.to_text()
    assert "close: WON: " in report.to_text()


def test_a_made_up_clock_is_no_feature(tmp_path: Path) -> None:
    rows = [f"Firma {i % 20},{i % 9},{'yes' if i % 3 else 'no'}" for i in range(ROWS)]
    source, _ = started(tmp_path, ["Company,size,y", *rows])
    names = {feature.name for feature in feature_list(source.spec, FeatureOptions())}
    assert source.spec.unknown_times == "all"
    assert "fit_size" in names
    assert not any("weekday" in name or "hour_" in name or name.endswith("_hour") or "won" in name for name in names)
