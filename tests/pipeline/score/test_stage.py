"""Stage ``score`` on a real run: what the rows say, that they add up, and that a crash changes nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from features.time_units import DAY_US
from models.scoring.score_columns import JSON_COLUMNS
from pipeline.outputs.model_files import read_forecast
from pipeline.runner.finished_run import open_run
from pipeline.runner.stages import StageContext
from pipeline.score import stage as score
from pipeline.score.sinks import score_rows_in
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.sink import ScoreRun
from pipeline.settings.settings import ScoreOptions


def context_with(demo_run: Path, **options: object) -> StageContext:
    opened = open_run(demo_run)
    score_options = ScoreOptions.model_validate(options)
    settings = opened.settings.model_copy(update={"score": score_options})
    return StageContext(opened.workspace, settings, None, None, {})


def stored(url: str) -> pd.DataFrame:
    store = ScoreStore(url)
    return store.read().drop(columns="scored_at")


@pytest.fixture
def scores(demo_run: Path) -> pd.DataFrame:
    rows = pd.read_parquet(demo_run / "score" / "scores.parquet")
    return rows.assign(**{name: rows[name].map(json.loads, na_action="ignore") for name in JSON_COLUMNS})


def test_every_open_lead_has_one_score(demo_run: Path, scores: pd.DataFrame) -> None:
    looked_at = pd.read_parquet(demo_run / "features" / "open.parquet", columns=["lead_id", "as_of"])
    pd.testing.assert_frame_equal(scores[["lead_id", "as_of"]], looked_at.sort_values("lead_id", ignore_index=True))
    assert scores["p_sql"].between(0, 1).all()
    assert (scores["p_close"] <= scores["p_sql"]).all()  # one horizon for both in the demo
    assert scores["run_id"].nunique() == scores["model_version"].nunique() == 1
    assert {"MQL", "none"} <= set(scores["band"]) <= {"SAL", "MQL", "none"}


def test_bands_follow_from_cut_offs_exclusions_and_gates(demo_run: Path, scores: pd.DataFrame) -> None:
    cutoffs = json.loads((demo_run / "cutoffs" / "cutoffs.json").read_text())
    assert (scores["excluded"] == scores["exclusions"].map(bool)).all()
    for row in scores.itertuples():
        enough_for = "SAL" if row.p_sql >= cutoffs["sal"] else "MQL" if row.p_sql >= cutoffs["mql"] else "none"
        if row.excluded:
            expected = "none"
        elif enough_for == "SAL" and row.gates_missing:
            expected = "MQL"
        else:
            expected = enough_for
        assert row.band == expected, row


def test_reasons_and_points_add_up(demo_run: Path, scores: pd.DataFrame) -> None:
    features = pd.read_parquet(demo_run / "features" / "open.parquet").sort_values("lead_id", ignore_index=True)
    explanation = read_forecast(demo_run / "train" / "model").explain(features, "sql")
    open_rows = ~scores["reached"]
    total = scores["reasons"].map(lambda row: sum(reason["log_odds"] for reason in row))
    expected = explanation.log_odds - explanation.base
    np.testing.assert_allclose(total[open_rows], expected[open_rows], atol=1e-9)
    given = scores["points_reasons"].map(lambda row: sum(reason["points"] for reason in row))
    np.testing.assert_allclose(given, scores["points"], atol=1e-9)
    named = scores["reasons"].map(lambda row: [reason["feature"] for reason in row if reason["family"] != "other"])
    assert named.map(len).between(1, ScoreOptions().reasons).all()


def test_a_lead_that_has_reached_sql_is_told_about_the_close(scores: pd.DataFrame) -> None:
    reached = scores[scores["reached"]]
    assert set(reached["stage"]) <= {"SQL"}
    assert (reached["p_sql"] == 1).all()
    assert (reached["p_close"] < 1).all()
    assert not any(reason["subject"].startswith("reached_") for row in reached["reasons"] for reason in row)


def test_store_and_file_say_the_same_and_a_rerun_changes_neither(demo_run: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/scores.sqlite"
    (tmp_path / "out").mkdir()
    score.run(context_with(demo_run, store=url), tmp_path / "out")
    rows = pd.read_parquet(tmp_path / "out" / "scores.parquet")
    read = {name: [json.loads(text) if isinstance(text, str) else None for text in rows[name]] for name in JSON_COLUMNS}
    rows = rows.assign(**{name: pd.Series(values, dtype=object) for name, values in read.items()})
    rows["joined"] = rows["joined"].astype(object).where(rows["joined"].notna(), None)
    before = stored(url)
    pd.testing.assert_frame_equal(before, rows[before.columns], check_dtype=False)
    store = ScoreStore(url)
    times = store.read()["scored_at"].tolist()
    assert (tmp_path / "out" / "scores.parquet").read_bytes() == (demo_run / "score" / "scores.parquet").read_bytes()
    told, nightly = (json.loads((out / "score.json").read_text()) for out in (tmp_path / "out", demo_run / "score"))
    assert told.pop("store") == {"dialect": "sqlite", "host": None, "database": f"{tmp_path}/scores.sqlite"}
    assert nightly.pop("store") == {"dialect": "sqlite", "host": None, "database": "scores.sqlite"}  # beside them
    assert told == nightly
    score.run(context_with(demo_run, store=url), tmp_path / "out")
    store = ScoreStore(url)
    assert store.read()["scored_at"].tolist() == times
    assert len(store.runs()) == 1


def test_an_interrupted_run_goes_on_where_it_stopped(
    demo_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = f"sqlite:///{tmp_path}/whole.sqlite", f"sqlite:///{tmp_path}/broken.sqlite"
    score.run(context_with(demo_run, store=whole), tmp_path)
    a_third = len(stored(whole)) // 3
    monkeypatch.setattr(score_rows_in, "TRANSACTION_ROWS", a_third)
    write, chunks = ScoreStore.write, []

    def stop_after_the_second(
        store: ScoreStore, scores: Iterable[object], run: ScoreRun, *, now: datetime, on_rows: Callable[[int], None]
    ) -> int:
        def count(rows: int) -> None:
            on_rows(rows)
            chunks.append(rows)
            if len(chunks) == 2:
                raise KeyboardInterrupt

        return write(store, scores, run, now=now, on_rows=count)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(ScoreStore, "write", stop_after_the_second)
        score.run(context_with(demo_run, store=broken, chunk_rows=a_third), tmp_path)
    assert chunks == [a_third] * 2
    assert len(stored(broken)) == 2 * a_third
    assert [run["sequence"] for run in ScoreStore(broken).runs()] == [None]
    score.run(context_with(demo_run, store=broken, chunk_rows=a_third), tmp_path)
    pd.testing.assert_frame_equal(stored(broken), stored(whole))


def test_small_chunks_of_a_store_do_not_cut_the_scoring(demo_run, tmp_path, monkeypatch):
    """What a block of leads costs once would be paid for each handful of rows."""
    blocks: list[int] = []
    scored = score.score_rows

    def counted(rows, *given, **how):
        blocks.append(len(rows))
        return scored(rows, *given, **how)

    monkeypatch.setattr(score, "score_rows", counted)
    score.run(context_with(demo_run, chunk_rows=10, store=f"sqlite:///{tmp_path}/scores.sqlite"), tmp_path)
    assert len(blocks) == -(-sum(blocks) // score.BLOCK_ROWS)


@pytest.mark.parametrize("chunk_rows", [7, 100, 5_000])
def test_how_many_leads_are_scored_and_stored_at_a_time_changes_nothing(
    chunk_rows: int, demo_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane = {"explore_share": 0.5, "store": f"sqlite:///{tmp_path}/scores.sqlite"}
    for folder, rows in (("at-once", 1_000_000), ("in-chunks", chunk_rows)):
        (tmp_path / folder).mkdir()
        monkeypatch.setattr(score, "BLOCK_ROWS", rows)
        score.run(context_with(demo_run, chunk_rows=rows, **lane), tmp_path / folder)
    at_once, in_chunks = (pd.read_parquet(tmp_path / folder / "scores.parquet") for folder in ("at-once", "in-chunks"))
    pd.testing.assert_frame_equal(in_chunks, at_once)
    said, same = (json.loads((tmp_path / folder / "score.json").read_text()) for folder in ("at-once", "in-chunks"))
    assert said == same
    assert said["lane"]["drawn"] > 0


def test_postgresql_holds_what_sqlite_holds(demo_run: Path, tmp_path: Path, postgres_url: str) -> None:
    score.run(context_with(demo_run, store=postgres_url), tmp_path)
    pd.testing.assert_frame_equal(stored(postgres_url), stored(f"sqlite:///{demo_run}/scores.sqlite"))


def test_the_run_says_what_a_page_needs(demo_run: Path) -> None:
    summary = json.loads((demo_run / "score" / "score.json").read_text())
    store = ScoreStore(f"sqlite:///{demo_run}/scores.sqlite")
    run = store.runs()[-1]
    assert run["run_id"] == summary["run_id"]
    assert run["about"] == {key: summary[key] for key in run["about"]}
    spec = open_run(demo_run).spec()
    assert summary["targets"]["sql"] == {
        "stage": "SQL",
        "horizon_days": spec.targets["sql"].horizon / DAY_US,
        "words": {"de": "Qualifizierung (SQL)", "en": "qualification (SQL)"},
    }
    others = summary["excluded"] + summary["with_sales"] + summary["reached"]
    assert summary["leads"] == sum(summary["bands"].values()) + others == run["leads"]
    evaluation = json.loads((demo_run / "evaluate" / "evaluation.json").read_text())
    assert summary["verdict"] == {
        "beats_baseline": evaluation["beats_baseline"],
        "baseline": "points",
        "leads": evaluation["targets"]["sql"]["leads"],
        "outcomes": evaluation["targets"]["sql"]["outcomes"],
    }
    assert run["started_at"] <= run["finished_at"] <= datetime.now(UTC)


def test_the_environment_names_the_store_where_no_setting_does(
    demo_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADSCORE_STORE", f"sqlite:///{tmp_path}/environment.sqlite")
    assert not score.is_stored(context_with(demo_run))  # it is in another store
    score.run(context_with(demo_run), tmp_path)
    assert len(stored(f"sqlite:///{tmp_path}/environment.sqlite"))
    monkeypatch.delenv("LEADSCORE_STORE")
    assert score.is_stored(context_with(demo_run))


@pytest.mark.parametrize(
    "lost", ["DELETE FROM scores", "DELETE FROM scores WHERE lead_id = (SELECT min(lead_id) FROM scores)"]
)
def test_a_store_that_lost_rows_is_not_taken_for_whole(demo_run: Path, tmp_path: Path, lost: str) -> None:
    url = f"sqlite:///{tmp_path}/out/scores.sqlite"
    shutil.copytree(demo_run, tmp_path / "out", ignore=shutil.ignore_patterns("mlflow", "simulate"))
    context = context_with(tmp_path / "out")
    assert score.is_stored(context)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text(lost))
    engine.dispose()
    assert not score.is_stored(context)
