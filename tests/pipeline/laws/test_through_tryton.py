"""A real CRM end to end: leads, stages and notes come out of Tryton, scores, bands and reasons go in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from features.errors import InputError
from pipeline.pull.command import PASSWORD_VARIABLE, pull_tryton
from pipeline.runner.stages import RUN_STAGES, StageContext, make_context, run_all
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.sink import UndoNote
from pipeline.score.sinks.write_back.records import Record
from pipeline.score.sinks.write_back_sink import WriteBackSink
from pipeline.settings.settings import parse_overrides

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("tryton")]

OPPORTUNITY = "sale.opportunity"
QUICK = ("model.max_rounds=40", "model.boosters=2", "evaluate.bootstrap=50", "evaluate.shap_rows=50")
SAID = {
    "SAL": "Stufe SAL", "MQL": "Stufe MQL", "none": "noch keine Übergabe", "excluded": "ausgeschlossen",
    "with_sales": "schon beim Vertrieb", "reached": "CONVERTED erreicht",
}  # fmt: skip
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch, tryton_server: Any) -> None:
    monkeypatch.setenv("LEADSCORE_CRM_PASSWORD", tryton_server.password)
    monkeypatch.setenv(PASSWORD_VARIABLE, tryton_server.password)


def pull(server: Any, data: Path) -> None:
    options = server.options
    pull_tryton(options.url, options.database, options.user, data, rate=1_000)


def crm(server: Any, **settings: Any) -> dict[str, Any]:
    options = server.options
    where = {"url": options.url, "database": options.database, "user": options.user, "rate": 1_000}
    return {"kind": "tryton", **where, "timeout_s": 120, **settings}


def nightly(server: Any, root: Path, data: Path, out: Path, *stages: str) -> StageContext:
    """Run stages with Tryton as a place that scores go to."""
    sink = [f"score.sinks.crm.{name}={value}" for name, value in crm(server, language="de").items()]
    context = make_context(
        source_dir=root / "sources" / "tryton", data_dir=data, out=out, params_file=None,
        overrides=parse_overrides([*QUICK, *sink]),
    )  # fmt: skip
    run_all(context, stages or RUN_STAGES)
    return context


def looked_up(server: Any) -> pd.DataFrame:
    """Return what people see in Tryton: every opportunity with its probability and leadscore's note."""
    with server.logged_in() as tryton:
        fields = ["state", "conversion_probability", "write_date"]
        rows = tryton.call(OPPORTUNITY, "search_read", [], 0, None, None, fields)
        notes = tryton.call(
            "ir.note", "search_read", [["message", "like", "leadscore: %"]], 0, None, None, ["resource", "message"]
        )
    texts = {int(note["resource"].partition(",")[2]): note["message"] for note in notes}
    assert len(texts) == len(notes)  # one note a lead
    table = pd.DataFrame(rows).set_index("id").sort_index()
    return table.assign(note=pd.Series(texts, dtype=object).reindex(table.index))


def stored(out: Path) -> pd.DataFrame:
    scores = ScoreStore(sa.URL.create("sqlite", database=str(out / "scores.sqlite"))).read()
    newest = scores.sort_values("scored_at").drop_duplicates("lead_id", keep="last")
    return newest.assign(id=newest["lead_id"].astype(int)).set_index("id").sort_index()


def differing(one: pd.DataFrame, other: pd.DataFrame) -> list[int]:
    """Return the opportunities that say something else in one table than in the other."""
    unequal = one.astype(object).fillna("") != other.astype(object).fillna("")
    return list(one.index[unequal.any(axis=1)])


def said(table: pd.DataFrame) -> pd.DataFrame:
    return table[["conversion_probability", "note"]].astype(object).where(table.notna(), None)


@pytest.fixture(scope="module")
def first_night(tryton_server: Any, tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Iterator[Any]:
    """Pulled, trained, scored and written back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEADSCORE_CRM_PASSWORD", tryton_server.password)
        patch.setenv(PASSWORD_VARIABLE, tryton_server.password)
        folder = tmp_path_factory.mktemp("through_tryton")
        before = looked_up(tryton_server)
        pull(tryton_server, folder / "data")
        nightly(tryton_server, project_root, folder / "data", folder / "out")
        yield folder, before


def test_leads_stages_and_notes_come_out_and_scores_bands_and_reasons_go_in(
    first_night: Any, tryton_server: Any, tmp_path: Path, project_root: Path
) -> None:
    folder, before = first_night
    data, out = folder / "data", folder / "out"
    _pulled_as_it_was(data)
    _each_open_lead_has_its_score(out, before, tryton_server)
    first = looked_up(tryton_server)
    _nothing_new_is_sent_or_learned_from_ourselves(tryton_server, project_root, data, out)
    # A customer writes: one lead changes, at a moment before the newest, so that "now" does not move.
    lead = int(stored(out)["p_sql"].idxmin())
    tryton_server.set_clock(pd.Timestamp(before["write_date"].max()).to_pydatetime() - timedelta(hours=6))
    with tryton_server.logged_in() as tryton:
        tryton.call(
            "ir.note", "create", [{"resource": f"{OPPORTUNITY},{lead}", "message": "Request: an offer, please"}]
        )
    pull(tryton_server, data)
    nightly(tryton_server, project_root, data, out, "ingest", "features", "score")
    second = looked_up(tryton_server)
    changed = differing(said(first), said(second))
    assert lead in changed
    assert second["conversion_probability"][lead] > first["conversion_probability"][lead]
    assert differing(first[["write_date"]], second[["write_date"]]) == changed  # Tryton saw no other write
    assert len(changed) < len(stored(out)) / 2
    _undo_says_what_stood_there(tryton_server, out, lead, before, first, second)


def _pulled_as_it_was(data: Path) -> None:
    leads, stages, notes = (pd.read_csv(data / f"{name}.csv") for name in ("leads", "stages", "notes"))
    assert len(leads) == 52 * 14
    assert set(stages["stage"]) == {"LEAD", "OPPORTUNITY", "CONVERTED", "WON", "LOST"}
    again = stages[stages["stage"] == "LEAD"].groupby("lead_id").size() > 1  # handed back by sales
    assert 0 < again.mean() < 0.2
    entered = stages.pivot_table(index="lead_id", columns="stage", values="entered_at", aggfunc="min")
    won = entered.dropna(subset=["WON"])
    assert len(won) > 20
    assert (won["LEAD"] < won["OPPORTUNITY"]).all()
    assert (won["CONVERTED"] < won["WON"]).all()
    assert 900 not in set(leads["amount"])  # what a won deal brought is not what was known at its creation
    acts, found_out = {"request", "visit", "download", "subscribe", "follow", "note", "call"}, notes["answer"].notna()
    assert set(notes["kind"]) == acts | {"budget", "authority", "need", "timeline"}
    assert set(notes.loc[found_out, "kind"]) == {"budget", "authority", "need", "timeline"}
    assert set(notes.loc[found_out, "answer"]) == {"confirmed", "denied"}
    assert set(leads["category"]) == {"Maschinenbau", "Handel"}


def _each_open_lead_has_its_score(out: Path, before: pd.DataFrame, server: Any) -> None:
    scores, there = stored(out), looked_up(server)
    assert len(scores) > 30
    assert there.loc[scores.index, "state"].isin(["lead", "opportunity", "converted"]).all()
    assert (there.loc[scores.index, "conversion_probability"] == scores["p_sql"].round(4)).all()
    for lead, score in scores.iterrows():
        note = there["note"][lead]
        counted = SAID[score["counted_as"]]
        assert note.startswith(f"leadscore: {round(100 * score['p_sql'])} von 100 Punkten, {counted}. ")
        assert "(" in note  # at least one reason with its percentage points
    others = before.index.difference(scores.index)
    pd.testing.assert_frame_equal(there.loc[others], before.loc[others])


def _nothing_new_is_sent_or_learned_from_ourselves(server: Any, root: Path, data: Path, out: Path) -> None:
    first, files = looked_up(server), {file.name: file.read_bytes() for file in data.iterdir()}
    pull(server, data)
    for name in ("leads.csv", "stages.csv", "notes.csv"):
        assert (data / name).read_bytes() == files[name], name
    nightly(server, root, data, out, "ingest", "features", "score")
    pd.testing.assert_frame_equal(looked_up(server), first)


def _undo_says_what_stood_there(
    server: Any, out: Path, lead: int, before: pd.DataFrame, first: pd.DataFrame, second: pd.DataFrame
) -> None:
    store = sa.URL.create("sqlite", database=str(out / "scores.sqlite"))
    sink = WriteBackSink.from_settings({"name": "crm", "store": store, **crm(server, language="de")}, out)
    runs = [row["run_id"] for row in ScoreStore(store).runs()]
    assert sink.undo(runs[-1], UndoNote(NOW, "tests")).not_restored == ()
    pd.testing.assert_frame_equal(said(looked_up(server)), said(first))
    assert said(second)["note"][lead] != said(first)["note"][lead]
    # Somebody in sales knows better: that lead is named, and stays as it is.
    with server.logged_in() as tryton:
        tryton.call(OPPORTUNITY, "write", [lead], {"conversion_probability": 0.99})
    [left] = sink.undo(runs[-2], UndoNote(NOW, "tests")).not_restored
    assert left == f"The record of lead {lead} is left as it is: somebody has changed it since."
    restored = looked_up(server)
    assert restored["conversion_probability"][lead] == 0.99
    others = before.index.difference([lead])
    pd.testing.assert_frame_equal(said(restored).loc[others], said(before).loc[others])


def test_what_tryton_refuses_is_named_and_the_rest_is_written(tryton_server: Any, tmp_path: Path) -> None:
    given = crm(tryton_server, fields={"conversion_probability": "score", "note": "summary"})  # 60 is no probability
    store = sa.URL.create("sqlite", database=str(tmp_path / "s.sqlite"))
    sink = WriteBackSink.from_settings({"name": "crm", "store": store, **given}, tmp_path)
    with tryton_server.logged_in() as tryton:
        rows = tryton.call(OPPORTUNITY, "search_read", [["state", "=", "lead"]], 0, 2, None, ["id"])
    ids = [str(row["id"]) for row in rows]
    with sink.target.opened("run") as there:
        [first, second] = list(there.read([*ids, "999999", "no number"]).items())
        fine = {"conversion_probability": 0.25, "note": "x"}
        records = [
            Record(first[0], {"conversion_probability": 60, "note": "x"}, first[1]),
            Record(second[0], fine, second[1]),
            Record("999999", fine, None),
        ]
        refused = there.write(records)
        assert set(refused) == {first[0], "999999"}
        assert there.read([second[0]]) == {second[0]: fine}
        there.write([Record(second[0], second[1], fine)])
        assert there.read([first[0], second[0]]) == dict([first, second])


def test_a_wrong_password_and_a_database_that_is_not_there_are_messages(
    tryton_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = tryton_server.options
    with pytest.raises(InputError, match="status 404"):
        pull_tryton(options.url, "nothing", options.user, tmp_path / "data", rate=100)
    monkeypatch.setenv(PASSWORD_VARIABLE, "wrong")
    with pytest.raises(InputError, match="status 401") as refused:
        pull_tryton(options.url, options.database, options.user, tmp_path / "data", rate=100)
    assert "wrong" not in str(refused.value)
    assert not (tmp_path / "data").exists()
    monkeypatch.delenv(PASSWORD_VARIABLE)
    with pytest.raises(InputError, match=PASSWORD_VARIABLE):
        pull_tryton(options.url, options.database, options.user, tmp_path / "data", rate=100)
