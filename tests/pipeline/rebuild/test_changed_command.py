"""What changed between two scores: what alone was changed has the whole change, and parts add up to both scores."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from features.errors import InputError
from models.cutoffs.cutoffs import Cutoffs
from models.scoring.run_about import RunAbout
from pipeline.history.folder import HistoryFolder
from pipeline.rebuild.changed import changes_between
from pipeline.rebuild.changed_command import changed
from pipeline.runner.workspace import Workspace
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.sink import ScoreRun
from pipeline.score.sinks.store_url import sqlite_url
from pipeline.settings.settings import Settings

Change = Callable[..., None]
Score = Callable[[], str]


def scores_of(out: Path) -> dict[str, tuple[float, str]]:
    rows = pd.read_parquet(out / "score" / "scores.parquet")
    return {row.lead_id: (row.p_sql, row.band) for row in rows.itertuples()}


def split(out: Path, scratch: Path, before: dict[str, tuple[float, str]]) -> dict[str, list[dict[str, object]]]:
    """Split the changes between the last two runs, and hold the sums against the scores of both."""
    history = HistoryFolder(out)
    earlier, later = history.runs()[-2:]
    scratch.mkdir()
    parts = changes_between(history, earlier, later, scratch)
    now = scores_of(out)
    assert set(parts) == set(before) & set(now)
    assert any(parts.values())
    for lead, path in parts.items():
        if path:
            assert path[0]["percentage_points"] == pytest.approx(100 * before[lead][0], abs=1e-9)
            assert sum(part["percentage_points"] for part in path) == pytest.approx(100 * now[lead][0], abs=1e-9)
            assert (path[0]["band"], path[-1]["band"]) == (before[lead][1], now[lead][1])
        else:
            assert 1.0 in (before[lead][0], now[lead][0])
    return parts


def causes(parts: dict[str, list[dict[str, object]]]) -> set[object]:
    return {part["part"] for path in parts.values() for part in path[1:] if part["log_odds"] != 0.0}


def test_what_alone_changed_has_the_whole_change(
    out: Path, lead_id: str, change: Change, score: Score, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="two scores"):
        changed(out, lead_id, Settings())
    before = scores_of(out)
    change("leads", lambda leads: leads.assign(employees=leads["employees"].where(leads["lead_id"] != lead_id, 5.0)))
    score()
    corrected = split(out, tmp_path / "corrected", before)
    assert causes({lead_id: corrected[lead_id]}) == {"corrected_facts"}
    assert causes({lead: path for lead, path in corrected.items() if lead != lead_id}) == set()

    before = scores_of(out)
    until = json.loads((out / "ingest" / "ingest.json").read_text())["observed_until"]
    later = (pd.Timestamp(until) + pd.Timedelta(days=3)).isoformat().replace("+00:00", "Z")
    change("leads", lambda leads: leads, observed_until=later)
    score()
    assert causes(split(out, tmp_path / "time", before)) == {"time_passing"}

    before = scores_of(out)
    latest = (pd.Timestamp(until) + pd.Timedelta(days=4)).isoformat().replace("+00:00", "Z")
    seen = {"lead_id": lead_id, "event_type": "pricing_page_view", "actor": "lead"}
    change(
        "events",
        lambda events: pd.concat(
            [events, pd.DataFrame([seen | {"occurred_at": pd.Timestamp(latest) - pd.Timedelta(hours=1)}])]
        ).sort_values(["lead_id", "occurred_at"]),
        observed_until=latest,
    )
    score()
    acted = split(out, tmp_path / "behaviour", before)
    assert causes({lead_id: acted[lead_id]}) == {"time_passing", "new_behaviour"}
    answer = changed(out, lead_id, Settings())
    assert "What the lead did since" in answer.to_text()
    assert [part["part"] for part in json.loads(answer.to_json())["parts"]] == [part["part"] for part in acted[lead_id]]

    cutoffs = Cutoffs.read((out / "cutoffs" / "cutoffs.json").read_text())
    lower = cutoffs.model_copy(update={"mql": cutoffs.mql / 4, "sal": cutoffs.sal / 4}).with_version()
    before, files = (
        scores_of(out),
        {file.name: file.read_bytes() for file in (out / "cutoffs").iterdir() if file.name != "stage.json"},
    )
    inputs = Workspace(out).stamp("cutoffs").inputs  # type: ignore[union-attr]
    with Workspace(out).writing("cutoffs", inputs) as folder:
        for name, content in files.items():
            (folder / name).write_bytes(content)
        (folder / "cutoffs.json").write_text(lower.model_dump_json())
    score()
    moved = split(out, tmp_path / "cutoffs", before)
    assert causes(moved) == set()
    assert any(path and path[-1]["band"] != path[-2]["band"] for path in moved.values())


ABOUT = RunAbout.model_validate(
    {
        "source": "demo", "title": {"de": "Demo", "en": "Demo"}, "observed_until": "2026-06-01T12:00:00Z",
        "targets": {"sql": {"stage": "SQL", "horizon_days": 30.0, "words": None}},
        "cutoffs": {"target": "sql", "mql": 0.2, "sal": 0.5}, "points_cutoffs": None, "averages": {"p_sql": 0.1},
        "leads": 1, "bands": {"SAL": 0, "MQL": 0, "none": 1}, "excluded": 0, "reached": 0,
    }
)  # fmt: skip


@pytest.mark.parametrize(("goes_away", "said"), [(False, "two scores of this lead"), (True, "a score store")])
def test_a_store_that_goes_away_is_not_taken_for_a_lead_with_one_score(
    goes_away: bool, said: str, tmp_path: Path, rows_of: Callable[..., Any]
) -> None:
    run, moment = ScoreRun("r1", "m", "c", ABOUT), pd.Timestamp("2026-06-01T12:00Z")
    lists = {name: [] for name in ("exclusions", "gates_missing", "points_reasons", "reasons")}
    row = {"lead_id": "a", "as_of": moment, "p_sql": 0.1, "band": "none", "counted_as": "none", **lists}
    row |= {"reached": False, "excluded": False}
    file = tmp_path / "scores.sqlite"
    ScoreStore(sqlite_url(file)).write(rows_of(pd.DataFrame([row]), run), run, now=moment.to_pydatetime())
    connections = []

    def connected(*_: object) -> None:
        connections.append(1)
        if goes_away and len(connections) == 1:
            file.rename(tmp_path / "elsewhere.sqlite")  # SQLite goes on with the file that it has opened

    sa.event.listen(sa.Engine, "connect", connected)
    try:
        with pytest.raises(InputError, match=said):
            changed(tmp_path, "a", Settings())
    finally:
        sa.event.remove(sa.Engine, "connect", connected)
    assert len(connections) == 1 if goes_away else len(connections) == 2
