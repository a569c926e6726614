"""Telling: what a channel gets, and when; what fails waits, and comes once."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from features.errors import InputError
from pipeline.score.sinks.erase_leads import erase_leads, rows_about
from pipeline.score.sinks.news.news import KINDS
from pipeline.score.sinks.score_store import ScoreStore
from pipeline.score.sinks.write_back import databases
from pipeline.telling.tell import Telling, erase_told
from pipeline.telling.telling_words import _WORDS

EVERY = [kind for kind in KINDS if kind != "digest"]
LOG = {"kind": "file", "events": EVERY}


@contextmanager
def connected(out):
    engine = sa.create_engine(f"sqlite:///{out}/scores.sqlite")
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def told(lines):
    return [(line["type"], line["data"].get("lead_id")) for line in lines]


def test_what_happens_to_a_lead_is_told_once(nights) -> None:
    nights.night({"a": "SAL", "b": "none", "c": "none"})
    nights.tell(log=LOG)
    assert nights.lines() == []  # telling begins with what is in force
    for groups, news in (
        ({"a": "SAL", "b": "MQL", "c": "drawn"}, [("lead.above", "b"), ("lead.drawn", "c")]),
        ({"a": "SAL", "b": "MQL", "c": "drawn"}, []),
        ({"a": "MQL", "b": "SAL", "c": "none"}, [("lead.above", "b"), ("lead.below", "a")]),
        ({"a": "with_sales", "b": "none", "c": "none"}, [("lead.below", "b"), ("lead.left", "a")]),
        ({"a": "with_sales", "b": "MQL", "d": "SAL"}, [("lead.above", "d"), ("lead.above", "b")]),
        ({"a": "with_sales"}, [("lead.left", "b"), ("lead.left", "d")]),
    ):
        before = len(nights.lines())
        nights.night(groups)
        assert nights.tell(log=LOG).exit_code == 0
        nights.tell(log=LOG)
        assert told(nights.lines()[before:]) == news, groups


def test_a_line_says_what_people_and_programs_need(nights) -> None:
    nights.night({"a": "none"})
    nights.tell(log=LOG)
    nights.night({"a": "MQL"})
    nights.tell(log={**LOG, "language": "de"})
    [line] = nights.lines()
    assert line["data"] == {
        "before": "none", "now": "MQL", "band": "MQL", "score": 30, "probability": 0.3, "lead_id": "a",
        "run_id": "run2", "as_of": "2026-06-01T06:00:00Z", "reasons": "demo (+30)",
        "subject": "Der Lead a hat den MQL-Cut-off überschritten; bisher war er unter den Cut-offs.",
    }  # fmt: skip
    assert line["type"] == "lead.above"


def test_nobody_reads_of_another_decision_twice(nights) -> None:
    nights.night({"a": "none"}, version="v1")
    nights.tell(log=LOG)
    for version in ("v2", "v2"):
        nights.night({"a": "none"}, version=version)
        nights.tell(log=LOG)
    [line] = nights.lines()
    assert line["type"] == "champion.changed"
    assert line["data"]["version"] == "v2"
    assert line["data"]["signed_by"] == ["B", "S"]


def test_a_run_that_is_taken_back_is_corrected_once(nights) -> None:
    nights.night({"a": "none", "b": "none"})
    nights.tell(log=LOG)
    run = nights.night({"a": "SAL", "b": "MQL"})
    nights.tell(log=LOG)
    nights.undo(run, "an export of last month")
    nights.tell(log=LOG)
    nights.tell(log=LOG)
    *_, correction = nights.lines()
    assert [line["type"] for line in nights.lines()] == ["lead.above", "lead.above", "run.undone"]
    assert correction["data"]["why"] == "an export of last month"
    assert [lead["lead_id"] for lead in correction["data"]["leads"]] == ["a", "b"]
    # Who is above in the next run was corrected to be below, and is told of again.
    nights.night({"a": "SAL", "b": "none"})
    nights.tell(log=LOG)
    assert told(nights.lines()[3:]) == [("lead.above", "a")]


def test_what_nobody_was_told_of_a_run_that_is_taken_back_is_withdrawn(nights, listener) -> None:
    sales = {"kind": "webhook", "url": listener.url, "events": EVERY, "retries": 0}
    nights.night({"a": "none"})
    nights.tell(sales=sales)
    run = nights.night({"a": "SAL"})
    listener.answers = [503]
    assert nights.tell(sales=sales).waits == {"sales": 1}
    nights.undo(run)
    nights.tell(sales=sales)
    [(_, content)] = listener.got
    assert content["type"] == "run.undone"
    assert content["data"]["leads"] == []


def test_a_run_that_was_not_in_force_is_taken_back_in_silence(nights) -> None:
    nights.night({"a": "none"})
    nights.tell(log=LOG)
    run = nights.night({"a": "SAL"})
    nights.night({"a": "SAL", "b": "MQL"})
    nights.tell(log=LOG)
    nights.undo(run)
    nights.tell(log=LOG)
    assert told(nights.lines()) == [("lead.above", "a"), ("lead.above", "b")]


def test_no_night_is_left_out_because_nobody_told_of_it(nights) -> None:
    """Between two tellings lie two runs: a lead that was above in the first alone was above, and fell."""
    nights.night({"a": "none"})
    nights.tell(log=LOG)
    nights.night({"a": "SAL"})
    nights.night({"a": "none"})
    nights.tell(log=LOG)
    assert told(nights.lines()) == [("lead.above", "a"), ("lead.below", "a")]


def test_what_is_old_when_telling_begins_again_is_no_news(nights) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=8)
    nights.night({"a": "none"}, at=long_ago)
    nights.tell(log=LOG)
    nights.night({"a": "SAL"}, at=long_ago)
    nights.night({"a": "SAL", "b": "MQL"})
    nights.tell(log=LOG)
    assert told(nights.lines()) == [("lead.above", "b")]


def test_a_channel_that_fails_stops_no_other_and_catches_up(nights, listener, capsys) -> None:
    sales = {"kind": "webhook", "url": listener.url, "events": EVERY, "retries": 0}
    nights.night({"a": "none", "b": "none"})
    nights.tell(sales=sales, log=LOG)
    nights.night({"a": "SAL", "b": "MQL"})
    listener.answers = [200, 503]
    first = nights.tell(sales=sales, log=LOG)
    assert (first.exit_code, first.sent, first.waits) == (2, {"sales": 1, "log": 2}, {"sales": 1})
    assert "telling.sales: expected that 127.0.0.1" in capsys.readouterr().err.replace("\n", " ")
    second = nights.tell(sales=sales, log=LOG)
    assert (second.exit_code, second.sent) == (0, {"sales": 1})
    assert len(set(listener.ids)) == len(listener.ids) == 2


def test_a_message_that_is_refused_holds_up_no_other_and_is_given_up_some_day(nights, listener) -> None:
    sales = {"kind": "webhook", "url": listener.url, "events": EVERY, "retries": 0}
    nights.night({"a": "none", "b": "none"})
    nights.tell(sales=sales)
    nights.night({"a": "SAL", "b": "MQL"}, at=datetime.now(UTC) - timedelta(hours=2))
    listener.answers = [422]
    refused = nights.tell(sales=sales)
    assert (refused.sent, refused.waits, refused.exit_code) == ({"sales": 1}, {"sales": 1}, 2)
    assert "422" in refused.failed["sales"]
    given_up = nights.tell(sales={**sales, "give_up": "1h"})
    assert (given_up.given_up, given_up.exit_code) == ({"sales": 1}, 0)
    assert nights.tell(sales=sales).sent == {}


def test_a_channel_that_is_new_begins_with_what_comes(nights) -> None:
    nights.night({"a": "none"})
    nights.tell(log=LOG)
    nights.night({"a": "SAL"})
    nights.tell(log=LOG)
    new = {**LOG, "path": "telling/new.jsonl"}
    nights.tell(log=LOG, new=new)
    assert nights.lines("telling/new.jsonl") == []
    nights.night({"a": "none"})
    nights.tell(log=LOG, new=new)
    assert told(nights.lines("telling/new.jsonl")) == [("lead.below", "a")]


def test_without_channels_nothing_is_opened(nights) -> None:
    assert nights.tell().exit_code == 0
    assert not nights.out.exists()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_outbox_lies_beside_the_scores(kind, nights_in, request) -> None:
    nights = nights_in(None if kind == "sqlite" else request.getfixturevalue("postgres_url"))
    nights.night({"a": "none"})
    nights.tell(log=LOG)
    nights.night({"a": "MQL"})
    nights.tell(log=LOG)
    nights.tell(log=LOG)
    assert told(nights.lines()) == [("lead.above", "a")]


def test_every_kind_of_news_has_words() -> None:
    assert {*_WORDS, *(kind for kind in KINDS if kind.startswith("lead."))} == set(KINDS)


def test_who_is_forgotten_is_in_no_table_of_the_outbox_and_no_line(nights) -> None:
    nights.night({"a": "none", "b": "none"})
    waits = {"kind": "webhook", "url": "http://127.0.0.1:9/hook", "events": EVERY, "retries": 0}
    nights.tell(log=LOG, sales=waits)
    nights.night({"a": "SAL", "b": "MQL"})
    nights.tell(log=LOG, sales=waits)
    settings = nights.settings(log=LOG, sales=waits)
    erased = erase_leads(None, nights.out, ["a"]) | erase_told(settings, nights.out, ["a"])
    assert erased == {"scores": 2, "news": 1, "news_deliveries": 2, "telling.log": 1}
    assert rows_about(None, nights.out, ["a"], lambda _, text: text == "a" or '"a"' in text) == {}
    with Telling(settings, nights.out).opened() as outbox:
        [message] = outbox.waiting("sales")
    assert [one.lead_id for one in message.news] == ["b"]
    assert told(nights.lines()) == [("lead.above", "b")]


def test_two_jobs_do_not_tell_at_once(nights, monkeypatch) -> None:
    monkeypatch.setattr(databases, "LOCK_PATIENCE_S", 0.3)
    nights.night({"a": "none"})
    nights.tell(log=LOG)
    nights.night({"a": "SAL"})
    with Telling(nights.settings(log=LOG), nights.out).opened():
        second = nights.tell(log=LOG)
    assert (second.exit_code, nights.lines()) == (2, [])
    assert "another one at work" in second.failed["outbox"]
    nights.tell(log=LOG)
    assert told(nights.lines()) == [("lead.above", "a")]


def test_another_source_or_folder_that_takes_the_list_over_is_no_news(nights, tmp_path) -> None:
    nights.night({"a": "none", "b": "MQL"})
    nights.tell(log=LOG)
    with connected(nights.out) as connection:
        connection.execute(sa.text("UPDATE score_runs SET source = 'another one'"))
    with pytest.raises(InputError, match="another one"):
        nights.night({"a": "SAL"})
    nights.store = ScoreStore(f"sqlite:///{nights.out}/scores.sqlite", takes_over=True)
    nights.night({"a": "SAL"})
    nights.tell(log=LOG)
    assert nights.lines() == []
    nights.night({"a": "none"})
    nights.tell(log=LOG)
    assert told(nights.lines()) == [("lead.below", "a")]


def test_a_run_whose_old_scores_are_pruned_is_no_reason_to_tell_that_everybody_left(nights) -> None:
    first = nights.night({"a": "MQL"})
    nights.tell(log=LOG)
    nights.night({"a": "MQL", "b": "SAL"})
    with connected(nights.out) as connection:
        connection.execute(sa.text("DELETE FROM scores WHERE run_id = :run"), {"run": first})
    nights.tell(log=LOG)
    assert nights.lines() == []
