"""The score store: whole runs, history, crashes and undo, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from features.errors import InputError
from models.scoring.run_about import RunAbout
from pipeline.score.scores_file import SCHEMA, table_of
from pipeline.score.sinks import one_writer, score_rows_in, score_store
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.sink import ScoreRun, Undone, UndoNote
from pipeline.score.sinks.store_tables import METADATA, OPEN_LEADS
from pipeline.score.sinks.store_url import STORE_VARIABLE, read_url

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ABOUT = RunAbout.model_validate(
    {
        "source": "demo", "title": {"de": "Demo", "en": "Demo"}, "observed_until": "2026-06-01T12:00:00Z",
        "targets": {"sql": {"stage": "SQL", "horizon_days": 30.0, "words": None}},
        "cutoffs": {"target": "sql", "mql": 0.2, "sal": 0.5}, "points_cutoffs": None, "averages": {"p_sql": 0.1},
        "leads": 2, "bands": {"SAL": 0, "MQL": 2, "none": 0}, "excluded": 0, "reached": 0,
    }
)  # fmt: skip
RUN = ScoreRun(run_id="r1", model_version="m1", cutoff_version="c1", about=ABOUT)
AWKWARD_IDS = [
    "O'Brien",
    "x'; DROP TABLE scores; --",
    'double "quotes"',
    "slash/and%41",
    " ",
    "Zoë 漢字 🙂",
    "a\nb",
    "\\",
]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/scores.sqlite"
    return str(request.getfixturevalue("postgres_url"))


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    """What else has access to the database."""
    engine = sa.create_engine(read_url(url))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def frame(lead_ids: list[str], *, as_of: datetime = MONDAY, p_sql: float = 0.25) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "lead_id": lead_ids,
            "as_of": pd.Series([pd.Timestamp(as_of)] * len(lead_ids)).dt.as_unit("us"),
            "p_sql": [p_sql] * len(lead_ids),
            "p_close": [float("nan")] * len(lead_ids),
            "band": ["MQL"] * len(lead_ids),
            "counted_as": ["MQL"] * len(lead_ids),
            "stage": [None] * len(lead_ids),
            "reached": [False] * len(lead_ids),
            "excluded": [False] * len(lead_ids),
            "exclusions": [[] for _ in lead_ids],
            "gates_missing": [[{"column": "fit_budget"}] for _ in lead_ids],
            "points": [40.0] * len(lead_ids),
            "points_band": ["MQL"] * len(lead_ids),
            "points_reasons": [[] for _ in lead_ids],
            "fit_grade": ["A"] * len(lead_ids),
            "behaviour_grade": ["C"] * len(lead_ids),
            "reasons": [[{"family": "fit", "log_odds": 0.1 + 0.2, "de": "Größe", "en": lead}] for lead in lead_ids],
        }
    )


def rows(scores: pd.DataFrame, run: ScoreRun = RUN, a_batch: int = 1_000) -> list[pa.RecordBatch]:
    """Return scores as the stage hands them over; columns that are left out are empty."""
    empty = {name: None for name in SCHEMA.names if name not in scores}
    batches: list[pa.RecordBatch] = table_of(scores.assign(**empty), run).to_batches(max_chunksize=a_batch)
    return batches


def list_of(url: str) -> list[tuple[object, ...]]:
    """Return the list of open leads."""
    with connected(url) as connection:
        if not sa.inspect(connection).has_table("open_leads"):
            return []
        last = ("parts", "run_id")
        same_everywhere = [*(column for column in OPEN_LEADS.columns if column.name not in last), OPEN_LEADS.c.run_id]
        return [tuple(row) for row in connection.execute(sa.select(*same_everywhere).order_by(OPEN_LEADS.c.place))]


def stop_after(chunks: int) -> Callable[[int], None]:
    """Return what interrupts a run after so many transactions."""
    done = itertools.count(1)

    def stop(_: int) -> None:
        if next(done) == chunks:
            raise KeyboardInterrupt

    return stop


def test_what_was_written_is_read_back_whatever_the_lead_is_called(url: str) -> None:
    store = ScoreStore(url)
    assert store.write(rows(frame(AWKWARD_IDS)), RUN, now=NOON) == len(AWKWARD_IDS)
    stored = store.read().set_index("lead_id")
    assert set(stored.index) == set(AWKWARD_IDS)
    row = stored.loc["x'; DROP TABLE scores; --"]
    # 0.1 + 0.2 is not 0.3: the float must come back bit for bit, out of JSON too.
    assert row["reasons"] == [
        {"family": "fit", "log_odds": 0.1 + 0.2, "de": "Größe", "en": "x'; DROP TABLE scores; --"}
    ]
    assert (row["p_sql"], row["as_of"], row["scored_at"], row["run_id"]) == (0.25, MONDAY, NOON, "r1")
    assert pd.isna(row["p_close"])


def test_a_rerun_changes_nothing_not_even_the_time_of_scoring(url: str) -> None:
    store = ScoreStore(url)
    store.write(rows(frame(["a", "b"])), RUN, now=NOON)
    before = store.read()
    assert store.write(rows(frame(["b", "a"])), RUN, now=NOON + timedelta(days=1)) == 0
    pd.testing.assert_frame_equal(store.read(), before)


def test_a_row_that_was_lost_comes_back_and_no_other_is_touched(url: str) -> None:
    store, two = ScoreStore(url), frame(["a", "b"])
    store.write(rows(two), RUN, now=NOON)
    before, listed, runs = store.read(), list_of(url), store.runs()
    with connected(url) as connection:
        connection.execute(sa.text("DELETE FROM scores WHERE lead_id = 'a'"))
    assert not store.holds(RUN)
    assert store.write(rows(two), RUN, now=NOON + timedelta(hours=1)) == 1
    columns = [name for name in before if name != "scored_at"]
    pd.testing.assert_frame_equal(store.read()[columns], before[columns])
    assert (list_of(url), store.runs()) == (listed, runs)


def test_each_run_keeps_its_rows_whatever_later_runs_say_of_the_same_moment(url: str) -> None:
    other_model = dataclasses.replace(RUN, run_id="r2", model_version="m2")
    new_cutoffs = dataclasses.replace(RUN, run_id="r3", cutoff_version="c2")
    store = ScoreStore(url)
    store.write(rows(frame(["a"])), RUN, now=NOON)
    store.write(rows(frame(["a"], p_sql=0.75), other_model), other_model, now=NOON)
    store.write(rows(frame(["a"], p_sql=0.3), new_cutoffs), new_cutoffs, now=NOON - timedelta(days=9))
    stored = store.read()
    assert stored[["run_id", "model_version", "cutoff_version", "p_sql"]].to_numpy().tolist() == [
        ["r1", "m1", "c1", 0.25],
        ["r2", "m2", "c1", 0.75],
        ["r3", "m1", "c2", 0.3],
    ]
    assert [(run["run_id"], run["sequence"]) for run in store.runs()] == [("r1", 1), ("r2", 2), ("r3", 3)]
    assert [row[-1] for row in list_of(url)] == ["r3"]  # by its number, whatever the clock said
    assert RunAbout.model_validate(store.runs()[0]["about"]) == ABOUT


def test_a_run_that_stops_goes_on_where_it_stopped_and_nobody_sees_it_before(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score_rows_in, "TRANSACTION_ROWS", 3)
    leads = [f"lead-{number:02d}" for number in range(10)]
    store, second = ScoreStore(url), dataclasses.replace(RUN, run_id="r2", cutoff_version="c2")
    store.write(rows(frame(leads[:4])), RUN, now=NOON)
    listed = list_of(url)
    with pytest.raises(KeyboardInterrupt):
        store.write(rows(frame(leads, p_sql=0.75), second, 4), second, now=NOON, on_rows=stop_after(2))
    assert list_of(url) == listed
    assert store.read().groupby("run_id").size().to_dict() == {"r1": 4, "r2": 6}
    assert [(run["run_id"], run["sequence"], run["finished_at"] is None) for run in store.runs()] == [
        ("r1", 1, False),
        ("r2", None, True),
    ]
    assert store.write(rows(frame(leads, p_sql=0.75), second), second, now=NOON + timedelta(days=1)) == 4
    mended = store.read()
    assert mended.loc[mended["run_id"] == "r2", "scored_at"].value_counts().to_dict() == {
        pd.Timestamp(NOON): 6,
        pd.Timestamp(NOON + timedelta(days=1)): 4,
    }
    whole = ScoreStore(f"sqlite:///{tmp_path}/uninterrupted.sqlite")
    whole.write(rows(frame(leads[:4])), RUN, now=NOON)
    whole.write(rows(frame(leads, p_sql=0.75), second), second, now=NOON)
    told = [name for name in mended if name != "scored_at"]
    pd.testing.assert_frame_equal(whole.read()[told], mended[told])
    assert list_of(f"sqlite:///{tmp_path}/uninterrupted.sqlite") == list_of(url)


def test_what_a_broken_off_run_left_goes_when_another_is_written(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_rows_in, "TRANSACTION_ROWS", 1)
    store, second = ScoreStore(url), dataclasses.replace(RUN, run_id="r2")
    with pytest.raises(KeyboardInterrupt):
        store.write(rows(frame(["a", "b"])), RUN, now=NOON, on_rows=stop_after(1))
    store.write(rows(frame(["c"]), second), second, now=NOON)
    assert store.read()["run_id"].tolist() == ["r2"]
    assert [run["run_id"] for run in store.runs()] == ["r2"]


def test_what_a_broken_off_run_left_goes_when_the_run_it_was_compared_with_is_taken_back(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score_rows_in, "TRANSACTION_ROWS", 1)
    store, second, third = ScoreStore(url), *(dataclasses.replace(RUN, run_id=name) for name in ("r2", "r3"))
    store.write(rows(frame(["a", "b"])), RUN, now=NOON)
    store.write(rows(frame(["a", "b"]), second), second, now=NOON)
    with pytest.raises(KeyboardInterrupt):
        store.write(rows(frame(["a", "b"]), third), third, now=NOON, on_rows=stop_after(1))
    assert set(store.read()["run_id"]) == {"r1", "r2", "r3"}
    store.undo("r2", UndoNote(NOON, "test"))
    assert set(store.read()["run_id"]) == {"r1", "r2"}
    assert store.write(rows(frame(["a", "b"]), third), third, now=NOON) == 2


def test_a_row_that_cannot_be_kept_keeps_out_the_whole_run_and_is_not_quoted(url: str) -> None:
    scores = frame(["a", "secret-lead", "c", "d"])
    scores.loc[1, "p_sql"] = 1.5  # the store's own check refuses it
    store = ScoreStore(url)
    with pytest.raises(InputError) as refused:
        store.write(rows(scores, RUN, 2), RUN, now=NOON)
    assert "scores_p_sql" in str(refused.value)
    assert not re.search(r"secret-lead|1\.5", str(refused.value))
    assert list_of(url) == []
    assert [run["sequence"] for run in store.runs()] == [None]


@pytest.mark.parametrize("stopped", [False, True])
def test_a_finished_run_that_is_written_again_changes_nothing(url: str, *, stopped: bool) -> None:
    store, scores = ScoreStore(url), frame(["a", "b"])
    store.write(rows(scores), RUN, now=NOON)
    before, listed, runs, log = store.read(), list_of(url), store.runs(), store.log()

    def read(batches: list[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from batches
        if stopped:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) if stopped else nullcontext():
        assert store.write(read(rows(scores)), RUN, now=NOON + timedelta(days=1)) == 0
    pd.testing.assert_frame_equal(store.read(), before)
    assert (list_of(url), store.runs(), store.log()) == (listed, runs, log)


def test_a_run_that_another_has_followed_comes_back_when_it_is_written_again(url: str) -> None:
    store, second = ScoreStore(url), dataclasses.replace(RUN, run_id="r2", cutoff_version="c2")
    store.write(rows(frame(["a", "b"])), RUN, now=NOON)
    store.write(rows(frame(["a", "b"]), second), second, now=NOON)
    assert not store.holds(RUN)
    assert store.write(rows(frame(["a", "b"])), RUN, now=NOON) == 0
    assert store.holds(RUN)
    assert [(run["run_id"], run["sequence"]) for run in store.runs()] == [("r2", 2), ("r1", 3)]


def test_who_reads_while_a_run_is_written_reads_the_run_before(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_rows_in, "TRANSACTION_ROWS", 50)
    leads = [f"lead-{number:03d}" for number in range(200)]
    store, second = ScoreStore(url), dataclasses.replace(RUN, run_id="r2", cutoff_version="c2")
    store.write(rows(frame(leads)), RUN, now=NOON)
    listed, looks = list_of(url), []

    def look(_: int) -> None:
        looks.append(list_of(url) == listed)

    store.write(rows(frame(leads, p_sql=0.75), second), second, now=NOON - timedelta(days=400), on_rows=look)
    assert looks == [True] * 4
    assert {row[-1] for row in list_of(url)} == {"r2"}


def test_a_run_that_is_taken_back_gives_the_list_of_the_run_before(url: str) -> None:
    store, second = ScoreStore(url), dataclasses.replace(RUN, run_id="r2", cutoff_version="c2")
    store.write(rows(frame(["a", "b"])), RUN, now=NOON)
    first = list_of(url)
    store.write(rows(frame(["b", "c"]), second), second, now=NOON)
    note = UndoNote(NOON + timedelta(days=1), "Ada", "wrong export")
    assert store.undo("r2", note) == Undone("r1", True)
    assert list_of(url) == first
    assert len(store.read()) == 4  # it is kept, and marked
    assert {run["run_id"]: run["undone_at"] for run in store.runs()} == {"r1": None, "r2": note.at}
    assert store.holds(second)  # the job has nothing to write
    last = store.log()[-1]
    assert (last["what"], last["run_id"], last["who"], last["why"]) == ("undone", "r2", "Ada", "wrong export")
    assert store.undo("r2", note) == Undone("r1", False)  # once more changes nothing
    assert store.log()[-1] == last
    assert store.undo("r1", note) == Undone(None, True, ("There is no run before it: the list is empty.",))
    assert list_of(url) == []
    store.write(rows(frame(["b", "c"]), second), second, now=NOON)  # done again on purpose, it is in force again
    assert {row[-1] for row in list_of(url)} == {"r2"}


def test_an_older_run_that_is_taken_back_leaves_the_list_and_is_skipped_later(url: str) -> None:
    store = ScoreStore(url)
    for name in ("r1", "r2", "r3"):
        run = dataclasses.replace(RUN, run_id=name)
        store.write(rows(frame(["a"]), run), run, now=NOON)
    note = UndoNote(NOON, "Ada")
    assert store.undo("r2", note).was_in_force is False
    assert [row[-1] for row in list_of(url)] == ["r3"]
    assert store.undo("r3", note).in_force == "r1"
    with pytest.raises(InputError, match=r"found run 'r9'. The newest are r3 \(undone\), r2 \(undone\), r1 \(2026"):
        store.undo("r9", note)


def test_what_is_gone_of_the_run_before_is_named(url: str) -> None:
    store, second = ScoreStore(url), dataclasses.replace(RUN, run_id="r2")
    store.write(rows(frame(["a", "b"])), RUN, now=NOON)
    store.write(rows(frame(["a", "b"]), second), second, now=NOON)
    with connected(url) as connection:
        connection.execute(sa.text("DELETE FROM scores WHERE run_id = 'r1' AND lead_id = 'a'"))
    assert store.undo("r2", UndoNote(NOON, "Ada")).not_restored == ("Run r1 has 1 of its 2 scores left.",)


def test_a_store_is_of_one_source_and_one_folder_unless_somebody_says_so(url: str) -> None:
    mine = dataclasses.replace(RUN, out="my-folder")
    trial = dataclasses.replace(mine, run_id="r2", out="other-folder")
    source = dataclasses.replace(mine, run_id="r3", about=ABOUT.model_copy(update={"source": "other"}))
    store = ScoreStore(url)
    store.write(rows(frame(["a"])), mine, now=NOON)
    for other, message in ((trial, "found run r1 of another OUT"), (source, "found the list of the source demo")):
        with pytest.raises(InputError, match=f"{message}.*--set score.takes_over=true"):
            store.write(rows(frame(["b"]), other), other, now=NOON)
        assert [row[-1] for row in list_of(url)] == ["r1"]
        assert [run["run_id"] for run in store.runs()] == ["r1"]
    ScoreStore(url, takes_over=True).write(rows(frame(["b"]), trial), trial, now=NOON)
    assert [row[-1] for row in list_of(url)] == ["r2"]


def test_a_second_writer_waits_a_little_and_ends_with_a_message(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_writer, "PATIENCE_S", 0.3)
    store, second = ScoreStore(url), dataclasses.replace(RUN, run_id="r2")

    def another(_: int) -> None:
        with pytest.raises(InputError, match="expected nobody else writing scores, found another writer"):
            ScoreStore(url).write(rows(frame(["b"]), second), second, now=NOON)

    assert store.write(rows(frame(["a"])), RUN, now=NOON, on_rows=another) == 1
    assert [run["run_id"] for run in store.runs()] == ["r1"]
    assert ScoreStore(url).write(rows(frame(["b"]), second), second, now=NOON) == 1


def test_infinite_points_and_empty_texts_come_back_as_they_were(url: str) -> None:
    scores = frame(["a", "b", "c"]).assign(points=[float("inf"), float("-inf"), None], stage=["", "NULL", None])
    store = ScoreStore(url)
    store.write(rows(scores), RUN, now=NOON)
    stored = store.read()
    assert stored["points"].tolist()[:2] == [float("inf"), float("-inf")]
    assert stored["stage"].tolist()[:2] == ["", "NULL"]
    assert stored.loc[2, ["points", "stage"]].isna().all()


def test_nul_in_a_reason_is_replaced_and_in_a_lead_id_refused(url: str) -> None:
    scores = frame(["a"])
    scores["reasons"] = [[{"en": "broken\0text", "de": "no NUL: \\u0000"}]]
    store = ScoreStore(url)
    store.write(rows(scores), RUN, now=NOON)
    assert store.read().loc[0, "reasons"] == [{"en": "broken�text", "de": "no NUL: \\u0000"}]
    with pytest.raises(InputError, match="expected a lead id without NUL characters"):
        store.write(rows(frame(["b\0"])), RUN, now=NOON)
    with pytest.raises(InputError, match="expected one score for each lead and as-of time"):
        store.write(rows(frame(["c", "c"])), RUN, now=NOON)


def test_the_migrations_create_exactly_the_tables_that_the_code_writes(url: str) -> None:
    ScoreStore(url).migrate()
    with connected(url) as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "leadscore_version"})
        of_search = ("open_leads_search", "open_lead_search")  # by expression, or SQLite's own tables
        found = compare_metadata(context, METADATA)
        differences = [what for what in found if not str(what[1].name).startswith(of_search)]
        assert differences == []
        assert context.get_current_revision() == ScriptDirectory.from_config(migrations()).get_current_head()
        made = sa.inspect(connection)
        for table in METADATA.tables.values():
            columns = [(column["name"], column["nullable"]) for column in made.get_columns(table.name)]
            assert columns == [(column.name, column.nullable) for column in table.columns]
            assert made.get_pk_constraint(table.name)["constrained_columns"] == [c.name for c in table.primary_key]
            checks = {check["name"] for check in made.get_check_constraints(table.name)}
            assert checks == {c.name for c in table.constraints if isinstance(c, sa.CheckConstraint)}


def migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(score_store.__file__).parent / "migrations"))
    return config


def migrate_to(url: str, revision: str) -> None:
    config = migrations()
    with connected(url) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_a_store_of_the_first_version_is_upgraded_and_keeps_its_scores(url: str) -> None:
    migrate_to(url, "0001")
    with connected(url) as connection:
        old = sa.Table("scores", sa.MetaData(), autoload_with=connection)
        assert not {"handed_over_by", "handover_probability"} & set(old.columns.keys())
        empty = {"exclusions": [], "gates_missing": [], "points_reasons": [], "reasons": []}
        row = (
            frame(["a"]).iloc[0].drop("counted_as").to_dict()
            | empty
            | {"p_close": None, "run_id": "r0", "model_version": "m0"}
        )
        connection.execute(old.insert(), [row | {"cutoff_version": "c0", "scored_at": NOON}])
    lane = frame(["a"]).assign(band="none", handed_over_by="exploration", handover_probability=0.005)
    lane["curve"], lane["expected_days_sql"] = [[{"days": 7.0, "p_sql": 0.1}]], 12.5
    store = ScoreStore(url)
    store.write(rows(lane), RUN, now=NOON)
    stored = store.read().set_index("model_version")
    assert stored.loc["m0", "p_sql"] == 0.25
    assert stored.loc["m0", ["handed_over_by", "handover_probability"]].isna().all()
    assert stored.loc["m1", ["handed_over_by", "handover_probability"]].tolist() == ["exploration", 0.005]
    assert stored.loc["m0", ["curve", "expected_days_sql"]].isna().all()
    assert stored.loc["m1", ["curve", "expected_days_sql"]].tolist() == [[{"days": 7.0, "p_sql": 0.1}], 12.5]


def test_a_store_of_a_newer_version_is_left_alone(url: str) -> None:
    ScoreStore(url).migrate()
    with connected(url) as connection:
        connection.execute(sa.text("UPDATE leadscore_version SET version_num = '9999'"))
    with pytest.raises(InputError, match="expected a score store of this version or older"):
        ScoreStore(url).write(rows(frame(["a"])), RUN, now=NOON)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("mysql://somewhere/db", r"expected sqlite:///FILE or postgresql://…, found mysql://…"),
        ("not a url", "score.store: expected a SQLAlchemy URL"),
        ("postgresql://user:secret@127.0.0.1:1/none", "expected a database that answers"),
    ],
)
def test_a_store_that_cannot_be_used_is_one_clear_message_without_the_password(bad: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        ScoreStore(bad).migrate()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "bad",
    [
        "postgresql://user:p@secret@127.0.0.1:1/none",
        "postgresql://user:p@sec/ret-secret@127.0.0.1:1/none",
        "postgresql://user:secret/none",
        "user:secret@host",
    ],
)
def test_a_misread_url_gives_away_no_piece_of_its_password(bad: str) -> None:
    with pytest.raises(InputError) as caught:
        ScoreStore(bad).migrate()
    assert not re.search("secret|sec/|user|p@", str(caught.value).replace("USER", ""))


def test_a_message_names_dialect_and_host_only() -> None:
    with pytest.raises(InputError) as caught:
        ScoreStore("postgresql://crm:secret@127.0.0.1:1/none?password=secret").migrate()
    assert str(caught.value).startswith("postgresql://127.0.0.1: expected a database that answers")
    assert "secret" not in str(caught.value)


def test_a_file_that_cannot_be_made_or_is_no_database_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a database" * 100)
    for inside in ("file/scores.sqlite", "file/inner/scores.sqlite"):
        with pytest.raises(InputError, match="expected a folder for the score store, found a file in its place"):
            ScoreStore(f"sqlite:///{tmp_path}/{inside}").migrate()
    with pytest.raises(InputError, match=r"expected a file that can hold the scores, found .*file is not a database"):
        ScoreStore(f"sqlite:///{tmp_path}/file").migrate()
    with pytest.raises(InputError, match="expected a file that can hold the scores"):
        ScoreStore(f"sqlite:///{tmp_path}").migrate()


def test_a_run_is_held_once_it_is_finished_and_for_as_long_as_all_its_rows_are_there(url: str) -> None:
    store = ScoreStore(url)
    with pytest.raises(KeyboardInterrupt):
        store.write(rows(frame(["a", "b"])), RUN, now=NOON, on_rows=stop_after(1))
    assert not store.holds(RUN)
    store.write(rows(frame(["a", "b"])), RUN, now=NOON)
    assert store.holds(RUN)
    assert not store.holds(dataclasses.replace(RUN, run_id="r2"))
    with connected(url) as connection:
        connection.execute(sa.text("DELETE FROM scores WHERE lead_id = 'a'"))
    assert not store.holds(RUN)


@pytest.mark.parametrize("driver", ["sqlite", "sqlite+pysqlite"])
def test_asking_a_store_that_is_not_there_creates_nothing(driver: str, tmp_path: Path) -> None:
    for file in ("scores.sqlite", "folder/scores.sqlite"):
        assert not ScoreStore(f"{driver}:///{tmp_path}/{file}").holds(RUN)
    assert list(tmp_path.iterdir()) == []


def test_asking_an_empty_or_older_store_changes_nothing(url: str) -> None:
    with connected(url) as connection:
        connection.execute(sa.text("CREATE TABLE of_somebody_else (a INTEGER)"))
    store = ScoreStore(url)
    assert not store.holds(RUN)
    with connected(url) as connection:
        assert sa.inspect(connection).get_table_names() == ["of_somebody_else"]
    migrate_to(url, "0001")
    assert not store.holds(RUN)
    with connected(url) as connection:
        assert "curve" not in {column["name"] for column in sa.inspect(connection).get_columns("scores")}


@pytest.mark.parametrize("name", ["a?b", "100%", "%41", "a#b", "a;b&c=d", "größe"])
def test_a_file_may_lie_in_a_folder_of_any_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(STORE_VARIABLE, raising=False)
    outputs = tmp_path / name
    store = ScoreStore.from_settings({"url": None}, outputs)
    store.write(rows(frame(["a", "b"])), RUN, now=NOON)
    files = sorted(file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*"))
    assert files == [name, f"{name}/.scores.sqlite.lock", f"{name}/scores.sqlite"]
    assert store.holds(RUN)
    assert store.place(outputs) == {"dialect": "sqlite", "host": None, "database": "scores.sqlite"}


def test_the_store_is_the_one_set_else_the_environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def database(url: str | None) -> object:
        return ScoreStore.from_settings({"url": url}, tmp_path).place(tmp_path)["database"]

    monkeypatch.setenv(STORE_VARIABLE, "sqlite:////of/environment.sqlite")
    assert database("sqlite:////as/set.sqlite") == "/as/set.sqlite"
    assert database(None) == "/of/environment.sqlite"
    monkeypatch.delenv(STORE_VARIABLE)
    assert database(None) == "scores.sqlite"
