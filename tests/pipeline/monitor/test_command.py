"""The monitor as a scheduler and a reader meet it: exit codes, JSON, the page, and nothing of the future."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.cli import main

SOURCE = """
name: watched
title: {de: Firma, en: Small company & sons}
ladder: [MQL, SAL, SQL, WON]
targets: {sql: {stage: SQL, horizon: 60d}}
fit:
  campaign: {type: category, source_rate: true}
  form: {type: category}
events:
  form: {types: [form_sent], intent: high}
  call: {types: [call], actor: sales}
monitor: {by: [campaign, form]}
"""
FIRST, DAYS = pd.Timestamp("2024-01-01", tz="UTC").as_unit("us"), 600


def write_company(folder: Path, *, gamed: bool) -> tuple[Path, Path]:
    """Three campaigns of equal conversion; a gamed one gets 2.5 leads a day more from day 500, that go nowhere."""
    source, data = folder / "source", folder / "export"
    source.mkdir(parents=True)
    data.mkdir()
    (source / "source.yaml").write_text(SOURCE)
    rng = np.random.default_rng(5)
    lots = [("<b>big", 1.6, 0, DAYS, 0.4), ("small", 0.8, 0, DAYS, 0.4), ("tiny", 0.4, 0, DAYS, 0.4)]
    lots += [("small", 2.5, 500, DAYS, 0.04)] if gamed else []
    names, days, chances = [], [], []
    for campaign, pace, first, last, chance in lots:
        own = rng.uniform(first, last, rng.poisson(pace * (last - first)))
        names += [campaign] * len(own)
        days.append(own)
        chances.append(np.full(len(own), chance))
    day, chance = np.concatenate(days), np.concatenate(chances)
    ids = np.array([f"L{number:05d}" for number in range(len(day))])
    sal = rng.random(len(day)) < chance
    sql = sal & (rng.random(len(day)) < 0.5)
    sal_day = day + rng.exponential(8, len(day)) + 0.5
    sql_day = sal_day + rng.exponential(10, len(day)) + 0.5
    lost_day = np.where(sal, sal_day, day) + 25

    def table(who: np.ndarray, at: np.ndarray, **columns: object) -> pd.DataFrame:
        when = FIRST + pd.to_timedelta((at[who] * 86_400).round(), unit="s")
        seen = pd.DataFrame({"lead_id": ids[who], "at": pd.Series(when).dt.as_unit("us"), **columns})
        return seen[at[who] < DAYS]

    everyone = np.ones(len(day), dtype=bool)
    leads = table(everyone, day).rename(columns={"at": "created_at"})
    leads.assign(campaign=names, form=rng.choice(["long", "short"], len(day))).to_parquet(data / "leads.parquet")
    entries = [("MQL", everyone, day + 0.01), ("SAL", sal, sal_day), ("SQL", sql, sql_day)]
    entries += [("LOST", ~sql, lost_day), ("WON", sql, sql_day + 10)]
    stages = pd.concat([table(who, at, stage=stage) for stage, who, at in entries])
    stages.rename(columns={"at": "entered_at"}).to_parquet(data / "stages.parquet")
    acts = pd.concat([table(everyone, day, event_type="form_sent"), table(sal, sal_day, event_type="call")])
    acts.rename(columns={"at": "occurred_at"}).to_parquet(data / "events.parquet")
    return source, data


@pytest.fixture(scope="module")
def gamed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    folder = tmp_path_factory.mktemp("gamed")
    return *write_company(folder, gamed=True), folder / "out"


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    folder = tmp_path_factory.mktemp("quiet")
    return *write_company(folder, gamed=False), folder / "out"


def run(company: tuple[Path, Path, Path], *more: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    source, data, out = company
    with pytest.raises(SystemExit) as stop:
        main(["monitor", "--source", str(source), "--data", str(data), "--out", str(out), *more])
    shown = capsys.readouterr()
    return int(stop.value.code or 0), shown.out, shown.err


def check(told: dict, name: str) -> dict:
    return next(one for one in told["checks"] if one["name"] == name)


def test_a_gamed_campaign_is_named_with_exit_code_1(gamed, capsys):
    code, text, _ = run(gamed, "--json", capsys=capsys)
    told = json.loads(text)
    assert (code, told["exit_code"], told["answer"]) == (1, 1, "alarm")
    gaming = check(told, "gaming")
    assert ("campaign", "small") in {(row["dimension"], row["value"]) for row in gaming["tables"]["named"]}
    assert "campaign small: " in gaming["sentence"]
    assert gaming["todo"]
    assert not {"<b>big", "tiny"} & {row["value"] for row in gaming["tables"]["named"]}
    worst = gaming["tables"]["change by campaign"][0]
    assert worst["value"] == "small"


def test_a_quiet_company_gives_0_and_says_what_could_not_be_told(quiet, capsys):
    code, text, _ = run(quiet, "--json", capsys=capsys)
    told = json.loads(text)
    assert (code, told["answer"]) == (0, "fine")
    assert {"drift", "calibration"} <= set(told["could_not_tell"])
    assert check(told, "gaming")["answer"] == "fine"
    assert json.loads((quiet[2] / "monitor" / "monitor.json").read_text()) == told


def test_the_real_command_hands_its_exit_code_to_the_scheduler(gamed):
    source, data, out = map(str, gamed)
    command = [sys.executable, "-m", "pipeline.cli", "monitor", "--source", source, "--data", data, "--out", out]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stdout.splitlines()[1].startswith("alarm ")
    result = subprocess.run([*command, "--as-of", "2019-01-01"], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--as-of", "01.02.2025"], "expected --as-of TIME"),
        (["--as-of", "2030-01-01"], "--as-of from 2024-01-01"),
        (["--set", "monitor.exit_on=[nothing]"], "monitor.exit_on"),
        (["--set", "monitor.gaming.least_ris=2"], "there is no such setting"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_2(quiet, capsys, more, message):
    code, _, error = run(quiet, *more, capsys=capsys)
    assert code == 2
    assert message in error


def test_a_scheduler_may_choose_what_counts(gamed, capsys):
    code, text, _ = run(gamed, "--json", "--set", "monitor.exit_on=[calibration]", capsys=capsys)
    told = json.loads(text)
    assert (code, told["answer"]) == (0, "cannot tell")
    assert check(told, "gaming")["answer"] == "alarm"


def test_an_act_that_earns_points_only_as_a_further_family_is_watched(gamed, tmp_path, capsys):
    company, data, _ = gamed
    source = tmp_path / "source"
    shutil.copytree(company, source)
    declared = source / "source.yaml"
    declared.write_text(declared.read_text().replace("  call:", "  page: {types: [page_seen]}\n  call:"))
    rules = {"actions": [{"family": "page", "also": ["form"], "points": 5}], "cutoffs": {"MQL": 5, "SAL": 10}}
    (source / "rules.yaml").write_text(json.dumps(rules))
    _, text, _ = run((source, data, tmp_path / "out"), "--json", capsys=capsys)
    worst = check(json.loads(text), "gaming")["tables"]["change by last_act"]
    assert {row["value"] for row in worst} == {"form"}


def test_an_earlier_time_knows_nothing_of_what_came_later(gamed, quiet, capsys):
    """Up to day 500 both companies are the same draw, so a run as of then must say the same of both."""
    said = []
    for company in (gamed, quiet):
        _, text, _ = run(company, "--json", "--as-of", "2025-05-01", capsys=capsys)
        told = json.loads(text)
        keys = ("volume", "gaming", "maturing")
        said.append({key: check(told, key)["answer"] for key in keys} | {"as_of": told["as_of"]})
    assert said[0] == said[1]
    assert said[0]["gaming"] == "fine"


class Page(HTMLParser):
    """What a reader with a screen reader or without a network needs to know of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.depth: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_is_readable_by_all_and_needs_nothing_else(gamed, capsys):
    run(gamed, capsys=capsys)
    text = (gamed[2] / "monitor" / "monitor.html").read_text()
    page = Page()
    page.feed(text)
    assert ("html", {"lang": "en"}) in page.tags
    assert all(attributes.get("alt") for tag, attributes in page.tags if tag == "img")
    assert all(
        (attributes["src"] or "").startswith("data:image/svg+xml") for tag, attributes in page.tags if tag == "img"
    )
    assert not {"script", "link", "iframe"} & {tag for tag, _ in page.tags}
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    links = {(attributes["href"] or "")[1:] for tag, attributes in page.tags if tag == "a"}
    assert links <= ids
    assert not re.search(r"https?://", text)
    assert "<b>big" not in text  # a value of the data is text, never markup
    heading = text.index("<h1>")
    assert heading < text.index("What to do:") < text.index("Every check and its answer")


def test_with_a_model_drift_and_calibration_are_told(demo_run, project_root, tmp_path, capsys):
    for stage in ("ingest", "features", "labels", "train"):
        (tmp_path / stage).symlink_to(demo_run / stage)
    company = (project_root / "sources" / "demo", demo_run / "simulate" / "export", tmp_path)
    _, text, _ = run(company, "--json", capsys=capsys)
    told = json.loads(text)
    drift = check(told, "drift")
    assert drift["tables"]["features"]
    assert {row["answer"] for row in drift["tables"]["features"]} <= {"alarm", "fine", "cannot tell", "not judged"}
    months = check(told, "calibration")["tables"]["months"]
    assert sum(row["leads"] for row in months) > 100


def test_an_alarm_is_told_once_and_who_looks_at_the_past_tells_nobody(gamed, tmp_path, capsys):
    file = tmp_path / "news.jsonl"
    settings = tmp_path / "telling.yaml"
    channel = {"kind": "file", "path": str(file), "events": ["monitor.alarm", "monitor.over"]}
    settings.write_text(json.dumps({"telling": {"log": channel}}))
    assert run(gamed, "--params", str(settings), "--as-of", "2025-06-01", capsys=capsys)[0] in (0, 1)
    assert not file.exists()
    for _ in range(2):
        assert run(gamed, "--params", str(settings), capsys=capsys)[0] == 1
    told = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["type"] for line in told] == ["monitor.alarm"] * len(told)
    assert [line["data"]["check"] for line in told].count("gaming") == 1
    [gaming] = [line["data"] for line in told if line["data"]["check"] == "gaming"]
    assert "campaign small" in gaming["subjects"]
    assert gaming["subject"] == "The monitor raised an alarm: More MQLs of which fewer move on"
