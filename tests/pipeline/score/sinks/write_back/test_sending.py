"""What is sent: only what a record does not say, once, whoever stops the job; and what people write there is seen."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from features.errors import InputError
from pipeline.score.sinks.store_url import read_url
from pipeline.score.sinks.write_back import databases
from pipeline.score.sinks.write_back.ledger import opened_ledger

LEADS = {"a": 0.6, "b": 0.25, "c": 0.04}


@pytest.fixture
def crm(tmp_path: Path, sqlite_store: str) -> str:
    """A database of its own for the tool."""
    return f"sqlite:///{tmp_path}/crm.sqlite"


def test_each_open_lead_has_score_band_and_reasons(nights_of: Any, store_url: str, crm: str, table: Any) -> None:
    nights = nights_of(store_url, kind="sql", url=crm, table="lead_scores", create=True)
    assert nights.night(1, LEADS) == 3
    assert table(crm, columns=("score", "probability", "band", "grade", "run_id")) == {
        "a": (60, 0.6, "SAL", "A", "run1"), "b": (25, 0.25, "MQL", "B", "run1"), "c": (4, 0.04, "none", "D", "run1"),
    }  # fmt: skip
    # Two reasons are named, each with its percentage points; the rest of them is not a reason that helps anybody.
    assert table(crm, columns=("reasons",))["a"] == ("demo (+60); =industry (−4)",)


def test_only_what_changed_is_sent(nights_of: Any, store_url: str, crm: str, table: Any) -> None:
    nights = nights_of(store_url, kind="sql", url=crm, table="lead_scores", create=True)
    nights.night(1, LEADS)
    assert nights.night(2, LEADS) == 0  # another night, another run: the records say it already
    assert nights.night(3, LEADS | {"b": 0.55}) == 1
    assert table(crm, columns=("score", "run_id")) == {"a": (60, "run1"), "b": (55, "run3"), "c": (4, "run1")}


def test_a_finished_run_a_second_time_sends_nothing(nights_of: Any, store_url: str, crm: str) -> None:
    nights = nights_of(store_url, kind="sql", url=crm, table="lead_scores", create=True)
    assert [nights.night(1, LEADS), nights.night(1, LEADS)] == [3, 0]


def test_a_lead_that_is_no_longer_open_keeps_its_last_score(nights_of: Any, sqlite_store: str, crm: str, table: Any):
    nights = nights_of(sqlite_store, kind="sql", url=crm, table="lead_scores", create=True)
    nights.night(1, LEADS)
    nights.night(2, {"a": 0.7})
    assert table(crm) == {"a": (70, "SAL"), "b": (25, "MQL"), "c": (4, "none")}


@pytest.mark.parametrize(("edited", "stands"), [("overwrite", 60), ("keep", 99)])
def test_what_somebody_has_changed_there_is_seen(
    edited: str, stands: int, nights_of: Any, store_url: str, crm: str, table: Any, sql: Any, capsys: Any
) -> None:
    nights = nights_of(store_url, kind="sql", url=crm, table="lead_scores", create=True, edited=edited)
    nights.night(1, LEADS)
    sql(crm, "UPDATE lead_scores SET score = 99 WHERE lead_id = 'a'")
    nights.night(2, LEADS)
    assert table(crm)["a"][0] == stands
    assert "1 records that somebody has changed" in capsys.readouterr().err


def test_a_record_that_is_gone_is_sent_again(nights_of: Any, sqlite_store: str, crm: str, table: Any, sql: Any):
    nights = nights_of(sqlite_store, kind="sql", url=crm, table="lead_scores", create=True)
    nights.night(1, LEADS)
    sql(crm, "DELETE FROM lead_scores WHERE lead_id = 'b'")
    assert nights.night(2, LEADS) == 1
    assert set(table(crm)) == set(LEADS)


def test_trend_change_and_who_is_new_are_those_of_the_pages(
    nights_of: Any, sqlite_store: str, crm: str, table: Any
) -> None:
    fields = {"trend": "trend", "moved": "change", "is_new": "new"}
    nights = nights_of(sqlite_store, kind="sql", url=crm, table="lead_scores", create=True, fields=fields)
    said = []
    for night, probability in ((1, 0.30), (2, 0.305), (3, 0.38), (4, 0.20), (5, 0.20)):
        nights.night(night, {"a": probability})
        said.append(table(crm, columns=("trend", "moved"))["a"])
    assert [trend for trend, _ in said] == ["not_enough_info", "steady", "improving", "declining", "steady"]
    assert [moved for _, moved in said] == [
        None, "+0.5: Time that passed", "+7.5: Time that passed", "−18.0: Time that passed", "0.0"
    ]  # fmt: skip
    nights.night(6, {"a": 0.20, "b": 0.10})
    assert table(crm, columns=("is_new",)) == {"a": (None,), "b": ("list",)}


def test_two_jobs_do_not_write_at_once(
    nights_of: Any, store_url: str, crm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "LOCK_PATIENCE_S", 0.3)
    nights = nights_of(store_url, kind="sql", url=crm, table="lead_scores", create=True)
    with (
        opened_ledger(read_url(store_url), "crm", writing=True),
        pytest.raises(InputError, match="another one at work"),
    ):
        nights.night(1, LEADS)
    assert nights.night(1, LEADS) == 3
    with opened_ledger(read_url(store_url), "other", writing=True):  # another tool waits for nobody
        assert nights.night(2, LEADS) == 0


KILLS = 15
JOB = """
import os, random, signal, sys, time
from datetime import UTC, datetime
from pathlib import Path
sys.path.insert(0, {tests!r})
import conftest as nights
from pipeline.score.scores_file import SCHEMA, table_of
from pipeline.score.sinks.store_url import read_url
from pipeline.score.sinks.write_back_sink import WriteBackSink

def job(number):
    given = dict(kind="sql", url={crm!r}, table="lead_scores", create=True, chunk=7)
    sink = WriteBackSink.from_settings(dict(name="crm", store=read_url({store!r}), **given), Path({out!r}))
    run = nights.a_run(number)
    scores = nights.scores_of({{f"L{{i:03d}}": (i * number * 37 % 100) / 100 for i in range(300)}})
    empty = {{name: None for name in SCHEMA.names if name not in scores}}
    sink.write(table_of(scores.assign(**empty), run).to_batches(max_chunksize=50), run, now=datetime.now(UTC))

draw, ended = random.Random(11), 0
for number in (1, 2):
    for _ in range({kills}):
        child = os.fork()  # everything is imported, nothing is opened
        if not child:
            job(number)
            os._exit(0)
        time.sleep(draw.uniform(0.05, 1.0))
        os.kill(child, signal.SIGKILL)
        ended += os.WIFEXITED(os.waitpid(child, 0)[1])
    job(number)
print(ended)
"""


@pytest.mark.slow
def test_a_job_killed_at_random_moments_and_resumed_writes_each_lead_once(
    nights_of: Any, store_url: str, tmp_path: Path, table: Callable[..., Any]
) -> None:
    crm = f"sqlite:///{tmp_path}/crm.sqlite" if store_url.startswith("sqlite") else store_url
    tests = str(Path(__file__).parent)
    code = JOB.format(tests=tests, crm=crm, store=store_url, out=str(tmp_path), kills=KILLS)
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, timeout=300)
    assert ended.returncode == 0, ended.stderr.decode()[-3_000:]
    assert int(ended.stdout) < 2 * KILLS  # some were killed before their end
    of_run = {number: {f"L{i:03d}": i * number * 37 % 100 for i in range(300)} for number in (1, 2)}
    assert {lead: row[0] for lead, row in table(crm).items()} == of_run[2]
    nights = nights_of(store_url, kind="sql", url=crm, table="lead_scores", create=True, chunk=7)
    nights.undo(2)
    assert {lead: row[0] for lead, row in table(crm).items()} == of_run[1]
    nights.undo(1)
    assert table(crm) == {}
