"""An undo: each record says again what it said before, and what cannot be taken back is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.score.sinks.sink import Undone

LEADS = {"a": 0.6, "b": 0.25, "c": 0.04}


@pytest.fixture
def crm(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/crm.sqlite"


@pytest.fixture
def nights(nights_of: Any, store_url: str, crm: str) -> Any:
    return nights_of(store_url, kind="sql", url=crm, table="lead_scores", create=True)


def test_an_undo_restores_the_state_before_the_run(nights: Any, crm: str, table: Any) -> None:
    columns = ("score", "band", "reasons", "run_id", "as_of")
    nights.night(1, LEADS)
    before = table(crm, columns=columns)
    nights.night(2, {"a": 0.1, "b": 0.25, "d": 0.9})
    taken = nights.undo(2)
    assert (taken.in_force, taken.was_in_force, taken.not_restored) == ("run1", True, ())
    assert table(crm, columns=columns) == before
    nights.undo(1)
    assert table(crm) == {}


def test_after_an_undo_the_run_can_be_sent_again(nights: Any, crm: str, table: Any) -> None:
    nights.night(1, LEADS)
    nights.night(2, LEADS | {"a": 0.1})
    nights.undo(2)
    assert nights.night(2, LEADS | {"a": 0.1}) == 1
    assert table(crm)["a"] == (10, "none")
    nights.undo(2)
    assert table(crm)["a"] == (60, "SAL")


def test_a_record_that_somebody_has_changed_since_is_named_and_left(
    nights: Any, crm: str, table: Any, sql: Any
) -> None:
    nights.night(1, LEADS)
    nights.night(2, LEADS | {"a": 0.1, "b": 0.8})
    sql(crm, "UPDATE lead_scores SET band = 'hot' WHERE lead_id = 'a'")
    taken = nights.undo(2)
    assert taken.not_restored == ("The record of lead a is left as it is: somebody has changed it since.",)
    assert table(crm) == {"a": (10, "hot"), "b": (25, "MQL"), "c": (4, "none")}


def test_what_stood_there_before_the_first_run_comes_back(
    nights_of: Any, store_url: str, crm: str, sql: Any, table: Any
) -> None:
    sql(crm, "CREATE TABLE leads (lead_id TEXT, name TEXT, rating INTEGER)")
    sql(crm, "INSERT INTO leads VALUES ('a', 'Ann', 3), ('b', 'Bo', NULL), ('z', 'Zoe', 1)")
    nights = nights_of(store_url, kind="sql", url=crm, table="leads", fields={"rating": "score"}, insert=False)
    assert nights.night(1, LEADS) == 2
    stands = {"a": ("Ann", 60), "b": ("Bo", 25), "z": ("Zoe", 1)}
    assert table(crm, "leads", ("name", "rating")) == stands  # c has no row there, and gets none
    nights.undo(1)
    assert table(crm, "leads", ("name", "rating")) == {"a": ("Ann", 3), "b": ("Bo", None), "z": ("Zoe", 1)}


def test_a_run_under_a_later_one_is_not_taken_back(nights: Any, crm: str, table: Any) -> None:
    nights.night(1, LEADS)
    nights.night(2, LEADS | {"a": 0.1})
    taken = nights.undo(1)
    assert (taken.in_force, taken.was_in_force) == ("run2", False)
    [sentence] = taken.not_restored
    assert "undo that one first" in sentence
    assert table(crm)["a"] == (10, "none")


def test_a_run_that_was_never_sent_changes_nothing(nights: Any) -> None:
    assert nights.undo(7) == Undone(None, False)


def test_a_second_undo_changes_nothing(nights: Any, crm: str, table: Any) -> None:
    nights.night(1, LEADS)
    nights.night(2, LEADS | {"a": 0.1})
    nights.undo(2)
    assert nights.undo(2) == Undone("run1", False)
    assert table(crm)["a"] == (60, "SAL")


def test_a_run_under_an_undone_one_goes_with_it_where_the_store_has_undone_it_before(
    nights: Any, crm: str, table: Any, sql: Any, store_url: str
) -> None:
    for number, points in ((1, 0.6), (2, 0.7), (3, 0.8)):
        nights.night(number, LEADS | {"a": points})
    nights.undo(2)  # run 3 stands over it; the store marks it all the same
    sql(
        store_url,
        "INSERT INTO score_runs (run_id, model_version, cutoff_version, leads, about, started_at, undone_at) "
        "VALUES ('run2', 'm', 'c', 3, '{}', '2026-06-02', '2026-06-03')",
    )
    assert nights.undo(3).in_force == "run1"
    assert table(crm)["a"] == (60, "SAL")
